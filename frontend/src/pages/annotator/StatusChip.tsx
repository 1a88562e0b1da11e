// Whether the work is saved, in a word.

import { saveState } from "../../state/annotator/save_state";
import { counted } from "../../state/format";
import { Badge } from "../../ui/Badge";
import { useView, useWorkspace } from "./workspace";

export function StatusChip() {
  const { dialog } = useWorkspace();
  const pending = useView((state) => state.pending);
  const asked = useView((state) => state.asked);
  const connection = useView((state) => state.connection);
  const present = saveState({ pending, asked, connection });
  switch (present.kind) {
    case "saved":
      return (
        <span class="status-chip" role="status">
          <Badge icon="check" title="Every change is on the server.">
            Saved
          </Badge>
        </span>
      );
    case "saving":
      return (
        <span class="status-chip" role="status">
          <Badge
            tone="accent"
            title="Changes are on their way to the server, and kept in this browser meanwhile."
          >
            Saving {present.count}…
          </Badge>
        </span>
      );
    case "offline":
      return (
        <span class="status-chip" role="status">
          <Badge
            tone="warning"
            icon="warning"
            title="The server is out of reach. Changes are kept in this browser and sent when it is back."
          >
            {present.count === 0 ? "Offline" : `Offline, ${counted(present.count, "change")} kept here`}
          </Badge>
        </span>
      );
    case "problem":
      return (
        <button
          type="button"
          class="status-chip as-button"
          onClick={() => {
            dialog.value = "problems";
          }}
        >
          <Badge tone="danger" icon="warning">
            {counted(present.count, "change")} not saved: decide
          </Badge>
        </button>
      );
    case "outdated":
      return (
        <button type="button" class="status-chip as-button" onClick={() => window.location.reload()}>
          <Badge tone="warning" icon="refresh" title="Your work is kept in this browser.">
            Graticule was updated: reload
          </Badge>
        </button>
      );
    case "refused":
      return (
        <span class="status-chip" role="alert">
          <Badge tone="danger" icon="lock" title="Sign in again, or ask an owner of the project.">
            {present.count === 0
              ? "No access any more"
              : `No access, ${counted(present.count, "change")} kept here`}
          </Badge>
        </span>
      );
  }
}

// Whether the work is saved, in a word; behind it, in a sentence.

import { type SaveState, saveState } from "../../state/annotator/save_state";
import { counted } from "../../state/format";
import { Badge, type BadgeProps } from "../../ui/Badge";
import { useView, useWorkspace } from "./workspace";

interface Said extends Pick<BadgeProps, "tone" | "icon"> {
  readonly text: string;
  readonly title: string;
  readonly alert?: boolean;
}

export function StatusChip() {
  const { dialog } = useWorkspace();
  const pending = useView((state) => state.pending);
  const asked = useView((state) => state.asked);
  const connection = useView((state) => state.connection);
  const keeping = useView((state) => state.keeping);
  const present = saveState({ pending, asked, connection, keeping });
  const { text, title, alert = false, ...look } = said(present);
  const badge = (
    <Badge {...look} title={title}>
      {text}
    </Badge>
  );
  const act = {
    problem: () => {
      dialog.value = "problems";
    },
    outdated: () => window.location.reload(),
  };
  if (present.kind === "problem" || present.kind === "outdated") {
    return (
      <button type="button" class="status-chip as-button" onClick={act[present.kind]}>
        {badge}
      </button>
    );
  }
  return (
    <span class="status-chip" role={alert ? "alert" : "status"}>
      {badge}
    </span>
  );
}

function said(present: SaveState): Said {
  switch (present.kind) {
    case "saved":
      return { icon: "check", text: "Saved", title: "Every change is on the server." };
    case "saving":
      return {
        tone: "accent",
        text: `Saving ${present.count}…`,
        title: "Changes are on their way to the server, and kept in this browser meanwhile.",
      };
    case "offline":
      return {
        tone: "warning",
        icon: "warning",
        text: present.count === 0 ? "Offline" : `Offline, ${counted(present.count, "change")} kept here`,
        title:
          "The server is out of reach. Changes are kept in this browser, also when you close it, and sent when the server is back.",
      };
    case "unkept":
      return {
        tone: "danger",
        icon: "warning",
        text: `${counted(present.count, "change")} only in this tab: stay`,
        title:
          "This browser's storage is full or switched off. The changes are sent as soon as the server takes them; until then they are lost if this tab is closed. Free some space on the disk, or allow this site to store data.",
        alert: true,
      };
    case "problem":
      return {
        tone: "danger",
        icon: "warning",
        text: `${counted(present.count, "change")} not saved: decide`,
        title: "Somebody else changed the same objects first. Yours are kept here until you decide.",
      };
    case "elsewhere":
      return {
        tone: "warning",
        icon: "warning",
        text: `Another tab of yours: ${counted(present.count, "change")} not sent`,
        title:
          "Everything of this tab is on the server. Another tab of yours has this series open and sends its changes itself.",
      };
    case "outdated":
      return {
        tone: "warning",
        icon: "refresh",
        text: "Graticule was updated: reload",
        title:
          present.count === 0
            ? "Everything is on the server."
            : `${counted(present.count, "change")} kept in this browser, and sent after the reload.`,
      };
    case "refused":
      return {
        tone: "danger",
        icon: "lock",
        text:
          present.count === 0
            ? "No access any more"
            : `No access, ${counted(present.count, "change")} kept here`,
        title: "Sign in again, or ask an owner of the project.",
        alert: true,
      };
  }
}

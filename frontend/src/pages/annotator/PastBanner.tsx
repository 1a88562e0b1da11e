// Says that an older version is on screen, and leads back, to a comparison with now, or to restoring it.

import { isLoaded } from "../../state/annotator/view";
import { mayAs } from "../../state/projects/store";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { useView, useWorkspace } from "./workspace";

export function PastBanner() {
  const { dispatch, dialog } = useWorkspace();
  const version = useView((state) => state.past?.version ?? null);
  const comparing = useView((state) => state.difference !== null);
  const head = useView((state) => state.serverHead);
  const loaded = useView((state) => isLoaded(state, state.frame));
  const role = useView((state) => state.role);
  if (version === null || comparing) return null;
  return (
    <div class="past-banner" role="status">
      {loaded ? <Icon name="clock" /> : <span class="spinner" />}
      <span>
        Viewing version <strong class="number">{version}</strong> of <span class="number">{head}</span>,
        read-only
      </span>
      <Button onClick={() => dispatch({ type: "difference/open", from: version, to: head })}>
        Compare with now
      </Button>
      {mayAs(role, "annotator") && (
        <Button
          onClick={() => {
            dialog.value = "restore";
          }}
        >
          Restore this version…
        </Button>
      )}
      <Button tone="primary" onClick={() => dispatch({ type: "past/close" })}>
        Back to now
      </Button>
    </div>
  );
}

// Says that an older version is on screen, and leads back. Restoring makes a new version: nothing is lost by it.

import { isLoaded } from "../../state/annotator/view";
import { mayAs } from "../../state/projects/store";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { Menu } from "../../ui/Menu";
import { showToast } from "../../ui/Toast";
import { useView, useWorkspace } from "./workspace";

export function PastBanner() {
  const { dispatch, session } = useWorkspace();
  const version = useView((state) => state.past?.version ?? null);
  const head = useView((state) => state.serverHead);
  const frame = useView((state) => state.frame);
  const loaded = useView((state) => isLoaded(state, state.frame));
  const role = useView((state) => state.role);
  const { busy, error, run } = useAction();
  if (version === null) return null;
  const restore = async (only: number | null) => {
    if (await run(() => session.restore(version, only))) {
      showToast("success", `Version ${version} is restored as a new version.`);
    } else {
      showToast("danger", error.value?.message ?? "The version could not be restored.");
    }
  };
  return (
    <div class="past-banner" role="status">
      {loaded && !busy.value ? <Icon name="clock" /> : <span class="spinner" />}
      <span>
        Viewing version <strong class="number">{version}</strong> of <span class="number">{head}</span>,
        read-only
      </span>
      {mayAs(role, "annotator") && (
        <Menu
          label="Restore this version"
          buttonClass="button"
          align="start"
          entries={[
            { label: "The whole series", icon: "layers", onChoose: () => void restore(null) },
            { label: "This frame only", icon: "image", onChoose: () => void restore(frame) },
          ]}
        >
          Restore this version <Icon name="chevron-down" size={12} />
        </Menu>
      )}
      <Button tone="primary" onClick={() => dispatch({ type: "past/close" })}>
        Back to now
      </Button>
    </div>
  );
}

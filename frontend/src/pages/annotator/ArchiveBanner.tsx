// Says that the series is in the archive, and lets managers restore it.

import { mayAs } from "../../state/projects/store";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { showToast } from "../../ui/Toast";
import { useView, useWorkspace } from "./workspace";

export function ArchiveBanner() {
  const { session } = useWorkspace();
  const archived = useView((state) => state.archived && state.past === null);
  const role = useView((state) => state.role);
  const { busy, error, run } = useAction();
  if (!archived) return null;
  const restore = async () => {
    if (await run(session.unarchive))
      showToast("success", "The series is restored: it can be annotated again.");
    else showToast("danger", error.value?.message ?? "The series could not be restored.");
  };
  return (
    <div class="past-banner" role="status">
      <Icon name="archive" />
      <span>In the archive: it is seen and exported, and nothing changes</span>
      {mayAs(role, "manager") && (
        <Button tone="primary" busy={busy.value} onClick={restore}>
          Restore
        </Button>
      )}
    </div>
  );
}

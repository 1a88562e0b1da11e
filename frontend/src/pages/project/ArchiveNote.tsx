// Says that a project is in the archive, and lets managers restore it.

import type { Project } from "../../protocol/rest";
import { timeAgo } from "../../state/format";
import { restoreProject } from "../../state/projects/effects";
import { mayAs } from "../../state/projects/store";
import { useAction } from "../../ui/action";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { showToast } from "../../ui/Toast";
import "../lists/lists.css";

export function ArchiveNote({ project }: { project: Project }) {
  const { busy, error, run } = useAction();
  const { archived_at, archived_by } = project;
  if (archived_at === null) return null;
  const restore = async () => {
    if (await run(() => restoreProject(project.id))) showToast("success", `${project.name} is restored.`);
    else showToast("danger", error.value?.message ?? "The project could not be restored.");
  };
  return (
    <div class="archive-note" role="status">
      <Icon name="archive" />
      <span>
        This project is in the archive: it is seen and exported, and nothing in it changes. Archived{" "}
        {timeAgo(archived_at, Date.now())}
        {archived_by !== null && <> by {archived_by.name}</>}.
      </span>
      {mayAs(project.role, "manager") && (
        <Button icon="undo" busy={busy.value} onClick={restore}>
          Restore project
        </Button>
      )}
    </div>
  );
}

// One project: the first series' image, what it holds, and one's role in it.

import { useEffect } from "preact/hooks";
import { thumbnailUrl } from "../../protocol/addresses";
import type { ProjectSummary } from "../../protocol/rest";
import { counted, timeAgo } from "../../state/format";
import { loadCover } from "../../state/projects/effects";
import { covers } from "../../state/projects/store";
import { Badge } from "../../ui/Badge";
import { Icon } from "../../ui/icons";
import { routePath } from "../../ui/router";

export function ProjectCard({ project }: { project: ProjectSummary }) {
  const cover = covers.value.get(project.id);
  useEffect(() => {
    void loadCover(project);
  }, [project]);
  return (
    <li class="card">
      <div class="card-image">
        {cover ? <img src={thumbnailUrl(cover.id)} alt="" loading="lazy" /> : <Icon name="image" size={28} />}
      </div>
      <div class="card-body">
        <div class="card-head">
          <a class="card-link" href={routePath({ page: "project", project: project.id, tab: "series" })}>
            {project.name}
          </a>
          <Badge>{project.role}</Badge>
        </div>
        {project.description !== "" && <p class="muted clamped">{project.description}</p>}
        <div class="card-foot">
          <span>{counted(project.series_count, "series", "series")}</span>
          <time dateTime={project.created_at}>created {timeAgo(project.created_at, Date.now())}</time>
        </div>
      </div>
    </li>
  );
}

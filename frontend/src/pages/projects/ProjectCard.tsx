// One project: a picture of its first series, what it holds, how far it is, and one's role in it.

import { thumbnailUrl } from "../../protocol/addresses";
import type { ProjectSummary } from "../../protocol/rest";
import { counted } from "../../state/format";
import { Badge } from "../../ui/Badge";
import { Icon } from "../../ui/icons";
import { routePath } from "../../ui/router";
import { LastChange } from "../lists/LastChange";
import { Progress, Waiting } from "../lists/Progress";

export function ProjectCard({ project }: { project: ProjectSummary }) {
  return (
    <li class="card">
      <div class="card-image">
        {project.cover !== null ? (
          <img src={thumbnailUrl(project.cover)} alt="" loading="lazy" decoding="async" />
        ) : (
          <Icon name="image" size={28} />
        )}
      </div>
      <div class="card-body">
        <div class="card-head">
          <a class="card-link" href={routePath({ page: "project", project: project.id, tab: "series" })}>
            {project.name}
          </a>
          <Badge>{project.role}</Badge>
        </div>
        {project.description !== "" && <p class="muted clamped">{project.description}</p>}
        <div class="badges">
          <Badge icon="film">{counted(project.series_count, "series", "series")}</Badge>
          <Badge icon="users">{counted(project.member_count, "member")}</Badge>
          <Waiting proposals={project.proposals} />
        </div>
        {project.frames > 0 && (
          <div class="card-foot">
            <Progress of={project} />
          </div>
        )}
        <LastChange of={project} made="made" />
      </div>
    </li>
  );
}

// One architecture: its usual weights and its versions, a line each.

import type { ModelVersion, ProjectModel } from "../../../protocol/models";
import type { Project } from "../../../protocol/rest";
import { weightCount } from "../../../state/models/store";
import { Badge } from "../../../ui/Badge";
import { routePath } from "../../../ui/router";
import { ScoreBar } from "./ScoreBar";

export interface ModelGroupProps {
  project: Project;
  model: ProjectModel;
  versions: readonly ModelVersion[];
  shown: string | undefined;
}

export function ModelGroup({ project, model, versions, shown }: ModelGroupProps) {
  const href = (version: string) =>
    routePath({ page: "models", project: project.id, place: { part: "list", version } });
  const current = (id: string) => (id === shown ? ({ "aria-current": "true" } as const) : {});
  return (
    <li class="panel model-group">
      <a class="model-line usual" href={href(model.name)} {...current(model.name)}>
        <span class="model-name">
          <strong>{model.title}</strong>
          <span class="muted">{aboutUsual(model)}</span>
        </span>
        <span class="model-badges">
          {model.promptable && <Badge title="Answers clicks and boxes in the annotator">clicks</Badge>}
          {model.trainable && <Badge title="Can be trained on this project">trainable</Badge>}
          {!model.available && (
            <Badge tone="warning" icon="warning" title={model.reason}>
              no weights
            </Badge>
          )}
        </span>
      </a>
      {versions.map((version) => (
        <a key={version.id} class="model-line version" href={href(version.id)} {...current(version.id)}>
          <span class="model-name">
            <span>
              <strong>{version.name}</strong> <span class="muted number">v{version.number}</span>
            </span>
            <span class="muted">{aboutVersion(version)}</span>
          </span>
          <span class="model-badges">
            {version.archived && <Badge>archived</Badge>}
            {!version.available && (
              <Badge tone="warning" icon="warning" title="Its file is not on the server any more.">
                unavailable
              </Badge>
            )}
            {typeof version.scores["iou"] === "number" && (
              <ScoreBar name="IoU" value={version.scores["iou"]} />
            )}
          </span>
        </a>
      ))}
    </li>
  );
}

function aboutUsual(model: ProjectModel): string {
  const count = weightCount(model.bundled?.metadata);
  const weights = count === null ? "" : `${count.toLocaleString("en")} parameters`;
  const source =
    model.bundled !== null
      ? "usual weights"
      : model.available
        ? model.trainable
          ? "chooses its settings from each frame"
          : "made of other models with their usual weights"
        : model.trainable
          ? "train or upload a version"
          : "upload a version";
  return [source, weights].filter((part) => part !== "").join(" · ");
}

function aboutVersion({ origin, provenance, created_by }: ModelVersion): string {
  if (origin === "uploaded") return `uploaded by ${created_by.name}`;
  const frames = provenance.frames?.training;
  return `trained${frames === undefined ? "" : ` on ${frames} frames`} by ${created_by.name}`;
}

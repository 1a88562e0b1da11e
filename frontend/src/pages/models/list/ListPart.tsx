// Every model and every version of the project; one of them in detail beside the list.

import { useSignal } from "@preact/signals";
import type { Catalogue, ModelVersion, ProjectModel } from "../../../protocol/models";
import type { Project } from "../../../protocol/rest";
import { mayAs } from "../../../state/projects/store";
import { Checkbox } from "../../../ui/Checkbox";
import { droppedFiles } from "../../../ui/dropped";
import { Icon } from "../../../ui/icons";
import { UsualDetail, VersionDetail } from "./Detail";
import { ModelGroup } from "./ModelGroup";
import { UploadButton, UploadList, useUploads } from "./Uploads";

export interface ListPartProps {
  project: Project;
  catalogue: Catalogue;
  /** A version's id or a model's name; undefined: none is chosen. */
  shown: string | undefined;
}

export function ListPart({ project, catalogue, shown: asked }: ListPartProps) {
  const shown = asked ?? firstShown(catalogue);
  const withArchived = useSignal(false);
  const dragging = useSignal(0);
  const uploads = useUploads(project.id);
  const mayUpload = mayAs(project.role, "annotator");
  const archived = catalogue.versions.filter((version) => version.archived).length;
  const carriesFiles = (event: DragEvent) =>
    mayUpload && event.dataTransfer?.types.includes("Files") === true;
  const drop = async (event: DragEvent) => {
    if (!carriesFiles(event) || event.dataTransfer === null) return;
    event.preventDefault();
    dragging.value = 0;
    uploads.add(await droppedFiles(event.dataTransfer));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a short cut for the button
    <div
      class="drop-area"
      onDragEnter={(event) => {
        if (carriesFiles(event)) dragging.value += 1;
      }}
      onDragLeave={() => {
        dragging.value = Math.max(0, dragging.value - 1);
      }}
      onDragOver={(event) => {
        if (carriesFiles(event)) event.preventDefault();
      }}
      onDrop={drop}
    >
      <div class="page-head">
        <div>
          <h2>All models</h2>
          <p class="muted">
            What can segment this project's series: usual weights, and the versions trained or uploaded here.
          </p>
        </div>
        <div class="head-actions">
          {archived > 0 && (
            <Checkbox
              label={`Show archived (${archived})`}
              checked={withArchived.value}
              onValue={(checked) => {
                withArchived.value = checked;
              }}
            />
          )}
          {mayUpload && <UploadButton onFiles={uploads.add} />}
        </div>
      </div>
      <UploadList project={project.id} uploads={uploads} />
      <div class="models-columns">
        <ul class="model-groups" aria-label="Models">
          {catalogue.models.map((model) => (
            <ModelGroup
              key={model.name}
              project={project}
              model={model}
              versions={versionsOf(catalogue, model, withArchived.value, shown)}
              shown={shown}
            />
          ))}
        </ul>
        <Detail project={project} catalogue={catalogue} shown={shown} />
      </div>
      {dragging.value > 0 && (
        <div class="drop-hint">
          <Icon name="upload" size={28} />
          Drop a checkpoint to add it to {project.name}
        </div>
      )}
    </div>
  );
}

/** Newest first; an archived one whose address was opened is always there. */
function versionsOf(
  { versions }: Catalogue,
  model: ProjectModel,
  withArchived: boolean,
  shown: string | undefined,
): ModelVersion[] {
  return versions
    .filter((one) => one.model === model.name && (withArchived || !one.archived || one.id === shown))
    .sort((one, other) => other.number - one.number);
}

/** Without a choice: the newest version, else the first model that can be used. */
function firstShown({ models, versions }: Catalogue): string | undefined {
  const newest = versions
    .filter((one) => !one.archived)
    .reduce<ModelVersion | undefined>(
      (best, one) => (best === undefined || one.created_at > best.created_at ? one : best),
      undefined,
    );
  return newest?.id ?? (models.find((one) => one.available) ?? models[0])?.name;
}

function Detail({ project, catalogue, shown }: ListPartProps) {
  const version = catalogue.versions.find((one) => one.id === shown);
  const model = catalogue.models.find((one) => one.name === shown);
  if (version !== undefined) return <VersionDetail key={version.id} project={project} version={version} />;
  if (model !== undefined) return <UsualDetail key={model.name} project={project} model={model} />;
  return (
    <aside class="panel model-detail nothing">
      <p class="muted">There is no such model in this project. Choose another one.</p>
    </aside>
  );
}

// The project's series; files dropped anywhere on it are imported.

import { useSignal } from "@preact/signals";
import type { Project } from "../../protocol/rest";
import { imports } from "../../state/imports/store";
import { mayChange } from "../../state/projects/store";
import { Button } from "../../ui/Button";
import { droppedFiles } from "../../ui/dropped";
import { EmptyState } from "../../ui/EmptyState";
import { Icon } from "../../ui/icons";
import { ImportDialog } from "./ImportDialog";
import { ImportList } from "./ImportList";
import { SeriesList } from "./SeriesList";

export function SeriesTab({ project }: { project: Project }) {
  const importing = useSignal<readonly File[] | null>(null);
  const dragging = useSignal(0);
  const mayImport = mayChange(project, "annotator");
  const importsHere = imports.value.some((task) => task.project === project.id);
  const choose = () => {
    importing.value = [];
  };
  const carriesFiles = (event: DragEvent) =>
    mayImport && event.dataTransfer?.types.includes("Files") === true;
  const drop = async (event: DragEvent) => {
    if (!carriesFiles(event) || event.dataTransfer === null) return;
    event.preventDefault();
    dragging.value = 0;
    importing.value = await droppedFiles(event.dataTransfer);
  };
  const importButton = (
    <Button icon="upload" tone="primary" onClick={choose}>
      Import series
    </Button>
  );
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
        <h2>Series</h2>
        {mayImport && importButton}
      </div>
      <ImportList project={project.id} />
      <SeriesList
        project={project}
        empty={
          !importsHere && (
            <EmptyState icon="film" title="No series yet" {...(mayImport ? { action: importButton } : {})}>
              {mayImport
                ? "Drop images, a zip of frames, a TIFF stack or a video here. Frames become one series in the order of their names."
                : "Somebody with the role annotator can import images."}
            </EmptyState>
          )
        }
      />
      {dragging.value > 0 && importing.value === null && (
        <div class="drop-hint">
          <Icon name="upload" size={28} />
          Drop to import into {project.name}
        </div>
      )}
      {importing.value !== null && (
        <ImportDialog
          project={project.id}
          files={importing.value}
          onClose={() => {
            importing.value = null;
          }}
        />
      )}
    </div>
  );
}

// The person's projects.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { loadProjects } from "../../state/projects/effects";
import { projects } from "../../state/projects/store";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorNote } from "../../ui/ErrorNote";
import { TopBar } from "../TopBar";
import { NewProjectDialog } from "./NewProjectDialog";
import { ProjectCard } from "./ProjectCard";

export function ProjectsPage() {
  const creates = useSignal(false);
  useEffect(() => {
    document.title = "Projects · Graticule";
    void loadProjects();
  }, []);
  const open = () => {
    creates.value = true;
  };
  const present = projects.value;
  return (
    <>
      <TopBar crumbs={[{ label: "Projects" }]} />
      <main class="page">
        <div class="page-head">
          <h1>Projects</h1>
          <Button icon="plus" tone="primary" onClick={open}>
            New project
          </Button>
        </div>
        {present.status === "failed" && (
          <ErrorNote
            message={present.error.message}
            action={<Button onClick={loadProjects}>Try again</Button>}
          />
        )}
        {present.status === "ready" && present.value.length === 0 && (
          <EmptyState
            icon="folder"
            title="No projects yet"
            action={
              <Button icon="plus" tone="primary" onClick={open}>
                New project
              </Button>
            }
          >
            A project holds image series that are annotated with the same phases, by the same people. Make
            one, or ask a colleague to add you to theirs.
          </EmptyState>
        )}
        {present.status === "ready" && present.value.length > 0 && (
          <ul class="card-grid">
            {present.value.map((project) => (
              <ProjectCard key={project.id} project={project} />
            ))}
          </ul>
        )}
      </main>
      {creates.value && (
        <NewProjectDialog
          onClose={() => {
            creates.value = false;
          }}
        />
      )}
    </>
  );
}

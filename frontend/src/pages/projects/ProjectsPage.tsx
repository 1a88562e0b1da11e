// The person's projects.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { loadArchivedProjects, loadProjects } from "../../state/projects/effects";
import { everything, type Listing, listed, matches } from "../../state/projects/listing";
import { archivedProjects, projects } from "../../state/projects/store";
import { readyValue } from "../../state/remote";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorNote } from "../../ui/ErrorNote";
import { CardGrid } from "../lists/CardGrid";
import { ListTools } from "../lists/ListTools";
import { TopBar } from "../TopBar";
import { NewProjectDialog } from "./NewProjectDialog";
import { ProjectCard } from "./ProjectCard";

export function ProjectsPage() {
  const creates = useSignal(false);
  const listing = useSignal<Listing>(everything);
  const archive = listing.value.narrowing === "archived";
  useEffect(() => {
    document.title = "Projects · Graticule";
    void loadProjects();
  }, []);
  useEffect(() => {
    if (archive) void loadArchivedProjects();
  }, [archive]);
  const open = () => {
    creates.value = true;
  };
  const newProject = (
    <Button icon="plus" tone="primary" onClick={open}>
      New project
    </Button>
  );
  const present = archive ? archivedProjects.value : projects.value;
  const all = readyValue(projects.value) ?? [];
  const shown = listed(readyValue(present) ?? [], listing.value);
  return (
    <>
      <TopBar crumbs={[{ label: "Projects" }]} />
      <main class="page">
        <div class="page-head">
          <h1>Projects</h1>
          {newProject}
        </div>
        {projects.value.status === "ready" && (
          <ListTools
            what="projects"
            listing={listing}
            counts={{
              all: all.length,
              proposals: all.filter((one) => matches(one, "proposals")).length,
              untouched: all.filter((one) => matches(one, "untouched")).length,
              archived: readyValue(archivedProjects.value)?.length,
            }}
          />
        )}
        {present.status === "failed" && (
          <ErrorNote
            message={present.error.message}
            action={<Button onClick={archive ? loadArchivedProjects : loadProjects}>Try again</Button>}
          />
        )}
        {shown.length > 0 && (
          <CardGrid label="Projects">
            {shown.map((project) => (
              <ProjectCard key={project.id} project={project} />
            ))}
          </CardGrid>
        )}
        {present.status === "ready" && shown.length === 0 && (
          <Nothing
            total={present.value.length}
            listing={listing.value}
            action={newProject}
            onAll={() => {
              listing.value = { ...everything, order: listing.value.order };
            }}
          />
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

interface NothingProps {
  total: number;
  listing: Listing;
  action: preact.JSX.Element;
  onAll: () => void;
}

function Nothing({ total, listing, action, onAll }: NothingProps) {
  if (listing.narrowing === "archived" && total === 0) {
    return (
      <EmptyState icon="archive" title="The archive is empty">
        A project is archived in its settings. It can still be seen and exported, and comes back with a click.
      </EmptyState>
    );
  }
  if (total === 0) {
    return (
      <EmptyState icon="folder" title="No projects yet" action={action}>
        A project holds image series that are annotated with the same phases, by the same people. Make one, or
        ask a colleague to add you to theirs.
      </EmptyState>
    );
  }
  return (
    <EmptyState icon="search" title="No project matches" action={<Button onClick={onAll}>Show all</Button>}>
      {listing.search === "" ? "None is in this state." : `No name here has “${listing.search}” in it.`}
    </EmptyState>
  );
}

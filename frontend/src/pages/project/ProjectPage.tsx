// One project: its series, models, jobs, phases, members and settings.

import { useEffect } from "preact/hooks";
import type { Project } from "../../protocol/rest";
import { openProject } from "../../state/projects/effects";
import { mayAs, project as openedProject, series } from "../../state/projects/store";
import { readyValue } from "../../state/remote";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { lazy } from "../../ui/lazy";
import { type ModelsPlace, type ProjectTab, routePath } from "../../ui/router";
import { Tabs } from "../../ui/Tabs";
import { TopBar } from "../TopBar";
import { ArchiveNote } from "./ArchiveNote";
import { JobsTab } from "./JobsTab";
import { MembersTab } from "./MembersTab";
import { PhasesTab } from "./PhasesTab";
import { SeriesTab } from "./SeriesTab";
import { SettingsTab } from "./SettingsTab";
import "./project.css";

const ModelsPage = lazy(() => import("../models/ModelsPage").then((page) => page.ModelsPage));

export interface ProjectPageProps {
  id: string;
  tab: ProjectTab | "models";
  /** Where in its models; null in every other tab. */
  place: ModelsPlace | null;
}

export function ProjectPage({ id, tab, place }: ProjectPageProps) {
  useEffect(() => {
    void openProject(id);
  }, [id]);
  const present = openedProject.value;
  const name = readyValue(present)?.name;
  useEffect(() => {
    document.title = name === undefined ? "Graticule" : `${name} · Graticule`;
  }, [name]);
  return (
    <>
      <TopBar crumbs={[{ label: "Projects", href: "/" }, { label: name ?? "…" }]} />
      {present.status === "failed" && (
        <main class="page-message">
          <EmptyState
            icon={present.error.status === 404 ? "search" : "warning"}
            title={
              present.error.status === 404 ? "There is no such project" : "The project could not be loaded"
            }
            action={<Button onClick={() => openProject(id)}>Try again</Button>}
          >
            {present.error.status === 404
              ? "It was deleted, or you are not a member of it. A manager of the project can add you."
              : present.error.message}
          </EmptyState>
        </main>
      )}
      {present.status === "ready" && <Opened project={present.value} tab={tab} place={place} />}
    </>
  );
}

interface OpenedProps extends Omit<ProjectPageProps, "id"> {
  project: Project;
}

function Opened({ project, tab, place }: OpenedProps) {
  const href = (name: ProjectTab) => routePath({ page: "project", project: project.id, tab: name });
  const models = routePath({
    page: "models",
    project: project.id,
    place: { part: "list", version: undefined },
  });
  return (
    <>
      <div class="project-head">
        <h1>{project.name}</h1>
        {project.description !== "" && <p class="muted clamped">{project.description}</p>}
        <Tabs
          label="Parts of the project"
          current={tab === "models" ? models : href(tab)}
          tabs={[
            { href: href("series"), label: "Series", count: readyValue(series.value)?.length },
            { href: models, label: "Models" },
            { href: href("phases"), label: "Phases", count: project.phases.length },
            { href: href("members"), label: "Members", count: project.members.length },
            { href: href("jobs"), label: "Jobs" },
            ...(mayAs(project.role, "manager") ? [{ href: href("settings"), label: "Settings" }] : []),
          ]}
        />
      </div>
      <main class="page">
        <ArchiveNote project={project} />
        {tab === "models" && place !== null ? (
          <ModelsPage project={asAllowed(project)} place={place} />
        ) : (
          <Part project={project} tab={tab} />
        )}
      </main>
    </>
  );
}

/** In the archive everybody looks only, whatever their role. */
const asAllowed = (project: Project): Project =>
  project.archived_at === null ? project : { ...project, role: "viewer" };

function Part({ project, tab }: { project: Project; tab: ProjectTab | "models" }) {
  switch (tab) {
    case "series":
      return <SeriesTab project={project} />;
    case "jobs":
      return <JobsTab project={project} />;
    case "phases":
      return <PhasesTab project={project} />;
    case "members":
      return <MembersTab project={project} />;
    case "settings":
      return <SettingsTab project={project} />;
    case "models":
      return null;
  }
}

// One project: its series, jobs, phases, members and settings.

import { useEffect } from "preact/hooks";
import type { Project } from "../../protocol/rest";
import { openProject } from "../../state/projects/effects";
import { mayAs, project as openedProject, series } from "../../state/projects/store";
import { readyValue } from "../../state/remote";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { type ProjectTab, routePath } from "../../ui/router";
import { Tabs } from "../../ui/Tabs";
import { TopBar } from "../TopBar";
import { JobsTab } from "./JobsTab";
import { MembersTab } from "./MembersTab";
import { PhasesTab } from "./PhasesTab";
import { SeriesTab } from "./SeriesTab";
import { SettingsTab } from "./SettingsTab";
import "./project.css";

export function ProjectPage({ id, tab }: { id: string; tab: ProjectTab }) {
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
      {present.status === "ready" && <Opened project={present.value} tab={tab} />}
    </>
  );
}

function Opened({ project, tab }: { project: Project; tab: ProjectTab }) {
  const href = (name: ProjectTab) => routePath({ page: "project", project: project.id, tab: name });
  return (
    <>
      <div class="project-head">
        <h1>{project.name}</h1>
        {project.description !== "" && <p class="muted clamped">{project.description}</p>}
        <Tabs
          label="Parts of the project"
          current={href(tab)}
          tabs={[
            { href: href("series"), label: "Series", count: readyValue(series.value)?.length },
            { href: href("phases"), label: "Phases", count: project.phases.length },
            { href: href("members"), label: "Members", count: project.members.length },
            { href: href("jobs"), label: "Jobs" },
            ...(mayAs(project.role, "manager") ? [{ href: href("settings"), label: "Settings" }] : []),
          ]}
        />
      </div>
      <main class="page">
        <Part project={project} tab={tab} />
      </main>
    </>
  );
}

function Part({ project, tab }: { project: Project; tab: ProjectTab }) {
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
  }
}

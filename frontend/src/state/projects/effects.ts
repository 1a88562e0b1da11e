// Loads and changes projects, their phases, members and series. Failures of changes are thrown to the caller.

import * as api from "../../protocol/api";
import type { Phase, PhaseValues, Project, Role, Series } from "../../protocol/rest";
import { failed, loading, mapReady, ready, readyValue } from "../remote";
import { archivedProjects, archivedSeries, mayAs, project, projects, series } from "./store";

export async function loadProjects(): Promise<void> {
  try {
    projects.value = ready(await api.listProjects());
  } catch (cause) {
    if (projects.value.status !== "ready") projects.value = failed(cause);
  }
}

/** A series of the person's, of the oldest project in which they may annotate; null: there is none. */
export async function seriesToAnnotate(): Promise<string | null> {
  const all = await api.listProjects();
  return all.find((one) => one.cover !== null && mayAs(one.role, "annotator"))?.cover ?? null;
}

export async function loadArchivedProjects(): Promise<void> {
  archivedProjects.value = await api.listProjects(true).then(ready, failed);
}

export const createProject = (name: string, description: string) => api.createProject(name, description);

/** The project whose answers are still wanted: a slow answer for another one is dropped. */
let opened: string | undefined;

export async function openProject(id: string): Promise<void> {
  if (opened !== id) {
    project.value = loading;
    series.value = loading;
    archivedSeries.value = loading;
  }
  opened = id;
  await Promise.all([loadProject(id), loadSeries(id)]);
}

async function loadProject(id: string): Promise<void> {
  const answer = await api.getProject(id).then(ready, failed);
  if (opened === id) project.value = answer;
}

export async function loadSeries(id: string): Promise<void> {
  const answer = await api.listSeries(id).then(ready, failed);
  if (opened !== id) return;
  if (answer.status === "ready" || series.value.status !== "ready") series.value = answer;
}

export async function loadArchivedSeries(id: string): Promise<void> {
  const answer = await api.listArchivedSeries(id).then(ready, failed);
  if (opened === id) archivedSeries.value = answer;
}

export async function updateProject(
  id: string,
  values: { name?: string; description?: string },
): Promise<void> {
  const changed = await api.updateProject(id, values);
  change(id, () => changed);
}

export async function deleteProject(id: string): Promise<void> {
  await api.deleteProject(id);
  opened = undefined;
  project.value = loading;
  projects.value = mapReady(projects.value, (all) => all.filter((one) => one.id !== id));
  archivedProjects.value = mapReady(archivedProjects.value, (all) => all.filter((one) => one.id !== id));
}

export async function archiveProject(id: string): Promise<void> {
  const changed = await api.archiveProject(id);
  change(id, () => changed);
}

export async function restoreProject(id: string): Promise<void> {
  const changed = await api.restoreProject(id);
  change(id, () => changed);
}

export async function renameSeries(id: string, name: string): Promise<void> {
  const renamed = await api.renameSeries(id, name);
  series.value = mapReady(series.value, (all) => all.map((one) => (one.id === id ? renamed : one)));
}

export async function archiveSeries(id: string): Promise<void> {
  const archived = await api.archiveSeries(id);
  series.value = mapReady(series.value, (all) => all.filter((one) => one.id !== id));
  archivedSeries.value = mapReady(archivedSeries.value, (all) => [
    ...all.filter((one) => one.id !== id),
    archived,
  ]);
}

export async function restoreSeries(id: string): Promise<Series> {
  const restored = await api.restoreSeries(id);
  archivedSeries.value = mapReady(archivedSeries.value, (all) => all.filter((one) => one.id !== id));
  series.value = mapReady(series.value, (all) => [...all.filter((one) => one.id !== id), restored]);
  return restored;
}

/** From the archive. */
export async function deleteSeries(id: string): Promise<void> {
  await api.deleteSeries(id);
  archivedSeries.value = mapReady(archivedSeries.value, (all) => all.filter((one) => one.id !== id));
}

export async function createPhase(id: string, values: PhaseValues): Promise<void> {
  const created = await api.createPhase(id, values);
  changePhases(id, (phases) => [...phases, created]);
}

export async function updatePhase(id: string, phase: string, values: PhaseValues): Promise<void> {
  const changed = await api.updatePhase(id, phase, values);
  changePhases(id, (phases) => phases.map((one) => (one.id === phase ? changed : one)));
}

export async function deletePhase(id: string, phase: string): Promise<void> {
  await api.deletePhase(id, phase);
  changePhases(id, (phases) => phases.filter((one) => one.id !== phase));
}

/** Moves a phase up (-1) or down (+1) by numbering those that change place. */
export async function movePhase(id: string, phase: string, step: -1 | 1): Promise<void> {
  const phases = readyValue(project.value)?.phases ?? [];
  const from = phases.findIndex((one) => one.id === phase);
  const moved = phases.filter((one) => one.id !== phase);
  const itself = phases[from];
  if (itself === undefined || from + step < 0 || from + step >= phases.length) return;
  moved.splice(from + step, 0, itself);
  for (const [order, one] of moved.entries()) {
    if (one.order !== order) await updatePhase(id, one.id, { order });
  }
  changePhases(id, (all) => [...all].sort((first, second) => first.order - second.order));
}

export async function addMember(id: string, username: string, role: Role): Promise<void> {
  const member = await api.addMember(id, username, role);
  change(id, (present) => ({ ...present, members: [...present.members, member] }));
}

export async function updateMember(id: string, user: number, role: Role): Promise<void> {
  const changed = await api.updateMember(id, user, role);
  change(id, (present) => ({
    ...present,
    members: present.members.map((one) => (one.user.id === user ? changed : one)),
  }));
}

export async function removeMember(id: string, user: number): Promise<void> {
  await api.removeMember(id, user);
  change(id, (present) => ({ ...present, members: present.members.filter((one) => one.user.id !== user) }));
}

function change(id: string, make: (present: Project) => Project): void {
  if (opened === id) project.value = mapReady(project.value, make);
}

function changePhases(id: string, make: (phases: Phase[]) => Phase[]): void {
  change(id, (present) => ({ ...present, phases: make(present.phases) }));
}

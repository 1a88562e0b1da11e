// Loads and changes a project's models; starts and follows trainings and comparisons. Failures are thrown to the caller.

import * as api from "../../protocol/api";
import { asApiError } from "../../protocol/errors";
import type { MaskRle } from "../../protocol/messages";
import type {
  Comparison,
  ComparisonRequest,
  ModelChoice,
  ModelVersion,
  SplitPreview,
  Training,
  TrainingRequest,
} from "../../protocol/models";
import type { Job } from "../../protocol/rest";
import type { Settings } from "../../protocol/settings";
import { uploadVersion } from "../../protocol/upload";
import { pause } from "../jobs/effects";
import { isActive } from "../jobs/store";
import { series } from "../projects/store";
import { failed, loading, mapReady, type Remote, ready } from "../remote";
import { annotated, annotatedKey, catalogue } from "./store";

const FOLLOW_MS = 1000;

/** The project whose answers are still wanted. */
let opened: string | undefined;

export async function openModels(project: string): Promise<void> {
  if (opened !== project) {
    catalogue.value = loading;
    annotated.value = new Map();
  }
  opened = project;
  await loadCatalogue(project);
}

export async function loadCatalogue(project: string): Promise<void> {
  const answer = await api.getCatalogue(project).then(ready, failed);
  if (opened !== project) return;
  if (answer.status === "ready" || catalogue.value.status !== "ready") catalogue.value = answer;
}

export async function changeVersion(
  id: string,
  values: { name?: string; archived?: boolean },
): Promise<void> {
  const changed = await api.updateVersion(id, values);
  changeVersions((all) => all.map((one) => (one.id === id ? changed : one)));
}

export async function sendVersion(
  project: string,
  file: File,
  values: Readonly<Record<string, string>>,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<ModelVersion> {
  const made = await uploadVersion(project, file, values, onProgress, signal);
  if (opened === project) {
    changeVersions((all) => [...all.filter((one) => one.id !== made.id), made]);
    await loadCatalogue(project);
  }
  return made;
}

/** Settings of `threshold` become a version, as a file of them would. */
export function saveSettings(project: string, name: string, parameters: Settings): Promise<ModelVersion> {
  const content = JSON.stringify({ model: "threshold", parameters }, null, 1);
  const file = new File([content], "threshold.json", { type: "application/json" });
  return sendVersion(project, file, { name, model: "threshold" }, () => {}, new AbortController().signal);
}

/** Each series is changed by itself: what went before a refusal stays, and the refusal is thrown. */
export async function setDefaults(chosen: readonly string[], choice: ModelChoice): Promise<void> {
  for (const id of chosen) {
    const model = await api.setSeriesModel(id, choice);
    series.value = mapReady(series.value, (all) =>
      all.map((one) => (one.id === id ? { ...one, model } : one)),
    );
  }
}

/** Asks which frames of a series have accepted masks, once per version. */
export async function loadAnnotated(id: string, version: number): Promise<void> {
  const key = annotatedKey(id, version);
  const known = annotated.value.get(key);
  if (known !== undefined && known.status !== "failed") return;
  const set = (value: Remote<readonly number[]>) => {
    annotated.value = new Map(annotated.value).set(key, value);
  };
  set(loading);
  try {
    const { frames } = await api.getTimeline(id, version);
    set(ready(frames.filter((one) => one.accepted > 0).map((one) => one.frame)));
  } catch (cause) {
    set(failed(cause));
  }
}

export const previewSplit = (
  project: string,
  request: TrainingRequest,
  signal: AbortSignal,
): Promise<SplitPreview> => api.previewSplit(project, request, signal);

export const startTraining = (project: string, request: TrainingRequest): Promise<Job> =>
  api.startTraining(project, request);

/** A new job that goes on where a cancelled one stopped, with the same recipe. */
export const resumeTraining = (project: string, job: string): Promise<Job> =>
  api.resumeTraining(project, job);

export const finishTraining = (job: string): Promise<Job> => api.finishTraining(job);

export interface TrainingNews {
  readonly job: Job;
  readonly training: Training;
}

/** Tells each news of a training until it is over; what it made is then in the catalogue. */
export async function followTraining(
  id: string,
  onNews: (news: TrainingNews) => void,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      const job = await api.getJob(id, signal);
      const training = await api.getTraining(id, signal);
      onNews({ job, training });
      if (!isActive(job)) {
        if (training.version !== null) await loadCatalogue(job.project);
        return;
      }
    } catch (cause) {
      if (!asApiError(cause).offline) throw cause;
    }
    await pause(FOLLOW_MS, signal);
  }
}

/** The masks of one frame that people have accepted. */
export async function loadLabels(series: string, frame: number, signal: AbortSignal): Promise<MaskRle[]> {
  const { masks } = await api.getState(series, frame, { masksOnly: true, signal });
  const accepted = masks.filter((one) => one.state === "accepted" && one.sha256 !== null);
  return Promise.all(accepted.map(async (one) => one.mask ?? (await api.getMask(series, one.sha256 ?? ""))));
}

export const startComparison = (project: string, request: ComparisonRequest): Promise<Job> =>
  api.startComparison(project, request);

export const loadComparison = (job: string): Promise<Comparison> => api.getComparison(job);

function changeVersions(make: (all: ModelVersion[]) => ModelVersion[]): void {
  catalogue.value = mapReady(catalogue.value, (present) => ({
    ...present,
    versions: make(present.versions),
  }));
}

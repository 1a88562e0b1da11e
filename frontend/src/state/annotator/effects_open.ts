// Opens a series for annotation, and everything else that its page asks of the server.

import * as api from "../../protocol/api";
import type {
  CalibrationEdit,
  ExportFormat,
  Histogram,
  HistoryEntry,
  Job,
  Page,
  Project,
} from "../../protocol/rest";
import { openWebSocket } from "../../protocol/socket";
import { followJob, startExport } from "../jobs/effects";
import { failed, ready } from "../remote";
import { start } from "./effects";
import { startEdits } from "./effects_edits";
import { type Interpolations, startInterpolations } from "./effects_interpolate";
import { type Jobs, jobsOf, startJobs } from "./effects_jobs";
import { type MaskReader, readMasks } from "./effects_masks";
import { type Segmentations, startSegmentations } from "./effects_segment";
import { startTrackings, type Trackings } from "./effects_track";
import { initialState } from "./initial";
import { browserKeep } from "./keep";
import type { ChunkPlace } from "./model";
import { createStore, type Store } from "./store";

export interface Session extends Interpolations, Jobs, Segmentations, Trackings {
  readonly store: Store;
  readonly project: Project;
  loadChunk(place: ChunkPlace, signal: AbortSignal): Promise<ArrayBuffer>;
  /** For whoever shows objects of frames that are not in sight. */
  readMasks(): MaskReader;
  histogram(frame: number, signal: AbortSignal): Promise<Histogram>;
  history(before: string | null, frame: number | null): Promise<Page<HistoryEntry>>;
  /** Makes the older version, or one frame of it, the present as a new version. */
  restore(version: number, frame: number | null): Promise<void>;
  calibrate(values: Omit<CalibrationEdit, "request_id">): Promise<void>;
  /** Starts an export and follows it to its end. `version` null: the present. */
  exportVersion(
    version: number | null,
    formats: ExportFormat[],
    onChange: (job: Job) => void,
    signal: AbortSignal,
  ): Promise<Job>;
  close(): void;
}

export const newId = (): string => crypto.randomUUID();

export async function openAnnotator(
  id: string,
  wantedFrame: number,
  user: { id: number; name: string },
): Promise<Session> {
  const series = await api.getSeries(id);
  const frame = Math.min(wantedFrame, series.frames - 1);
  const [project, state, catalogue, jobs, trackers] = await Promise.all([
    api.getProject(series.project),
    api.getState(id, frame),
    // Without these one can still draw.
    api.getCatalogue(series.project).then(ready, failed),
    jobsOf(series.project, id).catch(() => []),
    api.getTrackers().catch(() => []),
  ]);
  const known = catalogue.status === "ready" ? catalogue.value : { models: [], versions: [] };
  const store = createStore(initialState({ series, project, user, ...known, jobs, trackers, state }));
  if (catalogue.status === "failed") {
    const text = `The models could not be listed: ${catalogue.error.message} You can draw; reload the page to segment.`;
    store.dispatch({ type: "notice", text });
  }
  const keep = browserKeep(user.id, id, localStorage, sessionStorage);
  const connection = start(store, { api, openWire: openWebSocket(id), keep, newId });
  const stopEdits = startEdits(store, api);
  const { close: stopFollowing, follow, ...jobControl } = startJobs(store);
  const retry = () => connection.retry();
  window.addEventListener("online", retry);
  return {
    ...jobControl,
    ...startSegmentations(store, follow),
    ...startTrackings(store, follow),
    ...startInterpolations(store, api),
    store,
    project,
    loadChunk: (place, signal) => api.getChunk({ series: id, store: series.pixels.store, ...place }, signal),
    readMasks: () => readMasks(store),
    histogram: (wanted, signal) => api.getHistogram(id, wanted, signal),
    history: (before, onFrame) =>
      api.getHistory(id, {
        limit: 50,
        ...(before === null ? {} : { before: Number(before) }),
        ...(onFrame === null ? {} : { frame: onFrame }),
      }),
    async restore(version, onFrame) {
      const base = store.state.peek().head;
      const values = { version, base, request_id: newId(), frame: onFrame, tracks: null };
      const changeset = await api.restore(id, values);
      store.dispatch({ type: "changeset/made", changeset });
      store.dispatch({ type: "past/close" });
    },
    async calibrate(values) {
      const changeset = await api.setCalibration(id, { ...values, request_id: newId() });
      store.dispatch({ type: "changeset/made", changeset });
    },
    async exportVersion(version, formats, onChange, signal) {
      const job = await startExport(id, version, formats);
      onChange(job);
      return followJob(job.id, onChange, signal);
    },
    close() {
      window.removeEventListener("online", retry);
      stopFollowing();
      stopEdits();
      connection.close();
    },
  };
}

// Opens a series for annotation, and everything else that its page asks of the server.

import * as api from "../../protocol/api";
import type {
  HistoryEntry,
  HistoryQuery,
  Life,
  MaskVersions,
  Restoration,
  RestorationPreview,
} from "../../protocol/history";
import type { MaskRle } from "../../protocol/messages";
import type { CalibrationEdit, ExportFormat, Histogram, Job, Page, Project } from "../../protocol/rest";
import { openWebSocket } from "../../protocol/socket";
import { followJob, startExport } from "../jobs/effects";
import { failed, ready } from "../remote";
import { start } from "./effects";
import { startDifferences } from "./effects_difference";
import { startEdits } from "./effects_edits";
import { type Interpolations, startInterpolations } from "./effects_interpolate";
import { type Jobs, jobsOf, startJobs } from "./effects_jobs";
import { type MaskReader, readMasks } from "./effects_masks";
import { type Segmentations, startSegmentations } from "./effects_segment";
import { startTrackings, type Trackings } from "./effects_track";
import { startViews, type Views } from "./effects_view";
import { initialState } from "./initial";
import { browserKeep } from "./keep";
import type { ChunkPlace } from "./model";
import { browserShelf } from "./shelf";
import { createStore, type Store } from "./store";
import { browserTabs } from "./tabs";

export interface Session extends Interpolations, Jobs, Segmentations, Trackings, Views {
  readonly store: Store;
  readonly project: Project;
  loadChunk(place: ChunkPlace, signal: AbortSignal): Promise<ArrayBuffer>;
  /** For whoever shows objects of frames that are not in sight. */
  readMasks(): MaskReader;
  histogram(frame: number, signal: AbortSignal): Promise<Histogram>;
  /** Takes the series, and its project where that is the reason, out of the archive. */
  unarchive(): Promise<void>;
  history(before: string | null, query: HistoryQuery): Promise<Page<HistoryEntry>>;
  /** A mask by its hash. */
  maskOf(sha256: string): Promise<MaskRle>;
  life(track: string): Promise<Life>;
  maskVersions(track: string, frame: number): Promise<MaskVersions>;
  /** What restoring would change now. */
  previewRestoration(what: Restoration): Promise<RestorationPreview>;
  /** Makes an older version, or a part of it, the present as a new version. */
  restore(what: Restoration): Promise<void>;
  /** `base`: the revision of the calibration that the person has seen; a newer one is not written over. */
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
  const [project, state, catalogue, jobs, trackers, actions] = await Promise.all([
    api.getProject(series.project),
    api.getState(id, frame),
    // Without these one can still draw.
    api.getCatalogue(series.project).then(ready, failed),
    jobsOf(series.project, id).catch(() => []),
    api.getTrackers().catch(() => []),
    // Without it one can undo what one does from now on.
    api.getActions(id).catch(() => ({ undo: [], redo: [] })),
  ]);
  const known = catalogue.status === "ready" ? catalogue.value : { models: [], versions: [] };
  const store = createStore(
    initialState({ series, project, user, ...known, jobs, trackers, actions, state }),
  );
  if (catalogue.status === "failed") {
    const text = `The models could not be listed: ${catalogue.error.message} You can draw; reload the page to segment.`;
    store.dispatch({ type: "notice", text });
  }
  const keep = browserKeep(
    user.id,
    id,
    browserShelf(),
    browserTabs(`${user.id}/${id}`, sessionStorage, newId),
    localStorage,
  );
  const connection = start(store, { api, openWire: openWebSocket(id), keep, newId });
  const stopEdits = startEdits(store, api);
  const stopDifferences = startDifferences(store, api);
  const { close: stopFollowing, follow, ...jobControl } = startJobs(store);
  const { closeViews, ...views } = startViews(store);
  const retry = () => connection.retry();
  window.addEventListener("online", retry);
  window.addEventListener("focus", retry);
  window.addEventListener("offline", connection.doubt);
  const leave = (event: BeforeUnloadEvent) => {
    if (connection.leaving()) event.preventDefault(); // the browser asks whether to stay
  };
  window.addEventListener("beforeunload", leave);
  return {
    ...jobControl,
    ...startSegmentations(store, follow, newId),
    ...startTrackings(store, follow, newId),
    ...views,
    ...startInterpolations(store, api),
    store,
    project,
    loadChunk: (place, signal) => api.getChunk({ series: id, store: series.pixels.store, ...place }, signal),
    readMasks: () => readMasks(store),
    histogram: (wanted, signal) => api.getHistogram(id, wanted, signal),
    history: (before, query) =>
      api.getHistory(id, { limit: 50, ...query, ...(before === null ? {} : { before: Number(before) }) }),
    maskOf: (sha256) => api.getMask(id, sha256),
    life: (track) => api.getLife(id, track, store.state.peek().past?.version),
    maskVersions: (track, onFrame) =>
      api.getMaskVersions(id, track, onFrame, store.state.peek().past?.version),
    previewRestoration: (what) => api.previewRestoration(id, what),
    async restore(what) {
      const requestId = newId();
      const base = store.state.peek().head;
      const changeset = await api.restore(id, { ...what, base, request_id: requestId });
      store.dispatch({ type: "restored", requestId, changeset });
    },
    async unarchive() {
      if (project.archived_at !== null) await api.restoreProject(project.id);
      await api.restoreSeries(id);
      store.dispatch({ type: "server", message: { type: "series.archived", archived: false } });
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
      window.removeEventListener("focus", retry);
      window.removeEventListener("offline", connection.doubt);
      window.removeEventListener("beforeunload", leave);
      stopFollowing();
      closeViews();
      stopEdits();
      stopDifferences();
      connection.close();
    },
  };
}

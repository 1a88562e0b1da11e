// Every REST call the application makes, typed. Failures are thrown as ApiError (errors.ts).

import type * as history from "./history";
import type { Changeset, MaskRle } from "./messages";
import type * as models from "./models";
import { request, requestBytes } from "./request";
import type * as rest from "./rest";
import type * as segmentation from "./segmentation";
import type * as tracking from "./tracking";

const at = (id: string | number) => encodeURIComponent(id);

export const getSession = () => request<rest.Session>("GET", "/session");
export const signIn = (username: string, password: string) =>
  request<rest.Session>("POST", "/session", { body: { username, password } });
export const signOut = () => request<void>("DELETE", "/session");

export const getPreferences = () => request<rest.Preferences>("GET", "/account/preferences");
/** What is not named stays as it is. */
export const changePreferences = (values: Partial<rest.Preferences>) =>
  request<rest.Preferences>("PATCH", "/account/preferences", { body: values });

export const listTokens = () => request<rest.ApiToken[]>("GET", "/tokens");
export const createToken = (name: string) => request<rest.NewApiToken>("POST", "/tokens", { body: { name } });
export const deleteToken = (id: string) => request<void>("DELETE", `/tokens/${at(id)}`);

export const listProjects = (archived = false) =>
  request<rest.ProjectSummary[]>("GET", "/projects", { query: { archived: archived ? "true" : undefined } });
export const createProject = (name: string, description: string) =>
  request<rest.Project>("POST", "/projects", { body: { name, description } });
export const getProject = (id: string) => request<rest.Project>("GET", `/projects/${at(id)}`);
export const updateProject = (id: string, values: { name?: string; description?: string }) =>
  request<rest.Project>("PATCH", `/projects/${at(id)}`, { body: values });
export const deleteProject = (id: string) => request<void>("DELETE", `/projects/${at(id)}`);
export const archiveProject = (id: string) => request<rest.Project>("POST", `/projects/${at(id)}/archive`);
export const restoreProject = (id: string) => request<rest.Project>("DELETE", `/projects/${at(id)}/archive`);

export const createPhase = (project: string, values: rest.PhaseValues) =>
  request<rest.Phase>("POST", `/projects/${at(project)}/phases`, { body: values });
export const updatePhase = (project: string, phase: string, values: rest.PhaseValues) =>
  request<rest.Phase>("PATCH", `/projects/${at(project)}/phases/${at(phase)}`, { body: values });
export const deletePhase = (project: string, phase: string) =>
  request<void>("DELETE", `/projects/${at(project)}/phases/${at(phase)}`);

export const addMember = (project: string, username: string, role: rest.Role) =>
  request<rest.Member>("POST", `/projects/${at(project)}/members`, { body: { username, role } });
export const updateMember = (project: string, user: number, role: rest.Role) =>
  request<rest.Member>("PATCH", `/projects/${at(project)}/members/${at(user)}`, { body: { role } });
export const removeMember = (project: string, user: number) =>
  request<void>("DELETE", `/projects/${at(project)}/members/${at(user)}`);

export const listSeries = (project: string, signal?: AbortSignal) =>
  request<rest.Series[]>("GET", `/projects/${at(project)}/series`, { signal });
export const listArchivedSeries = (project: string) =>
  request<rest.Series[]>("GET", `/projects/${at(project)}/series`, { query: { archived: "true" } });
export const getSeries = (id: string) => request<rest.Series>("GET", `/series/${at(id)}`);
export const renameSeries = (id: string, name: string) =>
  request<rest.Series>("PATCH", `/series/${at(id)}`, { body: { name } });
export const deleteSeries = (id: string) => request<void>("DELETE", `/series/${at(id)}`);
export const archiveSeries = (id: string) => request<rest.Series>("POST", `/series/${at(id)}/archive`);
export const restoreSeries = (id: string) => request<rest.Series>("DELETE", `/series/${at(id)}/archive`);
export const getHistogram = (id: string, frame: number, signal?: AbortSignal) =>
  request<rest.Histogram>("GET", `/series/${at(id)}/histogram`, { query: { frame }, signal });
export const listDisplayPresets = (series: string) =>
  request<rest.DisplayPreset[]>("GET", `/series/${at(series)}/display-presets`);
export const createDisplayPreset = (series: string, values: Omit<rest.DisplayPreset, "id">) =>
  request<rest.DisplayPreset>("POST", `/series/${at(series)}/display-presets`, { body: values });
export const updateDisplayPreset = (
  series: string,
  id: string,
  values: Partial<Omit<rest.DisplayPreset, "id">>,
) =>
  request<rest.DisplayPreset>("PATCH", `/series/${at(series)}/display-presets/${at(id)}`, { body: values });
export const deleteDisplayPreset = (series: string, id: string) =>
  request<void>("DELETE", `/series/${at(series)}/display-presets/${at(id)}`);
export const setCalibration = (id: string, values: rest.CalibrationEdit) =>
  request<Changeset>("POST", `/series/${at(id)}/calibration`, { body: values });

export interface ChunkAddress {
  series: string;
  store: string;
  level: number;
  frame: number;
  row: number;
  column: number;
}

/** The zstd-compressed bytes of one tile of one frame. */
export const getChunk = ({ series, store, level, frame, row, column }: ChunkAddress, signal?: AbortSignal) =>
  requestBytes(`/series/${at(series)}/pixels/${at(store)}/${level}/${frame}/${row}/${column}`, signal);

/** The person's own files that came in part, or whole and were not imported. */
export const listTransfers = (project: string) =>
  request<rest.Transfer[]>("GET", `/projects/${at(project)}/transfers`);
export const discardTransfer = (id: string) =>
  request<void>("DELETE", `/transfers/${at(id)}`, { headers: { "Tus-Resumable": "1.0.0" } });
export const startImport = (project: string, name: string, uploads: string[]) =>
  request<rest.Job>("POST", `/projects/${at(project)}/imports`, { body: { name, uploads } });
export const startExport = (series: string, version: number | null, formats: rest.ExportFormat[]) =>
  request<rest.Job>("POST", `/series/${at(series)}/exports`, { body: { version, formats } });
export const listJobs = (project: string, query: { kind?: rest.JobKind; before?: string } = {}) =>
  request<rest.Page<rest.Job>>("GET", `/projects/${at(project)}/jobs`, { query });
export const getJob = (id: string, signal?: AbortSignal) =>
  request<rest.Job>("GET", `/jobs/${at(id)}`, { signal });
export const cancelJob = (id: string) => request<rest.Job>("POST", `/jobs/${at(id)}/cancel`);
export const pauseJob = (id: string) => request<rest.Job>("POST", `/jobs/${at(id)}/pause`);
export const resumeJob = (id: string) => request<rest.Job>("POST", `/jobs/${at(id)}/resume`);

/** With `masksOnly` tracks and events are left out: who follows the changesets knows them. */
export const getState = (
  series: string,
  frame: number,
  {
    version,
    masksOnly,
    signal,
  }: { version?: number | undefined; masksOnly?: boolean; signal?: AbortSignal } = {},
) =>
  request<rest.SeriesState>("GET", `/series/${at(series)}/state`, {
    query: { frame, version, masks_only: masksOnly ? "true" : undefined },
    signal,
  });
export const getActions = (id: string) => request<rest.Actions>("GET", `/series/${at(id)}/actions`);
export const takeBack = (id: string, values: rest.TakeBack) =>
  request<Changeset>("POST", `/series/${at(id)}/take-back`, { body: values });
export const getTimeline = (series: string, version?: number) =>
  request<rest.Timeline>("GET", `/series/${at(series)}/timeline`, { query: { version } });
export const getLanes = (series: string, version?: number) =>
  request<rest.Lanes>("GET", `/series/${at(series)}/lanes`, { query: { version } });
export const getHistory = (series: string, query: history.HistoryQuery = {}) =>
  request<rest.Page<history.HistoryEntry>>("GET", `/series/${at(series)}/history`, { query: { ...query } });
export const getMask = (series: string, sha256: string) =>
  request<MaskRle>("GET", `/series/${at(series)}/masks/${at(sha256)}`);
export const getDifference = (
  series: string,
  versions: { from: number; to: number },
  first_frame: number,
  signal?: AbortSignal,
) =>
  request<history.DifferencePage>("GET", `/series/${at(series)}/difference`, {
    query: { ...versions, first_frame },
    signal,
  });
export const getLife = (series: string, track: string, version?: number) =>
  request<history.Life>("GET", `/series/${at(series)}/tracks/${at(track)}/life`, { query: { version } });
export const getMaskVersions = (series: string, track: string, frame: number, version?: number) =>
  request<history.MaskVersions>("GET", `/series/${at(series)}/tracks/${at(track)}/revisions`, {
    query: { frame, version },
  });
export const previewRestoration = (series: string, values: history.Restoration) =>
  request<history.RestorationPreview>("POST", `/series/${at(series)}/restoration`, { body: values });
export const restore = (series: string, values: history.Restore) =>
  request<Changeset>("POST", `/series/${at(series)}/restore`, { body: values });

export const getCatalogue = (project: string) =>
  request<models.Catalogue>("GET", `/projects/${at(project)}/models`);
export const updateVersion = (id: string, values: { name?: string; archived?: boolean }) =>
  request<models.ModelVersion>("PATCH", `/models/${at(id)}`, { body: values });
export const setSeriesModel = (series: string, choice: models.ModelChoice) =>
  request<models.ModelChoice>("PUT", `/series/${at(series)}/model`, { body: choice });

export const previewSplit = (project: string, values: models.TrainingRequest, signal?: AbortSignal) =>
  request<models.SplitPreview>("POST", `/projects/${at(project)}/trainings/preview`, {
    body: values,
    signal,
  });
export const startTraining = (project: string, values: models.TrainingRequest) =>
  request<rest.Job>("POST", `/projects/${at(project)}/trainings`, { body: values });
export const resumeTraining = (project: string, job: string) =>
  request<rest.Job>("POST", `/projects/${at(project)}/trainings`, { body: { resume: job } });
export const getTraining = (job: string, signal?: AbortSignal) =>
  request<models.Training>("GET", `/jobs/${at(job)}/training`, { signal });
export const finishTraining = (job: string) => request<rest.Job>("POST", `/jobs/${at(job)}/finish`);

export const startComparison = (project: string, values: models.ComparisonRequest) =>
  request<rest.Job>("POST", `/projects/${at(project)}/comparisons`, { body: values });
export const getComparison = (job: string) =>
  request<models.Comparison>("GET", `/jobs/${at(job)}/comparison`);

export const startSegmentation = (series: string, values: segmentation.SegmentationRequest) =>
  request<rest.Job>("POST", `/series/${at(series)}/segmentations`, { body: values });
export const getProposals = (series: string) =>
  request<segmentation.ProposalSummary>("GET", `/series/${at(series)}/proposals`);
export const acceptProposals = (series: string, filter: segmentation.ProposalFilter) =>
  request<segmentation.ProposalsAccepted>("POST", `/series/${at(series)}/proposals/accept`, { body: filter });
export const discardProposals = (series: string, filter: segmentation.ProposalFilter) =>
  request<segmentation.ProposalsDiscarded>("POST", `/series/${at(series)}/proposals/discard`, {
    body: filter,
  });

export const getTrackers = () => request<tracking.Tracker[]>("GET", "/trackers");
export const startTracking = (series: string, values: tracking.TrackingRequest) =>
  request<rest.Job>("POST", `/series/${at(series)}/trackings`, { body: values });
export const editTracks = (series: string, values: tracking.TrackEdit) =>
  request<Changeset>("POST", `/series/${at(series)}/edits`, { body: values });
export const revertJob = (series: string, job: string, requestId: string) =>
  request<tracking.JobReverted>("POST", `/series/${at(series)}/revert-job`, {
    body: { job, request_id: requestId },
  });

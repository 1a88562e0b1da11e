// The annotator's state when a series has just been opened.

import { USUAL_SCALE_BAR } from "../../geometry/scale_bar";
import type { Person } from "../../protocol/messages";
import type { ModelVersion } from "../../protocol/models";
import type { Actions, Job, Model, Phase, Project, Series, SeriesState } from "../../protocol/rest";
import type { Tracker } from "../../protocol/tracking";
import { isActive } from "../jobs/store";
import { NO_LANES } from "./lanes";
import { mergeFrame } from "./merge";
import type { Annotator, Display, HistoryStep, Segmenter } from "./model";
import { keyOf, segmenterChoices } from "./segmenters";

export interface Opened {
  readonly series: Series;
  readonly project: Pick<Project, "phases" | "role" | "archived_at">;
  readonly user: Person;
  readonly models: readonly Model[];
  readonly versions: readonly ModelVersion[];
  /** Those that segment or track this series, or did, of each kind the newest first. */
  readonly jobs: readonly Job[];
  readonly trackers: readonly Tracker[];
  /** What the person can undo and redo, also of earlier visits. */
  readonly actions: Actions;
  /** The first frame in sight, with all tracks. */
  readonly state: SeriesState;
}

export function initialState(opened: Opened): Annotator {
  const { series, project, user, models, versions, jobs, trackers, actions, state } = opened;
  const segmenters = models.filter((model) => model.kind === "segmenter");
  const prompted = segmenters.filter((segmenter) => segmenter.promptable && segmenter.available);
  const usual = prompted.find(({ name }) => name === series.model?.model) ?? prompted[0];
  const model = usual?.name ?? "";
  const blank: Annotator = {
    series,
    phases: [...project.phases].sort((a, b) => a.order - b.order),
    user,
    role: project.role,
    archived: series.archived_at !== null || project.archived_at !== null,
    connection: "connecting",
    head: state.version,
    serverHead: state.head,
    tracks: new Map(),
    events: new Map(),
    frames: new Map(),
    lanes: NO_LANES,
    calibration: series.calibration,
    timeline: [],
    pending: [],
    keeping: { writing: 0, failed: false, elsewhere: 0 },
    mine: new Map(),
    undo: actions.undo.map(stepOf),
    redo: actions.redo.map(stepOf),
    undone: null,
    asked: null,
    former: null,
    refused: null,
    past: null,
    difference: null,
    frame: state.frame,
    tool: "point",
    models: segmenters,
    model,
    segmenter: initialSegmenter(opened, model),
    versions,
    seriesModel: series.model ?? null,
    scope: { what: "frame", from: 0, to: series.frames - 1, step: 1, replace: true },
    review: { minimumScore: 0, what: "frame", seek: null },
    proposalSummary: null,
    jobs: jobs.filter(isActive),
    trackers,
    tracking: { what: "everything", where: "end", to: series.frames - 1, tracker: null },
    lastTracking:
      jobs.find((job) => job.parameters !== null && job.created_by.id === user.id)?.parameters ?? null,
    written: new Map(),
    corrected: null,
    phase: null,
    brushDiameter: Math.max(3, 2 * Math.round(Math.min(series.height, series.width) / 80) + 1),
    drawing: { mode: "new", pressure: true, smoothRadiusPx: 2 },
    selection: null,
    marked: new Set(),
    hovered: null,
    hidden: new Set(),
    prompt: null,
    stroke: null,
    outline: null,
    band: null,
    proposals: null,
    ready: new Set(),
    display: initialDisplay(series, project.phases),
    presets: [],
    rulers: [],
    profile: null,
    beside: null,
    playing: false,
    framesPerSecond: 10,
    notice: null,
  };
  const merged = mergeFrame(blank, state);
  return { ...merged, phase: blank.phases[0]?.id ?? null };
}

const stepOf = ({ action, reason }: Actions["undo"][number]): HistoryStep => ({
  kind: "action",
  requestId: action,
  reason,
  saved: true,
});

/** The series' default where it can run, else the model that answers clicks, else the first there is. */
function initialSegmenter({ series, models, versions }: Opened, model: string): Segmenter {
  const choices = segmenterChoices({ models, versions });
  const usual = series.model === undefined ? "" : keyOf(series.model);
  const choice =
    choices.find(({ key }) => key === usual) ?? choices.find(({ key }) => key === model) ?? choices[0];
  return { model: choice?.model ?? "", version: choice?.version ?? null, parameters: {} };
}

/** Without phases every object would have one colour. */
export function initialDisplay(series: Series, phases: readonly Phase[]): Display {
  const [low, high] = series.input_range;
  return {
    low,
    high,
    gamma: 1,
    invert: false,
    masks: true,
    opacity: 0.35,
    outline: true,
    numbers: true,
    colourBy: phases.length > 0 ? "phase" : "object",
    neighbours: false,
    minimap: true,
    scaleBar: USUAL_SCALE_BAR,
  };
}

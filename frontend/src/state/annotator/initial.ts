// The annotator's state when a series has just been opened.

import type { Person } from "../../protocol/messages";
import type { Model, Project, Series, SeriesState } from "../../protocol/rest";
import { mergeFrame } from "./merge";
import type { Annotator, Display } from "./model";

export interface Opened {
  readonly series: Series;
  readonly project: Pick<Project, "phases" | "role">;
  readonly user: Person;
  readonly models: readonly Model[];
  /** The first frame in sight, with all tracks. */
  readonly state: SeriesState;
}

export function initialState({ series, project, user, models, state }: Opened): Annotator {
  const segmenters = models.filter((model) => model.kind === "segmenter" && model.available);
  const model = segmenters.find((segmenter) => segmenter.promptable)?.name ?? "";
  const blank: Annotator = {
    series,
    phases: [...project.phases].sort((a, b) => a.order - b.order),
    user,
    role: project.role,
    connection: "connecting",
    head: state.version,
    serverHead: state.head,
    tracks: new Map(),
    frames: new Map(),
    calibration: series.calibration,
    timeline: [],
    pending: [],
    mine: new Map(),
    undo: [],
    redo: [],
    past: null,
    frame: state.frame,
    tool: "point",
    models: segmenters,
    model,
    segmenter: { model: model === "" ? (segmenters[0]?.name ?? "") : model, parameters: {} },
    phase: null,
    brushDiameter: Math.max(3, 2 * Math.round(Math.min(series.height, series.width) / 80) + 1),
    selection: null,
    hovered: null,
    hidden: new Set(),
    prompt: null,
    stroke: null,
    band: null,
    proposals: null,
    ready: new Set(),
    display: initialDisplay(series),
    playing: false,
    framesPerSecond: 10,
    notice: null,
  };
  const merged = mergeFrame(blank, state);
  return { ...merged, phase: blank.phases[0]?.id ?? null };
}

export function initialDisplay(series: Series): Display {
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
    colourBy: "phase",
  };
}

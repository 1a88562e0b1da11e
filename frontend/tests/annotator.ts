// A small series and a stand-in for the server, for tests of the annotator.

import { encode, type Runs } from "../src/geometry/rle";
import { strokeRuns } from "../src/geometry/stroke";
import type {
  Candidate,
  Changeset,
  EventRevision,
  MaskRevision,
  MaskRle,
  Origin,
  Person,
  TrackRevision,
} from "../src/protocol/messages";
import type { Job, Model, Phase, Series, SeriesState } from "../src/protocol/rest";
import type { Tracker, TrackingRequest } from "../src/protocol/tracking";
import { initialState, type Opened } from "../src/state/annotator/initial";
import type { Annotator, Operation, PendingCommit } from "../src/state/annotator/model";
import { type Action, reduce } from "../src/state/annotator/reduce";

export const me: Person = { id: 1, name: "Ada" };
export const other: Person = { id: 2, name: "Bob" };
export const HEIGHT = 40;
export const WIDTH = 60;

export const gold: Phase = { id: "gold", name: "Au", colour: "#e0a030", key: "1", description: "", order: 0 };
export const pore: Phase = {
  id: "pore",
  name: "Pore",
  colour: "#3060e0",
  key: "2",
  description: "",
  order: 1,
};

export const byHand: Origin = {
  model: null,
  model_hash: null,
  points: [],
  box: null,
  score: null,
  edited: false,
  tracker: null,
  tracker_hash: null,
  confidence: null,
  bridged: false,
};

export function series(frames = 5): Series {
  return {
    id: "series",
    project: "project",
    name: "Sintering",
    frames,
    height: HEIGHT,
    width: WIDTH,
    channels: 1,
    dtype: "uint8",
    input_range: [10, 200],
    calibration: { pixel_size: 0.5, unit: "nm", frame_interval_s: 2, source: "file", revision: null },
    version: 0,
    annotated_frames: 0,
    proposals: 0,
    changed_at: null,
    changed_by: null,
    created_by: me,
    created_at: "2026-01-01T00:00:00Z",
    archived_at: null,
    archived_by: null,
    pixels: {
      levels: [{ height: HEIGHT, width: WIDTH, chunk: [HEIGHT, WIDTH], scale: 1 }],
      dtype: "uint8",
      channels: 1,
      compressor: "zstd",
      store: "hash",
    },
  };
}

export const models: Model[] = [
  {
    name: "efficient_sam_ti",
    title: "EfficientSAM tiny",
    kind: "segmenter",
    promptable: true,
    parameters: [],
    available: true,
    reason: "",
  },
  {
    name: "threshold",
    title: "Threshold and watershed",
    kind: "segmenter",
    promptable: false,
    parameters: [],
    available: true,
    reason: "",
  },
];

/** A disc as runs and as it travels. */
export function disc(x: number, y: number, diameter = 7): Runs {
  return strokeRuns({ path: [{ x, y }], diameter }, HEIGHT, WIDTH);
}

export function discRle(x: number, y: number, diameter = 7): MaskRle {
  return encode(disc(x, y, diameter));
}

export function candidate(x: number, y: number, score = 0.9, diameter = 7): Candidate {
  const mask = discRle(x, y, diameter);
  const reach = diameter / 2;
  return {
    mask,
    score,
    area_px: Math.round(Math.PI * reach * reach),
    box: [x - reach, y - reach, x + reach, y + reach],
    phase: 0,
  };
}

export function frameState(values: Partial<SeriesState> = {}): SeriesState {
  return {
    version: 0,
    head: 0,
    frame: 0,
    tracks: [],
    events: [],
    masks: [],
    calibration: series().calibration,
    ...values,
  };
}

export function opened(values: Partial<SeriesState> = {}, frames = 5, rest: Partial<Opened> = {}): Annotator {
  const state = initialState({
    series: series(frames),
    project: { phases: [pore, gold], role: "annotator", archived_at: null },
    user: me,
    models,
    versions: [],
    jobs: [],
    trackers: [],
    actions: { undo: [], redo: [] },
    state: frameState(values),
    ...rest,
  });
  return { ...state, connection: "online" };
}

export function trackRevision(
  track: string,
  revision: number,
  values: Partial<TrackRevision> = {},
): TrackRevision {
  return { kind: "track", track, revision, number: 1, phase: "gold", name: "", deleted: false, ...values };
}

export function maskRevision(
  track: string,
  revision: number,
  mask: MaskRle | null,
  values: Partial<MaskRevision> = {},
): MaskRevision {
  return {
    kind: "mask",
    track,
    revision,
    frame: 0,
    sha256: mask === null ? null : `${mask.counts}`,
    mask,
    area_px: mask === null ? 0 : 38,
    box: mask === null ? null : [0, 0, WIDTH, HEIGHT],
    order: 1,
    state: "accepted",
    origin: byHand,
    ...values,
  };
}

/** A merge between the first two frames that a tracker proposes. */
export function eventRevision(
  event: string,
  revision: number,
  values: Partial<EventRevision> = {},
): EventRevision {
  return {
    kind: "event",
    event,
    revision,
    what: "merge",
    first_frame: 0,
    last_frame: 1,
    parents: [],
    children: [],
    confidence: null,
    state: "proposal",
    origin: byHand,
    deleted: false,
    ...values,
  };
}

export function changeset(version: number, values: Partial<Changeset> = {}): Changeset {
  return {
    version,
    request_id: null,
    author: other,
    created_at: "2026-01-01T00:00:00Z",
    reason: "",
    job: null,
    revisions: [],
    ...values,
  };
}

/** What the server makes of a commit that it accepts: revisions count up from `version` times 100. */
export function answerTo(commit: PendingCommit, version: number): Changeset {
  const revisions = commit.operations.map((operation, index) =>
    revisionBy(operation, version * 100 + index, version),
  );
  return changeset(version, { request_id: commit.requestId, author: me, reason: commit.reason, revisions });
}

function revisionBy(operation: Operation, revision: number, number: number): TrackRevision | MaskRevision {
  const { track } = operation;
  switch (operation.op) {
    case "track.create":
    case "track.set":
      return trackRevision(track, revision, { phase: operation.phase, number });
    case "track.delete":
    case "track.restore":
      return trackRevision(track, revision, { deleted: operation.op === "track.delete" });
    case "mask.set": {
      const { mask, frame, origin, order, state } = operation;
      return maskRevision(track, revision, mask, { frame, origin, state, order: order ?? number });
    }
    case "mask.delete":
      return maskRevision(track, revision, null, { frame: operation.frame });
  }
}

const needsWeights = { available: false, reason: "It needs weights.", bundled: null, default: false };

export const trackers: Tracker[] = [
  { name: "overlap", title: "Overlap", available: true, reason: "", bundled: null, default: true },
  { name: "deaot_l", title: "DeAOT-L", ...needsWeights },
];

export const trackingRequest = (values: Partial<TrackingRequest> = {}): TrackingRequest => ({
  model: "efficient_sam_ti",
  version: null,
  parameters: {},
  tracker: "overlap",
  frames: { start: 0, end: 4 },
  tracks: null,
  new_objects: true,
  ...values,
});

/** A colleague's segmentation of the series, half way. */
export const job = (values: Partial<Job> = {}): Job => ({
  id: "j1",
  kind: "segment",
  state: "running",
  progress: 0.5,
  step: "Frame 2: 2 of 4",
  error: null,
  result: {},
  created_at: "2026-01-01T00:00:00Z",
  created_by: other,
  project: "project",
  series: "series",
  pausable: true,
  parameters: null,
  ...values,
});

export function run(state: Annotator, ...actions: Action[]): Annotator {
  return actions.reduce(reduce, state);
}

/** The server accepts everything that is pending, in order. */
export function settle(state: Annotator): Annotator {
  return state.pending
    .filter((commit) => commit.problem === null)
    .reduce(
      (next, commit) =>
        reduce(next, {
          type: "server",
          message: { type: "changeset.committed", changeset: answerTo(commit, next.head + 1) },
        }),
      state,
    );
}

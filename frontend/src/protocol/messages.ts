// Generated from backend/protocol/messages.py by `make protocol`. Edit that file, not this one.

export type ClientMessage =
  ClientHello | FrameOpen | PromptPredict | FrameSegment | RequestCancel | ChangesetCommit | SeriesSince;
export type ServerMessage =
  | ServerHello
  | FrameReady
  | PromptPredicted
  | PromptSuperseded
  | FrameSegmenting
  | FrameSegmented
  | ChangesetCommitted
  | ChangesetConflict
  | SeriesHead
  | SeriesArchived
  | SeriesChanges
  | ErrorMessage;

export interface Protocol {
  protocol: 1;
  client: ClientMessage;
  server: ServerMessage;
}
export interface ClientHello {
  type: "hello";
  protocol: number;
}
/**
 * The person looks at this frame: warm its embedding and its neighbours'.
 */
export interface FrameOpen {
  type: "frame.open";
  frame: number;
  model: string;
  version: string | null;
}
/**
 * The whole prompt, always, so the server keeps no session and a retry is safe.
 *
 * `version` is one of the project's versions of `model`, null its usual weights. `mask` is the mask to refine: its
 * logits are fed back.
 */
export interface PromptPredict {
  type: "prompt.predict";
  request_id: string;
  frame: number;
  model: string;
  version: string | null;
  points: PromptPoint[];
  box: [number, number, number, number] | null;
  mask: MaskRle | null;
}
export interface PromptPoint {
  x: number;
  y: number;
  label: 0 | 1;
}
/**
 * COCO run-length encoding: `size` is (height, width), `counts` the compressed string.
 */
export interface MaskRle {
  /**
   * @minItems 2
   * @maxItems 2
   */
  size: [number, number];
  counts: string;
}
/**
 * Find every object of one frame; the answer is `frame.segmented`, nothing is committed.
 *
 * `version` is a version of the model that belongs to the series' project; null: the model's usual weights.
 */
export interface FrameSegment {
  type: "frame.segment";
  request_id: string;
  frame: number;
  model: string;
  version: string | null;
  parameters: {
    [k: string]: number | boolean | string | null;
  };
}
/**
 * The person gave up on a `prompt.predict` or `frame.segment`.
 */
export interface RequestCancel {
  type: "request.cancel";
  request_id: string;
}
/**
 * `undoes`: the request of the author's own that it takes back.
 */
export interface ChangesetCommit {
  type: "changeset.commit";
  request_id: string;
  undoes: string | null;
  reason: string;
  base: Base[];
  operations: (TrackCreate | TrackSet | TrackDelete | TrackRestore | MaskSet | MaskDelete)[];
}
/**
 * What the author saw: the head revision of a mask (`frame` given) or of a track's properties (`frame` null).
 *
 * `revision` null says that there was none. A commit has one for every mask and track its operations name; the masks
 * that come with `track.restore` need none, those that go with `track.delete` only where somebody else drew them after
 * the track's base: without one they are a conflict.
 */
export interface Base {
  track: string;
  frame: number | null;
  revision: number | PendingBase | null;
}
/**
 * The state that this client's own, perhaps unanswered, request will make.
 */
export interface PendingBase {
  request_id: string;
}
export interface TrackCreate {
  op: "track.create";
  track: string;
  phase: string | null;
  name: string;
}
export interface TrackSet {
  op: "track.set";
  track: string;
  phase: string | null;
  name: string;
}
/**
 * Ends the track: its properties and every mask of it.
 */
export interface TrackDelete {
  op: "track.delete";
  track: string;
}
/**
 * Brings a deleted track back with the masks it had when it was deleted (undo of `track.delete`).
 */
export interface TrackRestore {
  op: "track.restore";
  track: string;
}
/**
 * `order` is the drawing order; null keeps the mask's present one, or puts a new one on top.
 */
export interface MaskSet {
  op: "mask.set";
  track: string;
  frame: number;
  mask: MaskRle;
  origin: Origin;
  state: "accepted" | "proposal";
  order: number | null;
}
/**
 * Where a mask came from: a person's hand (`model` null), or a model and the prompt it answered.
 *
 * Of a mask that a tracking job made, `tracker` says who it is, with `confidence` (0 to 1); `bridged`: on this frame
 * the model did not find it.
 */
export interface Origin {
  model: string | null;
  model_hash: string | null;
  points: PromptPoint[];
  box: [number, number, number, number] | null;
  score: number | null;
  edited: boolean;
  tracker: string | null;
  tracker_hash: string | null;
  confidence: number | null;
  bridged: boolean;
}
export interface MaskDelete {
  op: "mask.delete";
  track: string;
  frame: number;
}
export interface SeriesSince {
  type: "series.since";
  version: number;
}
/**
 * An old tab (other `protocol`) tells its user to reload when it is safe.
 */
export interface ServerHello {
  type: "hello";
  protocol: number;
  series: string;
  version: number;
  user: Person;
  role: "owner" | "manager" | "annotator" | "reviewer" | "viewer";
  archived: boolean;
}
export interface Person {
  id: number;
  name: string;
}
/**
 * The frame's embedding is warm: the next click is quick.
 */
export interface FrameReady {
  type: "frame.ready";
  frame: number;
  model: string;
}
export interface PromptPredicted {
  type: "prompt.predicted";
  request_id: string;
  frame: number;
  model: string;
  model_hash: string;
  candidates: Candidate[];
  encode_ms: number;
  decode_ms: number;
}
/**
 * One mask a model offers, best score first.
 */
export interface Candidate {
  mask: MaskRle;
  score: number | null;
  area_px: number;
  /**
   * @minItems 4
   * @maxItems 4
   */
  box: [number, number, number, number];
  phase: number;
}
/**
 * A newer prompt of this socket took its place in the queue, or it was cancelled.
 */
export interface PromptSuperseded {
  type: "prompt.superseded";
  request_id: string;
}
/**
 * How far `frame.segment` is, 0 to 1.
 */
export interface FrameSegmenting {
  type: "frame.segmenting";
  request_id: string;
  fraction: number;
}
/**
 * `phases`: the project's phase of each index that a candidate may have, null where it was deleted; empty where the
 * model knows no phases.
 */
export interface FrameSegmented {
  type: "frame.segmented";
  request_id: string;
  frame: number;
  model: string;
  model_hash: string;
  instances: Candidate[];
  phases: (string | null)[];
}
export interface ChangesetCommitted {
  type: "changeset.committed";
  changeset: Changeset;
}
/**
 * One action: its revisions make the series' version `version`.
 */
export interface Changeset {
  version: number;
  request_id: string | null;
  author: Person;
  created_at: string;
  reason: string;
  job: string | null;
  revisions: (MaskRevision | TrackRevision | CalibrationRevision | EventRevision)[];
}
/**
 * `sha256` null: the mask was deleted. `mask` null with a `sha256`: large changesets leave the pixels out, which
 * are at /api/v1/series/{id}/masks/{sha256}.
 */
export interface MaskRevision {
  kind: "mask";
  revision: number;
  track: string;
  frame: number;
  sha256: string | null;
  mask: MaskRle | null;
  area_px: number;
  box: [number, number, number, number] | null;
  order: number;
  state: "accepted" | "proposal";
  origin: Origin;
}
export interface TrackRevision {
  kind: "track";
  revision: number;
  track: string;
  number: number;
  phase: string | null;
  name: string;
  deleted: boolean;
}
/**
 * Pixel size in `unit` per pixel. `source` says who said so: the file's metadata or a person.
 */
export interface CalibrationRevision {
  kind: "calibration";
  revision: number;
  pixel_size: number | null;
  unit: string;
  frame_interval_s: number | null;
  source: string;
}
/**
 * What happened to tracks between two frames: a merge has several parents, a split several children.
 *
 * Tracks that are deleted still stand in `parents` and `children`: readers leave them out.
 */
export interface EventRevision {
  kind: "event";
  revision: number;
  event: string;
  what: "birth" | "dissolution" | "exit" | "contact" | "merge" | "split";
  first_frame: number;
  last_frame: number;
  parents: string[];
  children: string[];
  confidence: number | null;
  state: "accepted" | "proposal";
  origin: Origin;
  deleted: boolean;
}
/**
 * Nothing of the request was written.
 */
export interface ChangesetConflict {
  type: "changeset.conflict";
  request_id: string;
  conflicts: Conflict[];
}
/**
 * The object moved on: `current` is its head now, null where it is gone.
 */
export interface Conflict {
  track: string;
  frame: number | null;
  current: (MaskRevision | TrackRevision | CalibrationRevision | EventRevision) | null;
  author: Person | null;
}
export interface SeriesHead {
  type: "series.head";
  version: number;
}
/**
 * The series, or its project, went into the archive, where nothing is changed, or came back from there.
 */
export interface SeriesArchived {
  type: "series.archived";
  archived: boolean;
}
/**
 * Changesets after the version asked for, oldest first; ask again from the last one while `version` < `head`.
 */
export interface SeriesChanges {
  type: "series.changes";
  changesets: Changeset[];
  head: number;
}
export interface ErrorMessage {
  type: "error";
  code: string;
  message: string;
  request_id: string | null;
}

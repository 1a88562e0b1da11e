// The values of the REST interface (/api/schema describes them).

import type { EventRevision, MaskRevision, Person, TrackRevision } from "./messages";
import type { TrackingRequest } from "./tracking";

export const roles = ["viewer", "reviewer", "annotator", "manager", "owner"] as const;
/** Rising: each role may do what those before it may. */
export type Role = (typeof roles)[number];

export interface User {
  id: number;
  name: string;
  username: string;
}

export interface Session {
  user: User | null;
  csrf: string;
}

/** What a person has chosen for all projects and machines. */
export interface Preferences {
  /** Keys instead of the usual ones, by the names of the commands. */
  keys: Readonly<Record<string, readonly string[]>>;
  /** The tour of the annotator was seen or skipped. */
  tour_had: boolean;
}

/** One thing that the person did; `version` is its last one. */
export interface Action {
  action: string;
  reason: string;
  version: number;
}

/** What the person can undo and redo, the oldest first. */
export interface Actions {
  undo: readonly Action[];
  redo: readonly Action[];
}

/** One of one's own actions, or the latest change of an object. */
export type TakeBack = { request_id: string } & ({ action: string } | { track: string; frame: number });

export interface ApiToken {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
}

/** `token` is shown once: the server keeps only its hash. */
export interface NewApiToken extends ApiToken {
  token: string;
}

export interface ProjectSummary {
  id: string;
  name: string;
  description: string;
  role: Role;
  series_count: number;
  frames: number;
  annotated_frames: number;
  /** Masks that wait for somebody to accept or discard them. */
  proposals: number;
  member_count: number;
  /** The series whose thumbnail stands for the project. */
  cover: string | null;
  changed_at: string | null;
  changed_by: Person | null;
  created_at: string;
  archived_at: string | null;
}

export interface Phase {
  id: string;
  name: string;
  colour: string;
  key: string;
  description: string;
  order: number;
}

export type PhaseValues = Partial<Pick<Phase, "name" | "colour" | "key" | "description" | "order">>;

export interface Member {
  user: User;
  role: Role;
}

export interface Project {
  id: string;
  name: string;
  description: string;
  role: Role;
  settings_version: number;
  created_at: string;
  archived_at: string | null;
  archived_by: Person | null;
  phases: Phase[];
  members: Member[];
}

/** `pixel_size` in `unit` per pixel; null where nobody has said. */
export interface Calibration {
  pixel_size: number | null;
  unit: string;
  frame_interval_s: number | null;
  source: string;
  revision: number | null;
}

export type DType = "uint8" | "uint16" | "float32";

export interface PixelLevel {
  height: number;
  width: number;
  chunk: [height: number, width: number];
  scale: number;
}

export interface PixelStore {
  levels: PixelLevel[];
  dtype: DType;
  channels: number;
  compressor: "zstd";
  store: string;
}

export interface Series {
  id: string;
  project: string;
  name: string;
  frames: number;
  height: number;
  width: number;
  channels: number;
  dtype: DType;
  input_range: [low: number, high: number];
  calibration: Calibration;
  version: number;
  annotated_frames: number;
  /** Masks that wait for somebody to accept or discard them. */
  proposals: number;
  /** Null: nobody since it was imported. */
  changed_at: string | null;
  changed_by: Person | null;
  created_by: Person;
  created_at: string;
  archived_at: string | null;
  archived_by: Person | null;
  pixels: PixelStore;
  /** What segments it unless somebody chooses otherwise. */
  model?: { model: string; version: string | null };
}

/** Equal bins from `min` to `max`; `low` and `high` are the 0.1 and 99.9 percentile. */
export interface Histogram {
  low: number;
  high: number;
  counts: number[];
  min: number;
  max: number;
}

/** A window of the series under a name, shared by its members. */
export interface DisplayPreset {
  id: string;
  name: string;
  low: number;
  high: number;
  gamma: number;
  invert: boolean;
  /** The series opens with it, for everyone. */
  is_default: boolean;
}

export interface CalibrationEdit {
  pixel_size: number | null;
  unit: string;
  frame_interval_s: number | null;
  request_id: string;
  /** The revision that the person has seen, 0 for the file's own. */
  base: number;
  source_note?: string;
}

export interface Upload {
  id: string;
  name: string;
  bytes: number;
  sha256: string;
}

/** A file on its way: `offset` bytes have come; `upload` once it is whole. */
export interface Transfer {
  id: string;
  name: string;
  bytes: number;
  offset: number;
  modified_ms: number | null;
  upload: string | null;
}

export type JobKind = "import" | "export" | "segment" | "track" | "train" | "compare";
export type JobState = "queued" | "running" | "paused" | "done" | "failed" | "cancelled";

export interface JobError {
  code: string;
  message: string;
}

export interface Job {
  id: string;
  kind: JobKind;
  state: JobState;
  /** 0 to 1 */
  progress: number;
  step: string;
  error: JobError | null;
  result: JobResult;
  created_at: string;
  created_by: Person;
  project: string;
  series: string | null;
  pausable: boolean;
  /** What a tracking was asked for; null of other kinds. */
  parameters: TrackingRequest | null;
}

/** What a done job left: an import its `series`, an export its file, a training its `version`, a segmentation its `proposals`, a tracking and a comparison counts. */
export interface JobResult {
  masks?: number;
  tracks?: number;
  merges?: number;
  splits?: number;
  models?: number;
  frames?: number;
  proposals?: number;
  series?: string;
  version?: string;
  name?: string;
  bytes?: number;
  sha256?: string;
}

/** Lists that grow come in pages; `next` asks for the following one. */
export interface Page<T> {
  results: T[];
  next: string | null;
}

export interface SeriesState {
  version: number;
  head: number;
  frame: number;
  tracks: TrackRevision[];
  events: EventRevision[];
  masks: MaskRevision[];
  calibration: Calibration;
}

export interface TimelineFrame {
  frame: number;
  accepted: number;
  proposals: number;
}

export interface Timeline {
  version: number;
  frames: TimelineFrame[];
}

/** Frames in a row on which a track has masks of one state and one level of confidence. */
export interface LaneRun {
  first: number;
  last: number;
  state: "accepted" | "proposal";
  /** The least of its frames; null where nothing says. */
  confidence: number | null;
}

export interface Lane {
  track: string;
  number: number;
  phase: string | null;
  name: string;
  runs: LaneRun[];
}

/** Tracks that are deleted are left out. */
export interface Lanes {
  version: number;
  tracks: Lane[];
  events: EventRevision[];
}

/** One setting of a segmenter. `default` null: chosen from the image. */
export interface ModelParameter {
  name: string;
  label: string;
  kind: "float" | "int" | "bool" | "choice";
  default: number | boolean | string | null;
  minimum: number | null;
  maximum: number | null;
  step: number | null;
  choices: string[];
  unit: string;
  help: string;
}

export interface Model {
  name: string;
  title: string;
  kind: string;
  promptable: boolean;
  parameters: ModelParameter[];
  available: boolean;
  reason: string;
}

export type ExportFormat = "coco" | "ctc" | "labels" | "yolo";

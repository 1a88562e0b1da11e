// The values of the history: its filter, differences of versions, restorations, and lives of tracks.

import type { Origin, Person } from "./messages";

export const kinds = [
  "masks",
  "deletions",
  "objects",
  "segmentation",
  "tracking",
  "events",
  "calibration",
  "restoring",
] as const;
export type Kind = (typeof kinds)[number];

type Box = [x0: number, y0: number, x1: number, y1: number];

/** One mask that a changeset wrote and the one before it, by hash; the box holds both. */
export interface ChangeSample {
  track: string;
  frame: number;
  before: string | null;
  after: string | null;
  box: Box;
}

export interface HistoryEntry {
  version: number;
  author: Person;
  created_at: string;
  reason: string;
  job: string | null;
  counts: {
    masks_set: number;
    masks_deleted: number;
    tracks_created: number;
    tracks_changed: number;
    tracks_deleted: number;
    calibrations: number;
    events: number;
  };
  frames: number[];
  sample: ChangeSample | null;
}

export interface HistoryQuery {
  before?: number;
  limit?: number;
  first_frame?: number;
  last_frame?: number;
  track?: string;
  author?: number;
  kind?: readonly Kind[];
}

/** `reviewed`: the same pixels, accepted in one version and proposed in the other. */
export interface FrameDifference {
  frame: number;
  added: number;
  removed: number;
  changed: number;
  reviewed: number;
  area_before_px: number;
  area_after_px: number;
}

/** A page of frames that differ; `next` is the first frame of the following one. */
export interface DifferencePage {
  from_version: number;
  to_version: number;
  frames: FrameDifference[];
  next: number | null;
  objects: { added: number; removed: number; changed: number };
  events: number;
  calibration: boolean;
}

/** What to restore: null, of everything. */
export interface Restoration {
  version: number;
  first_frame: number | null;
  last_frame: number | null;
  tracks: string[] | null;
}

export interface Restore extends Restoration {
  /** The newest version that the person has seen: where there is a newer one, it is refused. */
  base: number;
  request_id: string;
}

/** What a restoration would change; `frames`: how many. */
export interface RestorationPreview {
  counts: HistoryEntry["counts"];
  frames: number;
  first_frame: number | null;
  last_frame: number | null;
}

/** `model` null: by hand. `accepted_by`: who took over what another had proposed. */
export interface Maker {
  author: Person;
  model: string | null;
  prompts: boolean;
  edited: boolean;
  tracker: string | null;
  job: string | null;
  accepted_by: Person | null;
}

/** Frames in a row, both ends included, whose masks were made the same way. */
export interface LifeRun {
  first: number;
  last: number;
  state: "accepted" | "proposal";
  maker: Maker;
  first_version: number;
  last_version: number;
  made_at: string;
  confidence: number | null;
}

export interface LifeChange {
  version: number;
  author: Person;
  created_at: string;
  phase: string | null;
  name: string;
  deleted: boolean;
}

export interface Life {
  version: number;
  track: string;
  number: number;
  runs: LifeRun[];
  changes: LifeChange[];
}

export interface MaskVersion {
  version: number;
  author: Person;
  created_at: string;
  reason: string;
  job: string | null;
  sha256: string | null;
  box: Box | null;
  area_px: number;
  state: "accepted" | "proposal";
  origin: Origin;
}

export interface MaskVersions {
  track: string;
  frame: number;
  revisions: MaskVersion[];
}

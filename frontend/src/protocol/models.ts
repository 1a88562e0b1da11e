// The values of the REST interface about models: versions, trainings, comparisons (/api/schema describes them).

import type { Person } from "./messages";
import type { Job, Model, ModelParameter } from "./rest";
import type { BundledWeights, Metadata } from "./settings";

export interface ProjectModel extends Model {
  bundled: BundledWeights | null;
  trainable: boolean;
  configs: string[];
}

export interface VersionPhase {
  id: string | null;
  name: string;
  colour: string;
}

/** One line of a training's log; scores are of the validation frames. */
export interface CurveRow {
  step?: number | null;
  epoch?: number | null;
  seconds?: number | null;
  loss?: number | null;
  iou?: number | null;
  dice?: number | null;
}

export type Split =
  | { by: "series"; validation: string[] }
  | { by: "blocks"; block: number; share: number; gap: number };

/** `start`: the version whose weights it began with; of the usual ones `id` is null. */
export interface Recipe {
  config?: string;
  time_budget_s?: number;
  epochs?: number | null;
  seed?: number;
  start?: { id: string | null; sha256: string } | null;
}

/** How a version came to be; a file that was uploaded says only its name. */
export interface Provenance {
  job?: string;
  snapshot?: { series?: Record<string, number>; settings_version?: number };
  split?: Split;
  /** Names by id, as they were. */
  series?: Record<string, string>;
  recipe?: Recipe;
  trained_s?: number;
  frames?: { training: number; validation: number };
  /** Which frames of which series stood on which side. */
  places?: { training?: Record<string, number[]>; validation?: Record<string, number[]> };
  masks?: number;
  file_name?: string;
}

export interface ModelVersion {
  id: string;
  project: string;
  model: string;
  title: string;
  number: number;
  name: string;
  origin: "trained" | "uploaded";
  sha256: string;
  size_bytes: number;
  metadata: Metadata;
  phases: VersionPhase[];
  provenance: Provenance;
  scores: Record<string, number | null>;
  curve: CurveRow[];
  created_by: Person;
  created_at: string;
  archived: boolean;
  available: boolean;
  parameters: ModelParameter[];
}

export interface Catalogue {
  models: ProjectModel[];
  versions: ModelVersion[];
}

/** `version` null: the model's usual weights. */
export interface ModelChoice {
  model: string;
  version: string | null;
}

export interface TrainingRequest {
  model: string;
  config: string;
  name: string;
  series: { id: string; version?: number }[];
  phases: string[];
  split: Split;
  time_budget_s: number;
  epochs?: number;
  seed?: number;
  start?: string | null;
  from_usual?: boolean;
  resume?: string | null;
}

export interface SeriesFrames {
  series: string;
  frames: number[];
}

export interface SplitPreview {
  training: SeriesFrames[];
  validation: SeriesFrames[];
  unused: SeriesFrames[];
  masks: number;
  /** Those that forbid a start come first. */
  problems: string[];
  can_start: boolean;
}

export interface Training {
  /** Empty: the version that it makes will be called by its number. */
  name: string;
  /** Its title. */
  model: string;
  /** Names, as they were. */
  series: string[];
  recipe: Recipe;
  rows: CurveRow[];
  version: string | null;
  can_resume: boolean;
  state: Job["state"];
}

export interface ComparisonRequest {
  models: ModelChoice[];
  series: string;
  version?: number;
  frames: number[];
  controls: boolean;
}

/** A model's line; scores beside `NAME_low` and `NAME_high`, the limits of their 95 % interval. */
export interface ComparedModel {
  key: string;
  model: string;
  version: string | null;
  label: string;
  control: boolean;
  error?: string | null;
  /** Of the frames scored here. */
  trained_on?: number[];
  /** Likewise: those whose scores chose the epoch that was kept. */
  chosen_by?: number[];
  parameters: number | null;
  input_size: number | null;
  images_per_s: number | null;
  pixels_per_s: number | null;
  peak_memory_mb: number | null;
  [score: string]: number | string | boolean | null | undefined | number[];
}

export interface Comparison {
  series: string;
  series_name?: string;
  version?: number;
  frames: number[];
  notes: string[];
  device?: string;
  threads?: number;
  tolerance_px?: number;
  models: ComparedModel[];
  /** A frame's scores, by the model's key and the frame. */
  per_frame?: Record<string, Record<string, Record<string, number | null>>>;
}

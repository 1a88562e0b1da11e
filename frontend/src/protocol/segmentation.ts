// The values of the REST interface about segmenting many frames, and about the proposals that this leaves.

import type { Settings } from "./settings";

/** First and last frame, both included; `step` 3 takes every third. */
export interface FrameRange {
  from: number;
  to: number;
  step: number;
}

export interface SegmentationRequest {
  model: string;
  /** Null: the model's usual weights. */
  version: string | null;
  parameters: Settings;
  frames: FrameRange;
  /** Proposals that earlier jobs left on these frames go; accepted masks never do. */
  replace_proposals: boolean;
}

/** Proposals of some frames (null: of all) whose score is at least this, and less than `below`. */
export interface ProposalFilter {
  frames: { from: number; to: number } | null;
  min_score: number;
  below: number | null;
  /** What the client calls it, to take it back as one. */
  action?: string;
}

/** `version` is the series' newest one, whether or not there was anything to change. */
export interface ProposalsAccepted {
  version: number;
  accepted: number;
}

export interface ProposalsDiscarded {
  version: number;
  discarded: number;
}

/** `scores` counts in 20 bins of 0.05, from 0 to 1; `unscored` those of models that give no score. */
export interface ProposalSummary {
  count: number;
  frames: { frame: number; count: number }[];
  scores: number[];
  unscored: number;
}

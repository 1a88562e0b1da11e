// The values of the REST interface about following objects through time, and about correcting what came of it.

import type { EventRevision } from "./messages";
import type { BundledWeights, Settings } from "./settings";

export interface Tracker {
  name: string;
  title: string;
  available: boolean;
  /** Why it cannot run; empty where it can. */
  reason: string;
  bundled: BundledWeights | null;
  default: boolean;
}

export interface TrackingRequest {
  /** The segmenter. */
  model: string;
  /** Null: the segmenter's usual weights. */
  version: string | null;
  parameters: Settings;
  tracker: string;
  /** `end` before `start`: backward in time. */
  frames: { start: number; end: number };
  /** Null: whatever has a mask on the start frame. */
  tracks: string[] | null;
  /** Also what the segmenter finds on the way; only without `tracks`. */
  new_objects: boolean;
}

/** Frames in a row, both ends included; `last_frame` null: to the end of the series. */
interface FrameSpan {
  first_frame: number;
  last_frame: number | null;
}

export interface Reassign extends FrameSpan {
  op: "tracks.reassign";
  /** All at once, so two tracks that are given each other's masks are exchanged. */
  moves: { track: string; to: string }[];
  /** Where both have a mask: say so, make one of both, take the one that arrives, or the one that is there. */
  collision: "refuse" | "join" | "replace" | "keep";
}

export interface EventSet extends Omit<EventRevision, "kind" | "revision" | "origin" | "deleted"> {
  op: "event.set";
}

export type Step =
  | { op: "track.create"; track: string; phase: string | null; name: string }
  | Reassign
  | ({ op: "masks.delete"; track: string } & FrameSpan)
  | ({ op: "masks.accept"; tracks: string[] | null } & FrameSpan)
  | EventSet
  | { op: "event.delete"; event: string };

export interface TrackEdit {
  request_id: string;
  reason: string;
  /** The newest version that the person has seen. */
  seen: number;
  steps: Step[];
}

/** The version that came of it, and how many masks it took back. */
export interface JobReverted {
  version: number;
  masks: number;
}

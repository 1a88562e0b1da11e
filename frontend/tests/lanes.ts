// Tracks, runs and events for tests of the lanes and of the lineage.

import type { EventRevision } from "../src/protocol/messages";
import type { LaneRun } from "../src/protocol/rest";
import type { LaneRow } from "../src/state/annotator/lane_rows";
import {
  type Joins,
  joinsAmong,
  type Occurrence,
  occurrencesAmong,
} from "../src/state/annotator/occurrences";
import type { Track } from "../src/state/annotator/view";
import { byHand } from "./annotator";

export function track(number: number, values: Partial<Track> = {}): Track {
  return { track: `t${number}`, number, phase: "gold", name: "", deleted: false, ...values };
}

export function lane(number: number, first: number, last: number, values: Partial<Track> = {}): LaneRow {
  return { track: track(number, values), runs: [laneRun(first, last)] };
}

export function laneRun(first: number, last: number, values: Partial<LaneRun> = {}): LaneRun {
  return { first, last, state: "accepted", confidence: null, ...values };
}

export function happening(
  what: EventRevision["what"],
  last_frame: number,
  parents: number[],
  children: number[],
  values: Partial<EventRevision> = {},
): EventRevision {
  return {
    kind: "event",
    revision: 1,
    event: `${what} ${parents} ${children}`,
    what,
    first_frame: last_frame - 1,
    last_frame,
    parents: parents.map((number) => `t${number}`),
    children: children.map((number) => `t${number}`),
    confidence: 0.9,
    state: "accepted",
    origin: { ...byHand, tracker: "deaot_t" },
    deleted: false,
    ...values,
  };
}

export function among(rows: readonly LaneRow[], events: readonly EventRevision[]): readonly Occurrence[] {
  const tracks = new Map(rows.map((row) => [row.track.track, row.track]));
  return occurrencesAmong(new Map(events.map((event) => [event.event, event])), tracks);
}

export function joinsOfRows(rows: readonly LaneRow[], events: readonly EventRevision[]): Joins {
  return joinsAmong(among(rows, events));
}

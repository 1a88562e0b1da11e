// What happened to tracks, in words. Frames count from 1, as everywhere on screen.

import type { LaneRun } from "../../protocol/rest";
import { firstFrame, type LaneRow, lastFrame } from "../../state/annotator/lane_rows";
import { confidenceLevel } from "../../state/annotator/lanes";
import type { Joins, Occurrence } from "../../state/annotator/occurrences";
import type { Track } from "../../state/annotator/view";
import { percent } from "../../state/format";

/** "Tracks 4 and 7 merge into 12 between frames 30 and 31, 92 %, found by tracking, not confirmed". */
export function occurrenceText(occurrence: Occurrence): string {
  const { first_frame, last_frame } = occurrence.event;
  const when = `between frames ${first_frame + 1} and ${last_frame + 1}`;
  return [`${whatHappens(occurrence)} ${when}`, ...certainty(occurrence)].join(", ");
}

/** How sure it is, who found it, and whether somebody confirmed it. */
export function certainty({ event }: Occurrence): string[] {
  const { confidence, origin, state } = event;
  return [
    ...(confidence === null ? [] : [percent(confidence)]),
    origin.tracker === null ? "marked by hand" : "found by tracking",
    state === "accepted" ? "confirmed" : "not confirmed",
  ];
}

function whatHappens({ event, parents, children }: Occurrence): string {
  switch (event.what) {
    case "merge":
      return `Tracks ${numbers(parents)} merge into ${numbers(children)}`;
    case "split":
      return `Track ${numbers(parents)} splits into ${numbers(children)}`;
    case "birth":
      return `Track ${numbers(children)} appears`;
    case "dissolution":
      return `Track ${numbers([...parents, ...children])} dissolves`;
    case "exit":
      return `Track ${numbers([...parents, ...children])} leaves the image`;
    case "contact":
      return `Tracks ${numbers([...parents, ...children])} touch`;
  }
}

function numbers(tracks: readonly Track[]): string {
  const names = tracks.map(({ number }) => (number === null ? "a new one" : String(number)));
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** "frames 3 to 40". */
export function framesText(first: number, last: number): string {
  return first === last ? `frame ${first + 1}` : `frames ${first + 1} to ${last + 1}`;
}

export function runText({ track }: LaneRow, run: LaneRun, phase: string): string {
  const name = track.name === "" ? phase : `${track.name}, ${phase}`;
  return [
    `Track ${track.number ?? "without a number"}`,
    name,
    framesText(run.first, run.last),
    run.state === "accepted" ? "accepted" : "proposal, not accepted",
    ...confidenceText(run.confidence),
  ].join(", ");
}

const LEVELS = { unknown: "", sure: "sure", fair: "worth a look", low: "doubtful" };

function confidenceText(confidence: number | null): string[] {
  if (confidence === null) return [];
  return [`confidence at least ${percent(confidence)}: ${LEVELS[confidenceLevel(confidence)]}`];
}

/** A whole row for who does not see it. */
export function rowText(row: LaneRow, phase: string, joins: Joins): string {
  const { track, runs } = row;
  const gaps = runs.filter((run, index) => index > 0 && run.first > (runs[index - 1]?.last ?? 0) + 1).length;
  const open = runs.some(({ state }) => state === "proposal");
  const life = [
    `Track ${track.number ?? "without a number"}`,
    ...(track.name === "" ? [] : [track.name]),
    phase,
    framesText(firstFrame(row), lastFrame(row)),
    ...(gaps === 0 ? [] : [gaps === 1 ? "with a gap" : `with ${gaps} gaps`]),
    open ? "with proposals" : "accepted",
  ].join(", ");
  const related = [...(joins.into.get(track.track) ?? []), ...(joins.outOf.get(track.track) ?? [])];
  return [life, ...related.map(occurrenceText)].join(". ");
}

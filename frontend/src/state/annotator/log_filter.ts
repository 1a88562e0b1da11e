// Which changes the history lists: who made them, of what kind they are, on which frames and of which object. Pure.

import type { HistoryQuery, Kind } from "../../protocol/history";

export interface LogFilter {
  readonly author: number | null;
  readonly kinds: readonly Kind[];
  readonly track: string | null;
  /** As typed, counted from 1: "12" or "3-9". */
  readonly frames: string;
}

export const NO_FILTER: LogFilter = { author: null, kinds: [], track: null, frames: "" };

export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  masks: "Masks",
  deletions: "Deletions",
  objects: "Objects, phases",
  segmentation: "Segmentation jobs",
  tracking: "Tracking jobs",
  events: "Events",
  calibration: "Calibration",
  restoring: "Restore, undo",
};

/** First and last frame, counted from 0; null: none is typed, or it is no frame of the series. */
export function typedFrames(text: string, count: number): readonly [first: number, last: number] | null {
  const match = /^\s*(\d+)\s*(?:[-–]\s*(\d+)\s*)?$/.exec(text);
  if (match === null) return null;
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  return first >= 1 && first <= last && last <= count ? [first - 1, last - 1] : null;
}

/** What is wrong with the frames that are typed. */
export function framesProblem(text: string, count: number): string | undefined {
  if (text.trim() === "" || typedFrames(text, count) !== null) return undefined;
  return `Give a frame from 1 to ${count}, or a range such as 1-${count}.`;
}

/** What the server is asked; a range that cannot be read counts for nothing. */
export function queryOf({ author, kinds, track, frames }: LogFilter, count: number): HistoryQuery {
  const typed = typedFrames(frames, count);
  return {
    ...(author === null ? {} : { author }),
    ...(kinds.length === 0 ? {} : { kind: kinds }),
    ...(track === null ? {} : { track }),
    ...(typed === null ? {} : { first_frame: typed[0], last_frame: typed[1] }),
  };
}

/** The filter in words, part by part; empty: everything is listed. */
export function filterWords(
  { author, kinds, track, frames }: LogFilter,
  count: number,
  names: { person: (id: number) => string; object: (track: string) => string },
): readonly string[] {
  const typed = typedFrames(frames, count);
  const [first, last] = typed ?? [0, 0];
  return [
    ...(author === null ? [] : [names.person(author)]),
    ...kinds.map((kind) => KIND_NAMES[kind]),
    ...(track === null ? [] : [names.object(track)]),
    ...(typed === null ? [] : [first === last ? `frame ${first + 1}` : `frames ${first + 1} to ${last + 1}`]),
  ];
}

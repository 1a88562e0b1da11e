// The history as it is listed: what one job wrote, a version a frame, is one line until somebody opens it.

import type { HistoryEntry } from "../../protocol/history";
import { counted } from "../format";

/** Neighbours that one job made, together; all others alone. */
export function groupedByJob(entries: readonly HistoryEntry[]): readonly (readonly HistoryEntry[])[] {
  const groups: HistoryEntry[][] = [];
  for (const entry of entries) {
    const last = groups.at(-1);
    if (entry.job !== null && last?.[0]?.job === entry.job) last.push(entry);
    else groups.push([entry]);
  }
  return groups;
}

/** Several versions as one: the newest, with all that they changed. */
export function summed(entries: readonly HistoryEntry[]): HistoryEntry | null {
  const [newest] = entries;
  if (newest === undefined) return null;
  const counts = { ...newest.counts };
  for (const entry of entries.slice(1)) {
    for (const key of Object.keys(counts) as (keyof typeof counts)[]) counts[key] += entry.counts[key];
  }
  const frames = [...new Set(entries.flatMap((entry) => entry.frames))].sort((a, b) => a - b);
  // "Track frame 12" of each: the verb says what the job did.
  const verb = newest.reason.split(" ")[0] ?? "";
  const [first, last] = [frames[0], frames.at(-1)];
  const span = first === undefined || last === undefined ? "" : ` frames ${first + 1} to ${last + 1}`;
  return { ...newest, reason: `${verb}${span}`, counts, frames };
}

/** "2 masks, 1 new object". */
export function countsText(counts: HistoryEntry["counts"]): string {
  return [
    counts.masks_set > 0 ? counted(counts.masks_set, "mask") : "",
    counts.masks_deleted > 0 ? `${counted(counts.masks_deleted, "mask")} deleted` : "",
    counts.tracks_created > 0 ? counted(counts.tracks_created, "new object") : "",
    counts.tracks_changed > 0 ? `${counted(counts.tracks_changed, "object")} changed` : "",
    counts.tracks_deleted > 0 ? `${counted(counts.tracks_deleted, "object")} deleted` : "",
    counts.events > 0 ? counted(counts.events, "event") : "",
    counts.calibrations > 0 ? "calibration" : "",
  ]
    .filter((part) => part !== "")
    .join(", ");
}

/** "frame 12", "20 frames". */
export function framesText({ frames }: HistoryEntry): string {
  const [first] = frames;
  if (first === undefined) return "";
  return frames.length === 1 ? `frame ${first + 1}` : `${frames.length} frames`;
}

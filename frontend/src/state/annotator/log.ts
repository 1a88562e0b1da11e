// The history as it is listed: what one job wrote, a version a frame, is one line until somebody opens it.

import type { HistoryEntry } from "../../protocol/rest";

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

// What a split does to each series, as stretches of frames that a strip can draw. Pure.

import type { SeriesFrames, SplitPreview } from "../../protocol/models";

export type Use = "training" | "validation" | "unused" | "none";

/** Frames `from` to `to`, both included, that are used alike. "none": not annotated. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly use: Use;
}

export interface Strip {
  readonly series: string;
  readonly stretches: readonly Stretch[];
  readonly counts: Readonly<Record<Exclude<Use, "none">, number>>;
}

const PARTS = ["training", "validation", "unused"] as const;

/** One strip per series, in the order given. `frames`: how many the series has. */
export function strips(
  preview: SplitPreview,
  series: readonly { readonly id: string; readonly frames: number }[],
): Strip[] {
  return series.map(({ id, frames }) => {
    const uses = new Map<number, Use>();
    const counts = { training: 0, validation: 0, unused: 0 };
    for (const part of PARTS) {
      for (const frame of framesOf(preview[part], id)) {
        uses.set(frame, part);
        counts[part] += 1;
      }
    }
    return { series: id, stretches: stretchesOf(uses, frames), counts };
  });
}

export function stretchesOf(uses: ReadonlyMap<number, Use>, frames: number): Stretch[] {
  const found: Stretch[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const use = uses.get(frame) ?? "none";
    const last = found.at(-1);
    if (last?.use === use) found[found.length - 1] = { ...last, to: frame };
    else found.push({ from: frame, to: frame, use });
  }
  return found;
}

const framesOf = (part: readonly SeriesFrames[], series: string) =>
  part.filter((one) => one.series === series).flatMap((one) => one.frames);

/** "1–12, 20" for people, who count frames from 1. */
export function frameRanges(frames: readonly number[]): string {
  const sorted = [...frames].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const frame of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && frame <= last[1] + 1) last[1] = frame;
    else ranges.push([frame, frame]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from + 1}` : `${from + 1}–${to + 1}`)).join(", ");
}

/** Evenly spread over the list, its first and last included; all where there are no more. */
export function spread<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  if (count === 1) return all.slice(0, 1);
  const step = (all.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => all[Math.round(index * step)] as T);
}

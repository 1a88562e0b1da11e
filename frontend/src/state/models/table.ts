// The columns of a comparison: how a value reads, which is best, and in what order rows stand. Pure.

import type { ComparedModel } from "../../protocol/models";
import { significant } from "../format";

export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  /** Which end is good; "zero": the nearest to it. */
  readonly best: "high" | "low" | "zero";
  readonly text: (value: number) => string;
  readonly interval?: boolean;
  /** Sorted by, but nobody is praised for it. */
  readonly unmarked?: boolean;
}

const score = (value: number) => value.toFixed(3);

export const measures: readonly Measure[] = [
  {
    name: "iou",
    title: "IoU",
    help: "Overlap with the labels: shared pixels over all pixels of either, mean over frames.",
    best: "high",
    text: score,
    interval: true,
  },
  {
    name: "dice",
    title: "Dice",
    help: "Twice the shared pixels over the sum of both, mean over frames.",
    best: "high",
    text: score,
    interval: true,
  },
  {
    name: "ap50",
    title: "AP50",
    help: "Average precision of objects found with an IoU of at least 0.50.",
    best: "high",
    text: score,
    interval: true,
  },
  {
    name: "ap75",
    title: "AP75",
    help: "Average precision of objects found with an IoU of at least 0.75.",
    best: "high",
    text: score,
    interval: true,
  },
  {
    name: "pq",
    title: "PQ",
    help: "Panoptic quality: how many objects are found, times how well.",
    best: "high",
    text: score,
    interval: true,
  },
  {
    name: "boundary_f1",
    title: "Boundary F1",
    help: "Agreement of the outlines within the tolerance.",
    best: "high",
    text: score,
    interval: true,
  },
  {
    name: "count_error",
    title: "Count error",
    help: "Objects found minus true objects, mean over frames.",
    best: "zero",
    text: signed,
    interval: true,
  },
  {
    name: "images_per_s",
    title: "Frames/s",
    help: "After a first frame that is not timed.",
    best: "high",
    text: (value) => significant(value, 3),
  },
  {
    name: "peak_memory_mb",
    title: "Memory (MB)",
    help: "Peak of the model's own process, or of the GPU.",
    best: "low",
    text: (value) => Math.round(value).toLocaleString("en"),
  },
  {
    name: "parameters",
    title: "Parameters",
    help: "Numbers that training sets.",
    unmarked: true,
    best: "low",
    text: (value) => value.toLocaleString("en"),
  },
];

function signed(value: number): string {
  const text = Math.abs(value).toFixed(1);
  if (text === "0.0") return text;
  return value > 0 ? `+${text}` : `−${text}`;
}

export function measured(row: ComparedModel, name: string): number | null {
  const value = row[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** "0.912–0.957"; null without an interval, as with a single frame. */
export function intervalText(row: ComparedModel, measure: Measure): string | null {
  if (measure.interval !== true) return null;
  const low = measured(row, `${measure.name}_low`);
  const high = measured(row, `${measure.name}_high`);
  return low === null || high === null
    ? null
    : `${measure.text(low)}${measure.best === "zero" ? " to " : "–"}${measure.text(high)}`;
}

/** How good a value is: more is better, whatever the measure. */
function merit(measure: Measure, value: number): number {
  if (measure.best === "high") return value;
  return measure.best === "low" ? -value : -Math.abs(value);
}

/**
 * The keys of the rows that are best by a measure. Controls only show what scores are worth: they are never best. Nor
 * is a model by its scores on frames that it has learnt from.
 */
export function bestKeys(rows: readonly ComparedModel[], measure: Measure): Set<string> {
  if (measure.unmarked === true) return new Set();
  const rated = rows.flatMap((row) => {
    const value = measured(row, measure.name);
    const learnt = measure.interval === true && (row.trained_on?.length ?? 0) > 0;
    return row.control || learnt || value === null
      ? []
      : [{ key: row.key, text: measure.text(value), value }];
  });
  if (rated.length < 2) return new Set();
  const best = rated.reduce((one, other) =>
    merit(measure, other.value) > merit(measure, one.value) ? other : one,
  );
  // What reads the same is equally good.
  return new Set(rated.filter(({ text }) => text === best.text).map(({ key }) => key));
}

export interface Order {
  readonly by: string;
  /** True: the best on top. */
  readonly bestFirst: boolean;
}

/** Rows without a value stand last, in either direction; equal ones keep their order. `by` "label": the alphabet. */
export function ordered(rows: readonly ComparedModel[], order: Order | null): ComparedModel[] {
  if (order === null) return [...rows];
  const sign = order.bestFirst ? 1 : -1;
  const measure = measures.find((one) => one.name === order.by);
  if (measure === undefined)
    return [...rows].sort((one, other) => sign * one.label.localeCompare(other.label, "en"));
  return [...rows].sort((one, other) => {
    const [first, second] = [measured(one, measure.name), measured(other, measure.name)];
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    return sign * (merit(measure, second) - merit(measure, first));
  });
}

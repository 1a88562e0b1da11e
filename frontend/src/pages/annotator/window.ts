// The contrast window that suits a frame. Pure.

import type { Histogram } from "../../protocol/rest";

const SATURATED = 0.0035; // on either side, as ImageJ does

/** From where all but 0.35 % of the pixels are brighter to where all but 0.35 % are darker. */
export function autoWindow(histogram: Histogram): { low: number; high: number } {
  const { counts, min, max } = histogram;
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0 || min === max) return { low: min, high: min + 1 };
  const width = binWidth(histogram);
  const edge = (bins: readonly number[]) => {
    let passed = 0;
    return bins.findIndex((count) => {
      passed += count;
      return passed > SATURATED * total;
    });
  };
  const first = min + edge(counts) * width;
  const last = max - edge(counts.toReversed()) * width;
  return last > first ? { low: first, high: last } : { low: min, high: max };
}

/** The first bin begins at `min`. A flat frame has its one value in a bin of its own. */
export function binWidth({ counts, min, max }: Histogram): number {
  return (max > min ? max - min : 1) / counts.length;
}

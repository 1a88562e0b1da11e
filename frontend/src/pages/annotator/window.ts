// The contrast window that suits a frame. Pure.

import type { Histogram } from "../../protocol/rest";

const SATURATED = 0.0035; // on either side, as ImageJ does

/** From where all but 0.35 % of the pixels are brighter to where all but 0.35 % are darker. */
export function autoWindow({ low, high, counts, min, max }: Histogram): { low: number; high: number } {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0 || min === max) return { low: min, high: min + 1 };
  const width = (high - low) / counts.length;
  const edge = (bins: readonly number[]) => {
    let passed = 0;
    return bins.findIndex((count) => {
      passed += count;
      return passed > SATURATED * total;
    });
  };
  const first = low + edge(counts) * width;
  const last = high - edge(counts.toReversed()) * width;
  return last > first ? { low: first, high: last } : { low: min, high: max };
}

// How far each pixel lies from a mask: the exact Euclidean distance, in time proportional to the pixels.

import type { Bitmap } from "./bitmap";

/** Squared distance in pixels from each pixel's centre to that of the nearest pixel whose byte is `wanted` (0: none, else
 * any mask); Infinity where there is no such pixel.
 *
 * Felzenszwalb and Huttenlocher, "Distance Transforms of Sampled Functions", doi 10.4086/toc.2012.v008a019.
 */
export function squaredDistance({ height, width, data }: Bitmap, wanted: 0 | 1): Float64Array {
  const distances = new Float64Array(height * width);
  for (let at = 0; at < data.length; at++) {
    distances[at] = (data[at] !== 0) === (wanted === 1) ? 0 : Number.POSITIVE_INFINITY;
  }
  const longest = Math.max(height, width);
  const work: Work = {
    values: new Float64Array(longest),
    places: new Int32Array(longest),
    limits: new Float64Array(longest + 1),
  };
  for (let column = 0; column < width; column++) lower(distances, column, width, height, work);
  for (let row = 0; row < height; row++) lower(distances, row * width, 1, width, work);
  return distances;
}

interface Work {
  readonly values: Float64Array;
  readonly places: Int32Array;
  readonly limits: Float64Array;
}

/** The lower envelope of the parabolas that stand on one line's values, written back into the line. */
function lower(all: Float64Array, first: number, step: number, count: number, work: Work): void {
  const { values, places, limits } = work;
  let last = -1;
  for (let at = 0; at < count; at++) {
    const value = all[first + at * step] as number;
    values[at] = value;
    if (value === Number.POSITIVE_INFINITY) continue;
    let from = Number.NEGATIVE_INFINITY;
    while (last >= 0) {
      const other = places[last] as number;
      from = (value + at * at - ((values[other] as number) + other * other)) / (2 * (at - other));
      if (from > (limits[last] as number)) break;
      last--;
    }
    places[++last] = at;
    limits[last] = last === 0 ? Number.NEGATIVE_INFINITY : from;
  }
  if (last < 0) return;
  let place = 0;
  for (let at = 0; at < count; at++) {
    while (place < last && (limits[place + 1] as number) < at) place++;
    const nearest = places[place] as number;
    all[first + at * step] = (at - nearest) ** 2 + (values[nearest] as number);
  }
}

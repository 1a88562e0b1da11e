// Masks of one frame as pixels: whose each one is, how to colour them, how well they agree with others. Pure.

import { fillRuns } from "./bitmap";
import type { Runs } from "./rle";

export type Rgb = readonly [red: number, green: number, blue: number];

/** Row by row, 0 where no mask is, else its place in the list plus one; of overlapping masks the last. */
export function ownerMap(masks: readonly Runs[], height: number, width: number): Uint16Array {
  const owners = new Uint16Array(height * width);
  masks.forEach((mask, index) => {
    fillRuns({ height, width, data: owners }, mask, index + 1);
  });
  return owners;
}

const FILL = 80;
const EDGE = 255;

/** RGBA: each mask's colour, see-through inside and solid at its edge. */
export function paintOwners(
  owners: Uint16Array,
  height: number,
  width: number,
  colourOf: (index: number) => Rgb,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(height * width * 4);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      const owner = owners[at] as number;
      if (owner === 0) continue;
      const edge =
        column === 0 ||
        row === 0 ||
        column === width - 1 ||
        row === height - 1 ||
        owners[at - 1] !== owner ||
        owners[at + 1] !== owner ||
        owners[at - width] !== owner ||
        owners[at + width] !== owner;
      const [red, green, blue] = colourOf(owner - 1);
      pixels.set([red, green, blue, edge ? EDGE : FILL], at * 4);
    }
  }
  return pixels;
}

export interface Agreement {
  /** Intersection over union of all pixels of either; 1 where both are empty. */
  readonly iou: number;
  readonly dice: number;
}

/** How the pixels of all masks of one side agree with those of the other. */
export function agreement(
  found: readonly Runs[],
  labels: readonly Runs[],
  height: number,
  width: number,
): Agreement {
  const [first, second] = [ownerMap(found, height, width), ownerMap(labels, height, width)];
  let both = 0;
  let sum = 0;
  for (let at = 0; at < first.length; at++) {
    const inFirst = first[at] !== 0;
    const inSecond = second[at] !== 0;
    if (inFirst && inSecond) both += 1;
    sum += Number(inFirst) + Number(inSecond);
  }
  if (sum === 0) return { iou: 1, dice: 1 };
  return { iou: both / (sum - both), dice: (2 * both) / sum };
}

// COCO run-length masks: the compressed text, and the runs that the rest of the front end computes with.

import type { MaskRle } from "../protocol/messages";

/** A mask as sorted, disjoint, non-touching foreground runs: `bounds` holds start, end, start, end, …
 *
 * Positions count pixels in column-major order (down each column, then the next column), as COCO does.
 */
export interface Runs {
  readonly height: number;
  readonly width: number;
  readonly bounds: Uint32Array;
}

/** Half-open pixel box: (x0, y0) is inside, (x1, y1) is not. Empty when x1 <= x0. */
export type BoxXyxy = readonly [number, number, number, number];

export class InvalidRle extends Error {}

const LONGEST_NUMBER = 7; // groups of five bits: 2^30 pixels and more would not fit a frame

/** The run lengths of compressed text, background first. */
export function decompress(counts: string): number[] {
  const lengths: number[] = [];
  let position = 0;
  while (position < counts.length) {
    let value = 0;
    let group = 0;
    let code: number;
    do {
      code = counts.charCodeAt(position++) - 48;
      if (!(code >= 0 && code < 64)) {
        throw new InvalidRle(
          `Character ${position} of the run lengths is outside "0" to "o", or the text ends too soon.`,
        );
      }
      if (group === LONGEST_NUMBER) {
        throw new InvalidRle(`A run length ends at character ${position} and is too large for any frame.`);
      }
      value += (code & 0x1f) * 2 ** (5 * group++);
    } while (code & 0x20);
    if (code & 0x10) value -= 2 ** (5 * group);
    const count = lengths.length > 2 ? value + (lengths[lengths.length - 2] as number) : value;
    if (count < 0)
      throw new InvalidRle(`Run ${lengths.length} is ${count} pixels long; runs cannot be negative.`);
    lengths.push(count);
  }
  return lengths;
}

/** The compressed text of run lengths. */
export function compress(lengths: ArrayLike<number>): string {
  let text = "";
  for (let index = 0; index < lengths.length; index++) {
    let value = lengths[index] as number;
    if (index > 2) value -= lengths[index - 2] as number;
    let more = true;
    while (more) {
      let code = value & 0x1f;
      value >>= 5;
      more = code & 0x10 ? value !== -1 : value !== 0;
      if (more) code |= 0x20;
      text += String.fromCharCode(code + 48);
    }
  }
  return text;
}

/** Throws InvalidRle when the text is damaged or does not fill its frame. */
export function decode(rle: MaskRle): Runs {
  const [height, width] = rle.size;
  const lengths = decompress(rle.counts);
  const bounds: number[] = [];
  let position = 0;
  lengths.forEach((length, index) => {
    if (index % 2 === 1 && length > 0) {
      if (bounds[bounds.length - 1] === position) bounds[bounds.length - 1] = position + length;
      else bounds.push(position, position + length);
    }
    position += length;
  });
  if (position !== height * width) {
    throw new InvalidRle(
      `The runs cover ${position} pixels; a frame of ${height}×${width} has ${height * width}.`,
    );
  }
  return { height, width, bounds: Uint32Array.from(bounds) };
}

export function encode(runs: Runs): MaskRle {
  return { size: [runs.height, runs.width], counts: compress(runLengths(runs)) };
}

/** Alternating lengths, background first, as COCO counts them. */
export function runLengths(runs: Runs): number[] {
  const { bounds } = runs;
  const lengths: number[] = [];
  let position = 0;
  for (const bound of bounds) {
    lengths.push(bound - position);
    position = bound;
  }
  const rest = runs.height * runs.width - position;
  if (rest > 0 || lengths.length === 0) lengths.push(rest);
  return lengths;
}

export function areaPx(runs: Runs): number {
  let area = 0;
  for (let i = 0; i < runs.bounds.length; i += 2) {
    area += (runs.bounds[i + 1] as number) - (runs.bounds[i] as number);
  }
  return area;
}

/** The smallest box around the mask; all zero for an empty mask. */
export function boxXyxy(runs: Runs): BoxXyxy {
  const { bounds, height } = runs;
  if (bounds.length === 0) return [0, 0, 0, 0];
  let top = height;
  let bottom = 0;
  for (let i = 0; i < bounds.length; i += 2) {
    const start = bounds[i] as number;
    const last = (bounds[i + 1] as number) - 1;
    if (Math.floor(start / height) !== Math.floor(last / height)) {
      top = 0; // a run that passes from one column to the next touches both edges
      bottom = height;
      break;
    }
    top = Math.min(top, start % height);
    bottom = Math.max(bottom, (last % height) + 1);
  }
  const left = Math.floor((bounds[0] as number) / height);
  const right = Math.floor(((bounds[bounds.length - 1] as number) - 1) / height) + 1;
  return [left, top, right, bottom];
}

const anchors = new WeakMap<Runs, { x: number; y: number } | null>();

/** `anchor`, remembered for as long as the mask is: labels ask at every move of the view. */
export function rememberedAnchor(runs: Runs): { x: number; y: number } | null {
  let found = anchors.get(runs);
  if (found === undefined) {
    found = anchor(runs);
    anchors.set(runs, found);
  }
  return found;
}

/** A point inside the mask and near its middle: halfway down the run of its median pixel. Null for an empty mask. */
export function anchor(runs: Runs): { x: number; y: number } | null {
  const { bounds, height } = runs;
  let before = areaPx(runs) / 2;
  for (let i = 0; i < bounds.length; i += 2) {
    const start = bounds[i] as number;
    const length = (bounds[i + 1] as number) - start;
    before -= length;
    if (before > 0) continue;
    const middle = start + Math.floor(length / 2);
    return { x: Math.floor(middle / height) + 0.5, y: (middle % height) + 0.5 };
  }
  return null;
}

/** Whether the pixel that holds the image point (x, y) is foreground. */
export function contains(runs: Runs, x: number, y: number): boolean {
  const column = Math.floor(x);
  const row = Math.floor(y);
  if (column < 0 || row < 0 || column >= runs.width || row >= runs.height) return false;
  const position = column * runs.height + row;
  let low = 0;
  let high = runs.bounds.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((runs.bounds[middle] as number) <= position) low = middle + 1;
    else high = middle;
  }
  return low % 2 === 1; // an odd number of bounds at or before the pixel: a run has begun and not ended
}

export function union(a: Runs, b: Runs): Runs {
  return combine(a, b, (inA, inB) => inA || inB);
}

/** What is in `a` and not in `b`. */
export function difference(a: Runs, b: Runs): Runs {
  return combine(a, b, (inA, inB) => inA && !inB);
}

export function intersection(a: Runs, b: Runs): Runs {
  return combine(a, b, (inA, inB) => inA && inB);
}

function combine(a: Runs, b: Runs, keep: (inA: boolean, inB: boolean) => boolean): Runs {
  if (a.height !== b.height || a.width !== b.width) {
    throw new InvalidRle(
      `Masks of ${a.height}×${a.width} and ${b.height}×${b.width} pixels cannot be combined.`,
    );
  }
  const bounds: number[] = [];
  let i = 0;
  let j = 0;
  let inside = false;
  while (i < a.bounds.length || j < b.bounds.length) {
    const position = Math.min(a.bounds[i] ?? Infinity, b.bounds[j] ?? Infinity);
    if (a.bounds[i] === position) i++;
    if (b.bounds[j] === position) j++;
    const now = keep(i % 2 === 1, j % 2 === 1);
    if (now !== inside) bounds.push(position);
    inside = now;
  }
  return { height: a.height, width: a.width, bounds: Uint32Array.from(bounds) };
}

const decodedMasks = new WeakMap<MaskRle, Runs>();

/** `decode`, remembered for as long as the mask itself is: hit tests and drawing ask again and again. */
export function decoded(rle: MaskRle): Runs {
  let runs = decodedMasks.get(rle);
  if (runs === undefined) {
    runs = decode(rle);
    decodedMasks.set(rle, runs);
  }
  return runs;
}

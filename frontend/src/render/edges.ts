// Follows the edges of a frame's pixels at full resolution, around where a path begins.

import { clipBox } from "../geometry/bitmap";
import { type GreyWindow, LiveWire } from "../geometry/live_wire";
import type { BoxXyxy } from "../geometry/rle";
import type { Point } from "../geometry/stroke";
import type { PixelStore } from "../protocol/rest";
import type { ChunkPlace } from "../state/annotator/model";
import type { Pixels } from "./chunks";
import { tilesInBox } from "./tiles";

const REACH_PX = 256; // a path goes no farther from its beginning; beyond, it goes straight
const MOST_WIRES = 3; // a corner that is moved has two neighbours

/** The part of a frame in which a path from here runs. */
export function windowAround({ x, y }: Point, { levels }: PixelStore): BoxXyxy {
  const { height = 0, width = 0 } = levels[0] ?? {};
  const [column, row] = [Math.floor(x), Math.floor(y)];
  return clipBox([column - REACH_PX, row - REACH_PX, column + REACH_PX, row + REACH_PX], height, width);
}

export class EdgeFollower {
  private readonly wires: { readonly key: string; readonly wire: LiveWire }[] = [];

  constructor(
    private readonly store: PixelStore,
    private readonly pixelsOf: (place: ChunkPlace) => Pixels | undefined,
  ) {}

  /** Both ends included. They alone where the pixels are not loaded. */
  follow(frame: number, from: Point, to: Point): readonly Point[] {
    const found = this.wireFrom(frame, from);
    return found === null ? [from, to] : [from, ...found.pathTo(to), to];
  }

  private wireFrom(frame: number, from: Point): LiveWire | null {
    const key = `${frame}/${Math.floor(from.x)}/${Math.floor(from.y)}`;
    const known = this.wires.find((entry) => entry.key === key);
    if (known !== undefined) return known.wire;
    const grey = this.greyWindow(frame, windowAround(from, this.store));
    if (grey === null) return null;
    const wire = new LiveWire(grey, from);
    this.wires.unshift({ key, wire });
    this.wires.length = Math.min(this.wires.length, MOST_WIRES);
    return wire;
  }

  /** The mean of the channels; null until every tile is there. */
  private greyWindow(frame: number, box: BoxXyxy): GreyWindow | null {
    const [x0, y0, x1, y1] = box;
    const { levels, channels } = this.store;
    const [tileHeight, tileWidth] = levels[0]?.chunk ?? [1, 1];
    const [height, width] = [y1 - y0, x1 - x0];
    if (height <= 0 || width <= 0) return null;
    const values = new Float32Array(height * width);
    for (const place of tilesInBox(this.store, frame, box)) {
      const pixels = this.pixelsOf(place);
      if (pixels === undefined) return null;
      const [left, top] = [place.column * tileWidth, place.row * tileHeight];
      for (let y = Math.max(y0, top); y < Math.min(y1, top + tileHeight); y++) {
        for (let x = Math.max(x0, left); x < Math.min(x1, left + tileWidth); x++) {
          let sum = 0;
          for (let channel = 0; channel < channels; channel++) {
            sum += pixels[(channel * tileHeight + y - top) * tileWidth + x - left] as number;
          }
          values[(y - y0) * width + x - x0] = Number.isFinite(sum) ? sum / channels : 0;
        }
      }
    }
    return { x0, y0, height, width, values };
  }
}

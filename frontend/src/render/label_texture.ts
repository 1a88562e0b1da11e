// A frame's labels (0: nothing), made page by page from its objects: pages whose objects are the same as before are
// neither filled nor sent again.

import { clipBox, type Raster } from "../geometry/bitmap";
import { fillPage, type Pages, pagesIn, pagesOf } from "../geometry/pages";
import { type BoxXyxy, boxXyxy, type Runs } from "../geometry/rle";
import { type Point, sweepDisc } from "../geometry/stroke";
import { type LabelPart, type LabelStore, labelStore, pageBox } from "./label_store";

/** One object's pixels and their label; of overlapping ones the last is seen. */
export interface Labelled {
  readonly runs: Runs;
  readonly label: number;
}

interface Page {
  readonly items: readonly Labelled[];
  /** Only of pages that a stroke is painted on. */
  readonly pixels: Uint16Array | null;
}

export class LabelTexture {
  readonly pages: Pages;
  private readonly store: LabelStore;
  private readonly held = new Map<number, Page>();
  private readonly scratch: Uint16Array;

  constructor(
    gl: WebGL2RenderingContext,
    readonly height: number,
    readonly width: number,
  ) {
    this.pages = pagesOf({ height, width });
    this.store = labelStore(gl, { height, width }, this.pages);
    this.scratch = new Uint16Array(this.pages.side * this.pages.side);
  }

  get paged(): boolean {
    return this.store.paged;
  }

  /** The rectangles outside of which there is no label. */
  get parts(): LabelPart[] {
    return this.store.parts([...this.held.keys()]);
  }

  bind(labels: GLenum, places: GLenum): void {
    this.store.bind(labels, places);
  }

  /** What is to be seen from now on. */
  show(items: readonly Labelled[]): void {
    const wanted = new Map<number, Labelled[]>();
    for (const item of items) {
      for (const page of pagesIn(this.pages, boxOf(item.runs))) {
        const list = wanted.get(page);
        if (list === undefined) wanted.set(page, [item]);
        else list.push(item);
      }
    }
    for (const at of [...this.held.keys()]) {
      if (wanted.has(at)) continue;
      this.held.delete(at);
      this.store.drop(at);
    }
    const { side } = this.pages;
    for (const [at, list] of wanted) {
      const page = this.held.get(at);
      if (page !== undefined && page.pixels === null && sameItems(page.items, list)) continue;
      this.fill(this.scratch, list, at);
      this.store.write(at, this.scratch, [0, 0, side, side]);
      this.held.set(at, { items: list, pixels: null });
    }
  }

  /** Paints a disc's way over what is shown, until the next `show`. Returns the box that it may have touched. */
  sweep(from: Point, to: Point, diameter: number, label: number): BoxXyxy {
    const { side } = this.pages;
    const swept = sweptBox(from, to, diameter, this.height, this.width);
    for (const at of pagesIn(this.pages, swept)) {
      const page = this.held.get(at) ?? { items: [], pixels: null };
      const pixels = page.pixels ?? new Uint16Array(side * side);
      if (page.pixels === null) {
        this.fill(pixels, page.items, at);
        this.store.write(at, pixels, [0, 0, side, side]);
        this.held.set(at, { ...page, pixels });
      }
      const [x0, y0] = pageBox(this.pages, this, at);
      const inPage = (point: Point) => ({ x: point.x - x0, y: point.y - y0 });
      const raster = { height: side, width: side, data: pixels };
      this.store.write(at, pixels, sweepDisc(raster, inPage(from), inPage(to), diameter, label));
    }
    return swept;
  }

  private fill(pixels: Uint16Array, items: readonly Labelled[], at: number): void {
    const { side } = this.pages;
    pixels.fill(0);
    const raster: Raster = { height: side, width: side, data: pixels };
    const [x0, y0] = pageBox(this.pages, this, at);
    for (const { runs, label } of items) fillPage(raster, runs, label, x0, y0);
  }
}

function sweptBox(from: Point, to: Point, diameter: number, height: number, width: number): BoxXyxy {
  const reach = diameter / 2 + 1; // the disc's centre goes to the next pixel's middle or corner
  const x = [Math.floor(Math.min(from.x, to.x) - reach), Math.ceil(Math.max(from.x, to.x) + reach)] as const;
  const y = [Math.floor(Math.min(from.y, to.y) - reach), Math.ceil(Math.max(from.y, to.y) + reach)] as const;
  return clipBox([x[0], y[0], x[1], y[1]], height, width);
}

function sameItems(before: readonly Labelled[], now: readonly Labelled[]): boolean {
  if (before.length !== now.length) return false;
  return before.every(({ runs, label }, index) => runs === now[index]?.runs && label === now[index]?.label);
}

const boxes = new WeakMap<Runs, BoxXyxy>();

function boxOf(runs: Runs): BoxXyxy {
  let box = boxes.get(runs);
  if (box === undefined) {
    box = boxXyxy(runs);
    boxes.set(runs, box);
  }
  return box;
}

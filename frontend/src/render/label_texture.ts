// A frame's labels (0: nothing) on the GPU, in pages: those without objects take no memory, and only pages that changed
// are filled and sent again.

import { clipBox, type Raster } from "../geometry/bitmap";
import { fillPage, type Pages, pagesIn, pagesOf } from "../geometry/pages";
import { type BoxXyxy, boxXyxy, type Runs } from "../geometry/rle";
import { type Point, sweepDisc } from "../geometry/stroke";
import { DrawingFailed, makeTexture } from "./gl";

/** One object's pixels and their label; of overlapping ones the last is seen. */
export interface Labelled {
  readonly runs: Runs;
  readonly label: number;
}

interface Page {
  readonly layer: number;
  readonly items: readonly Labelled[];
  /** Only of pages that a stroke is painted on. */
  pixels: Uint16Array | null;
}

const FEWEST_LAYERS = 4;

export class LabelTexture {
  readonly pages: Pages;
  /** An array with one layer per page in use. */
  private labels: WebGLTexture;
  /** Per page its layer plus one, or 0. */
  private readonly places: WebGLTexture;
  private readonly layerOf: Uint16Array;
  private readonly held = new Map<number, Page>();
  private readonly free: number[] = [];
  private readonly scratch: Raster & { data: Uint16Array };
  private layers = FEWEST_LAYERS;
  private moved = true;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    readonly height: number,
    readonly width: number,
  ) {
    this.pages = pagesOf({ height, width });
    const { side, columns, rows } = this.pages;
    const limit = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    if (side > limit) {
      throw new DrawingFailed(
        `A frame of ${width}×${height} px is larger than this graphics card draws masks on (${limit * 16} px a side).`,
      );
    }
    this.scratch = { height: side, width: side, data: new Uint16Array(side * side) };
    this.layerOf = new Uint16Array(columns * rows);
    this.places = makeTexture(gl, gl.TEXTURE_2D);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R16UI, columns, rows);
    this.layers = Math.min(FEWEST_LAYERS, columns * rows);
    this.labels = this.makeLayers();
    this.free.push(...range(0, this.layers));
  }

  /** What is to be seen from now on: pages whose objects are the same as before stay as they are. */
  show(items: readonly Labelled[]): void {
    const wanted = new Map<number, Labelled[]>();
    for (const item of items) {
      for (const page of pagesIn(this.pages, boxOf(item.runs))) {
        const list = wanted.get(page);
        if (list === undefined) wanted.set(page, [item]);
        else list.push(item);
      }
    }
    for (const [at, page] of this.held) if (!wanted.has(at)) this.release(at, page);
    for (const [at, list] of wanted) {
      const page = this.held.get(at);
      if (page !== undefined && page.pixels === null && sameItems(page.items, list)) continue;
      const layer = page?.layer ?? this.take(at);
      this.fill(this.scratch.data, list, at);
      this.send(layer, this.scratch.data);
      this.held.set(at, { layer, items: list, pixels: null });
    }
  }

  /** Paints a disc's way over what is shown, until the next `show`. Returns the box that it may have touched. */
  sweep(from: Point, to: Point, diameter: number, label: number): BoxXyxy {
    const { side, columns } = this.pages;
    const swept = sweptBox(from, to, diameter, this.height, this.width);
    for (const at of pagesIn(this.pages, swept)) {
      const page = this.held.get(at) ?? { layer: this.take(at), items: [], pixels: null };
      const pixels = page.pixels ?? new Uint16Array(side * side);
      if (page.pixels === null) {
        this.fill(pixels, page.items, at);
        this.held.set(at, { ...page, pixels });
      }
      const x0 = (at % columns) * side;
      const y0 = Math.floor(at / columns) * side;
      const inPage = (point: Point) => ({ x: point.x - x0, y: point.y - y0 });
      const raster = { height: side, width: side, data: pixels };
      this.send(page.layer, pixels, sweepDisc(raster, inPage(from), inPage(to), diameter, label));
    }
    return swept;
  }

  /** The pages that hold anything, with their boxes. */
  get inUse(): { box: BoxXyxy; layer: number }[] {
    const { side, columns } = this.pages;
    return [...this.held].map(([at, { layer }]) => {
      const x0 = (at % columns) * side;
      const y0 = Math.floor(at / columns) * side;
      return { layer, box: [x0, y0, Math.min(this.width, x0 + side), Math.min(this.height, y0 + side)] };
    });
  }

  bind(labels: GLenum, places: GLenum): void {
    const { gl, pages } = this;
    gl.activeTexture(places);
    gl.bindTexture(gl.TEXTURE_2D, this.places);
    if (this.moved) {
      this.moved = false;
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
      const [format, type] = [gl.RED_INTEGER, gl.UNSIGNED_SHORT];
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, pages.columns, pages.rows, format, type, this.layerOf);
    }
    gl.activeTexture(labels);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.labels);
  }

  private fill(pixels: Uint16Array, items: readonly Labelled[], at: number): void {
    const { side, columns } = this.pages;
    pixels.fill(0);
    const raster = { height: side, width: side, data: pixels };
    const [x0, y0] = [(at % columns) * side, Math.floor(at / columns) * side];
    for (const { runs, label } of items) fillPage(raster, runs, label, x0, y0);
  }

  private send(layer: number, pixels: Uint16Array, box?: BoxXyxy): void {
    const { gl } = this;
    const { side } = this.pages;
    const [x0, y0, x1, y1] = box ?? [0, 0, side, side];
    if (x1 <= x0 || y1 <= y0) return;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.labels);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, side);
    const target = gl.TEXTURE_2D_ARRAY;
    const [format, type] = [gl.RED_INTEGER, gl.UNSIGNED_SHORT];
    const first = y0 * side + x0;
    gl.texSubImage3D(target, 0, x0, y0, layer, x1 - x0, y1 - y0, 1, format, type, pixels, first);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
  }

  private take(at: number): number {
    if (this.free.length === 0) this.grow();
    const layer = this.free.shift() ?? 0;
    this.layerOf[at] = layer + 1;
    this.moved = true;
    return layer;
  }

  private release(at: number, { layer }: Page): void {
    this.held.delete(at);
    this.free.push(layer);
    this.layerOf[at] = 0;
    this.moved = true;
  }

  private makeLayers(): WebGLTexture {
    const { gl } = this;
    const texture = makeTexture(gl, gl.TEXTURE_2D_ARRAY);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.R16UI, this.pages.side, this.pages.side, this.layers);
    return texture;
  }

  /** Twice the layers; what they hold is copied on the GPU. */
  private grow(): void {
    const { gl } = this;
    const { side, columns, rows } = this.pages;
    const [former, count] = [this.labels, this.layers];
    this.layers = Math.min(columns * rows, 2 * count);
    this.labels = this.makeLayers();
    const source = gl.createFramebuffer();
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, source);
    for (let layer = 0; layer < count; layer++) {
      gl.framebufferTextureLayer(gl.READ_FRAMEBUFFER, gl.COLOR_ATTACHMENT0, former, 0, layer);
      gl.copyTexSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, layer, 0, 0, side, side);
    }
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
    gl.deleteFramebuffer(source);
    gl.deleteTexture(former);
    this.free.push(...range(count, this.layers));
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

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

// Where a frame's labels lie on the GPU: as one texture, or of a large frame as those pages alone that hold anything.

import type { Pages } from "../geometry/pages";
import type { BoxXyxy } from "../geometry/rle";
import type { ImageSize } from "../geometry/viewport";
import { DrawingFailed, makeTexture } from "./gl";

/** Rectangles to draw, in image pixels; `layer` is the page's own, 0 of one texture. */
export interface LabelPart {
  readonly box: BoxXyxy;
  readonly layer: number;
}

export interface LabelStore {
  /** The shader reads an array of pages. */
  readonly paged: boolean;
  /** Writes the part `box` (in pixels of the page) of a page's labels. */
  write(at: number, pixels: Uint16Array, box: BoxXyxy): void;
  /** The page holds nothing any more. */
  drop(at: number): void;
  parts(held: readonly number[]): LabelPart[];
  /** Binds the labels to one unit, and to the other the table of pages where there is one. */
  bind(labels: GLenum, places: GLenum): void;
}

const LARGEST_WHOLE = 4096; // 32 MB

export function labelStore(gl: WebGL2RenderingContext, frame: ImageSize, pages: Pages): LabelStore {
  const limit = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  const whole = Math.max(frame.width, frame.height) <= Math.min(LARGEST_WHOLE, limit);
  if (!whole && pages.side > limit) {
    throw new DrawingFailed(
      `A frame of ${frame.width}×${frame.height} px is larger than this graphics card draws masks on.`,
    );
  }
  return whole ? new WholeFrame(gl, frame, pages) : new PageArray(gl, frame, pages);
}

export function pageBox({ side, columns }: Pages, { width, height }: ImageSize, at: number): BoxXyxy {
  const x0 = (at % columns) * side;
  const y0 = Math.floor(at / columns) * side;
  return [x0, y0, Math.min(width, x0 + side), Math.min(height, y0 + side)];
}

/** Reading it costs one fetch: where no GPU draws, that is half of what a page array costs. */
class WholeFrame implements LabelStore {
  readonly paged = false;
  private readonly texture: WebGLTexture;
  private readonly nothing: Uint16Array;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly frame: ImageSize,
    private readonly pages: Pages,
  ) {
    this.texture = makeTexture(gl, gl.TEXTURE_2D);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R16UI, frame.width, frame.height);
    this.nothing = new Uint16Array(pages.side * pages.side);
  }

  write(at: number, pixels: Uint16Array, box: BoxXyxy): void {
    const { gl } = this;
    const [left, top, right, bottom] = pageBox(this.pages, this.frame, at);
    const [x0, y0] = box;
    const [x1, y1] = [Math.min(box[2], right - left), Math.min(box[3], bottom - top)];
    if (x1 <= x0 || y1 <= y0) return;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    const send = (format: GLenum, type: GLenum) =>
      gl.texSubImage2D(
        ...([gl.TEXTURE_2D, 0, left + x0, top + y0, x1 - x0, y1 - y0, format, type] as const),
        pixels,
        y0 * this.pages.side + x0,
      );
    fromPage(gl, this.pages.side, send);
  }

  drop(at: number): void {
    this.write(at, this.nothing, [0, 0, this.pages.side, this.pages.side]);
  }

  /** One rectangle around all that is held. */
  parts(held: readonly number[]): LabelPart[] {
    const [first, ...more] = held.map((at) => pageBox(this.pages, this.frame, at));
    if (first === undefined) return [];
    const box = more.reduce<BoxXyxy>(
      (all, one) => [
        Math.min(all[0], one[0]),
        Math.min(all[1], one[1]),
        Math.max(all[2], one[2]),
        Math.max(all[3], one[3]),
      ],
      first,
    );
    return [{ box, layer: 0 }];
  }

  bind(labels: GLenum): void {
    this.gl.activeTexture(labels);
    this.gl.bindTexture(this.gl.TEXTURE_2D, this.texture);
  }
}

const FEWEST_LAYERS = 4;

class PageArray implements LabelStore {
  readonly paged = true;
  private texture: WebGLTexture;
  /** Per page its layer plus one, or 0. */
  private readonly places: WebGLTexture;
  private readonly layerOf: Uint16Array;
  private readonly free: number[];
  private layers: number;
  private moved = true;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly frame: ImageSize,
    private readonly pages: Pages,
  ) {
    const { columns, rows } = pages;
    this.layerOf = new Uint16Array(columns * rows);
    this.places = makeTexture(gl, gl.TEXTURE_2D);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R16UI, columns, rows);
    this.layers = Math.min(FEWEST_LAYERS, columns * rows);
    this.texture = this.makeLayers();
    this.free = range(0, this.layers);
  }

  write(at: number, pixels: Uint16Array, [x0, y0, x1, y1]: BoxXyxy): void {
    const { gl } = this;
    const { side } = this.pages;
    if (x1 <= x0 || y1 <= y0) return;
    const layer = this.layer(at);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
    const send = (format: GLenum, type: GLenum) =>
      gl.texSubImage3D(
        ...([gl.TEXTURE_2D_ARRAY, 0, x0, y0, layer, x1 - x0, y1 - y0, 1, format, type] as const),
        pixels,
        y0 * side + x0,
      );
    fromPage(gl, side, send);
  }

  drop(at: number): void {
    const layer = (this.layerOf[at] as number) - 1;
    if (layer < 0) return;
    this.free.push(layer);
    this.layerOf[at] = 0;
    this.moved = true;
  }

  parts(held: readonly number[]): LabelPart[] {
    return held.map((at) => ({
      box: pageBox(this.pages, this.frame, at),
      layer: (this.layerOf[at] as number) - 1,
    }));
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
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
  }

  private layer(at: number): number {
    const known = (this.layerOf[at] as number) - 1;
    if (known >= 0) return known;
    if (this.free.length === 0) this.grow();
    const layer = this.free.shift() ?? 0;
    this.layerOf[at] = layer + 1;
    this.moved = true;
    return layer;
  }

  private makeLayers(): WebGLTexture {
    const { gl } = this;
    const { side } = this.pages;
    const texture = makeTexture(gl, gl.TEXTURE_2D_ARRAY);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.R16UI, side, side, this.layers);
    return texture;
  }

  /** Twice the layers; what they hold is copied on the GPU. */
  private grow(): void {
    const { gl } = this;
    const { side, columns, rows } = this.pages;
    const [former, count] = [this.texture, this.layers];
    this.layers = Math.min(columns * rows, 2 * count);
    this.texture = this.makeLayers();
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

/** Rows of a page lie `side` labels apart in memory. */
function fromPage(gl: WebGL2RenderingContext, side: number, send: (format: GLenum, type: GLenum) => void) {
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.pixelStorei(gl.UNPACK_ROW_LENGTH, side);
  send(gl.RED_INTEGER, gl.UNSIGNED_SHORT);
  gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

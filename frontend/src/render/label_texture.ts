// A frame of labels (0: nothing) in memory and on the GPU. Only what changed is sent again.

import { clipBox, fillRuns, joinBoxes, type Raster } from "../geometry/bitmap";
import { type BoxXyxy, boxXyxy, type Runs } from "../geometry/rle";
import { DrawingFailed, makeTexture } from "./gl";

const EMPTY: BoxXyxy = [0, 0, 0, 0];

export class LabelTexture implements Raster {
  readonly data: Uint16Array;
  readonly texture: WebGLTexture;
  private dirty: BoxXyxy = EMPTY;
  private filled: BoxXyxy = EMPTY;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    readonly height: number,
    readonly width: number,
  ) {
    const limit = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    if (Math.max(height, width) > limit) {
      throw new DrawingFailed(
        `A frame of ${width}×${height} px is larger than this graphics card draws masks on (${limit} px).`,
      );
    }
    this.data = new Uint16Array(height * width);
    this.texture = makeTexture(gl, gl.TEXTURE_2D);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R16UI, width, height);
  }

  /** The box outside of which there is no label. */
  get extent(): BoxXyxy {
    return this.filled;
  }

  paint(runs: Runs, label: number): void {
    fillRuns(this, runs, label);
    this.touched(boxXyxy(runs));
  }

  /** Says that somebody wrote into `data` inside the box. */
  touched(box: BoxXyxy): void {
    const clipped = clipBox(box, this.height, this.width);
    this.dirty = joinBoxes(this.dirty, clipped);
    this.filled = joinBoxes(this.filled, clipped);
  }

  clear(): void {
    const [x0, y0, x1, y1] = this.filled;
    for (let row = y0; row < y1; row++) this.data.fill(0, row * this.width + x0, row * this.width + x1);
    this.dirty = joinBoxes(this.dirty, this.filled);
    this.filled = EMPTY;
  }

  /** Brings the GPU up to date and binds the texture. */
  bind(): void {
    const { gl, width } = this;
    const [x0, y0, x1, y1] = this.dirty;
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    if (x1 <= x0 || y1 <= y0) return;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, width);
    gl.texSubImage2D(
      gl.TEXTURE_2D,
      0,
      x0,
      y0,
      x1 - x0,
      y1 - y0,
      gl.RED_INTEGER,
      gl.UNSIGNED_SHORT,
      this.data,
      y0 * width + x0,
    );
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
    this.dirty = EMPTY;
  }
}

// Draws the canvas from the state: the image once per change of view, the masks over it at every change.

import type { Viewport } from "../geometry/viewport";
import type { Annotator, ChunkPlace } from "../state/annotator/model";
import type { ChunkCache } from "./chunks";
import { DrawingFailed } from "./gl";
import { ImageLayer } from "./image_layer";
import { MaskLayers } from "./masks";
import { levelFor, type Tile, tilesInSight } from "./tiles";

/** How long the previous frame stays while the next one loads; then the canvas says that it waits. */
const PATIENCE_MS = 250;
const PREFETCH: readonly number[] = [1, -1, 2, -2, 3, -3];
const PREFETCH_PLAYING: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8];

export interface Drawn {
  /** The frame on screen. */
  readonly frame: number;
  /** All of its pixels are there. */
  readonly complete: boolean;
}

export class Scene {
  private readonly gl: WebGL2RenderingContext;
  private image: ImageLayer;
  private masks: MaskLayers;
  private buffer: { framebuffer: WebGLFramebuffer; width: number; height: number } | null = null;
  private imageDrawnFrom: readonly unknown[] = [];
  private shown: number | null = null;
  private waitingSince: { frame: number; at: number } | null = null;

  constructor(
    canvas: HTMLCanvasElement,
    private readonly chunks: ChunkCache,
    private readonly first: Annotator,
  ) {
    // Every pixel is opaque all the same; asking the browser to see to that costs it a pass over the canvas.
    const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, stencil: false });
    if (gl === null) {
      throw new DrawingFailed(
        "This browser offers no WebGL2. Use a current Chrome, Edge, Firefox or Safari.",
      );
    }
    this.gl = gl;
    this.image = this.makeImage();
    this.masks = this.makeMasks();
  }

  /** Everything on the GPU is gone after a lost context: make it anew. */
  restore(): void {
    this.buffer = null;
    this.imageDrawnFrom = [];
    this.image = this.makeImage();
    this.masks = this.makeMasks();
  }

  /** Gives the graphics card back: browsers allow a page few contexts. */
  close(): void {
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }

  /** Asks for the tiles in sight, then for those of the frames that are likely to come next. */
  wish(
    state: Annotator,
    viewport: Viewport,
    devicePixelRatio: number,
    also: readonly ChunkPlace[] = [],
  ): void {
    const { pixels, frames } = state.series;
    const level = levelFor(pixels, viewport, devicePixelRatio);
    // A frame that is waited for has the line to itself.
    const waited = !state.playing && !this.isReady(state, state.frame, viewport, devicePixelRatio);
    const ahead = (state.playing ? PREFETCH_PLAYING : waited ? [] : PREFETCH)
      .map((step) => state.frame + step)
      .map((frame) => (state.playing ? frame % frames : frame))
      .filter((frame) => frame >= 0 && frame < frames);
    const coarsest = pixels.levels.length - 1; // few bytes: something of the frame is seen soon, however large it is
    this.chunks.want([
      ...(coarsest > level ? tilesInSight(pixels, viewport, coarsest, state.frame) : []),
      ...[state.frame, ...ahead].flatMap((frame) => tilesInSight(pixels, viewport, level, frame)),
      ...(waited || state.playing ? [] : also),
    ]);
  }

  /** Whether a frame could be shown without waiting. */
  isReady(state: Annotator, frame: number, viewport: Viewport, devicePixelRatio: number): boolean {
    const level = levelFor(state.series.pixels, viewport, devicePixelRatio);
    return tilesInSight(state.series.pixels, viewport, level, frame).every((tile) => this.chunks.has(tile));
  }

  draw(state: Annotator, viewport: Viewport, devicePixelRatio: number, now: number): Drawn {
    const { gl } = this;
    const { width, height } = gl.canvas;
    const complete = this.isReady(state, state.frame, viewport, devicePixelRatio);
    const frame = this.frameToShow(state.frame, complete, now);
    const tiles = this.tilesToShow(state, frame, viewport, devicePixelRatio);
    const from = [frame, viewport, devicePixelRatio, state.display, width, height, tiles.length, complete];
    if (this.buffer?.width !== width || this.buffer.height !== height) this.makeBuffer(width, height);
    gl.viewport(0, 0, width, height);
    if (!complete || from.some((value, index) => value !== this.imageDrawnFrom[index])) {
      this.imageDrawnFrom = from;
      gl.bindFramebuffer(gl.FRAMEBUFFER, this.buffer?.framebuffer ?? null);
      gl.clearColor(0.043, 0.051, 0.063, 1); // --canvas
      gl.clear(gl.COLOR_BUFFER_BIT);
      this.image.draw(tiles, viewport, devicePixelRatio, state.display);
    }
    // A canvas that was shown is cleared before the next drawing, and Chromium does not count a blit as drawing.
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.buffer?.framebuffer ?? null);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.masks.draw(state, frame, viewport, devicePixelRatio);
    return { frame, complete };
  }

  /** The previous frame for a moment, so that stepping does not flash; never longer. */
  private frameToShow(wanted: number, complete: boolean, now: number): number {
    if (this.waitingSince?.frame !== wanted) this.waitingSince = { frame: wanted, at: now };
    if (complete || this.shown === null || now - this.waitingSince.at > PATIENCE_MS) this.shown = wanted;
    return this.shown;
  }

  /** The tiles of the best level, over whatever coarser ones are there already. */
  private tilesToShow(state: Annotator, frame: number, viewport: Viewport, devicePixelRatio: number): Tile[] {
    const { pixels } = state.series;
    const best = levelFor(pixels, viewport, devicePixelRatio);
    const sharpest = tilesInSight(pixels, viewport, best, frame);
    if (sharpest.every((tile) => this.chunks.has(tile))) return sharpest;
    const levels = pixels.levels.map((_, level) => level).filter((level) => level >= best);
    return levels
      .reverse()
      .flatMap((level) => tilesInSight(pixels, viewport, level, frame))
      .filter((tile) => this.chunks.has(tile));
  }

  private makeImage(): ImageLayer {
    return new ImageLayer(this.gl, this.first.series.pixels, this.chunks);
  }

  private makeMasks(): MaskLayers {
    return new MaskLayers(this.gl, this.first.series.height, this.first.series.width);
  }

  private makeBuffer(width: number, height: number): void {
    const { gl } = this;
    if (this.buffer !== null) gl.deleteFramebuffer(this.buffer.framebuffer);
    const framebuffer = gl.createFramebuffer();
    const colour = gl.createRenderbuffer();
    gl.bindRenderbuffer(gl.RENDERBUFFER, colour);
    gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGB8, width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, colour);
    this.buffer = { framebuffer, width, height };
    this.imageDrawnFrom = [];
  }
}

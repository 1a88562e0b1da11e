// Draws the canvas from the state: the image once per change of view, the masks over it when one of them changes, and
// what is being drawn at every change.

import { joinBoxes } from "../geometry/bitmap";
import type { BoxXyxy } from "../geometry/rle";
import { toScreen, type Viewport } from "../geometry/viewport";
import type { Annotator, ChunkPlace } from "../state/annotator/model";
import type { ChunkCache } from "./chunks";
import { windowAround } from "./edges";
import { DrawingFailed } from "./gl";
import { ImageLayer } from "./image_layer";
import { MaskLayers } from "./masks";
import { levelFor, type Tile, tilesInBox, tilesInSight } from "./tiles";

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
  /** The image alone, and with the masks that stay as they are while a stroke is drawn. */
  private buffers: {
    image: WebGLFramebuffer;
    still: WebGLFramebuffer;
    width: number;
    height: number;
  } | null = null;
  private imageDrawnFrom: readonly unknown[] = [];
  private shown: number | null = null;
  private waitingSince: { frame: number; at: number } | null = null;

  constructor(
    canvas: HTMLCanvasElement,
    private readonly chunks: ChunkCache,
    private readonly first: Annotator,
  ) {
    // The picture is kept, so that a stroke costs the place where it grows and not the whole canvas. Without alpha the
    // browser need not blend it with the page.
    const gl = canvas.getContext("webgl2", {
      alpha: false,
      antialias: false,
      depth: false,
      stencil: false,
      preserveDrawingBuffer: true,
    });
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
    this.buffers = null;
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
      ...tilesInSight(pixels, viewport, level, state.frame),
      ...tilesAlongOutline(state),
      ...ahead.flatMap((frame) => tilesInSight(pixels, viewport, level, frame)),
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
    if (this.buffers?.width !== width || this.buffers.height !== height) this.makeBuffers(width, height);
    if (this.buffers === null) return { frame, complete };
    const { image, still } = this.buffers;
    gl.viewport(0, 0, width, height);
    const stale = !complete || from.some((value, index) => value !== this.imageDrawnFrom[index]);
    if (stale) {
      this.imageDrawnFrom = from;
      gl.bindFramebuffer(gl.FRAMEBUFFER, image);
      gl.clearColor(0.043, 0.051, 0.063, 1); // --canvas
      gl.clear(gl.COLOR_BUFFER_BIT);
      this.image.draw(tiles, viewport, devicePixelRatio, state.display);
    }
    const composed = this.masks.composeStill(state, frame);
    const pointed = stale ? null : composed;
    const partIn = (box: BoxXyxy | null): Part =>
      box === null ? { x: 0, y: 0, width, height } : partOf(gl.canvas, box, viewport, devicePixelRatio);
    within(gl, partIn(pointed), (part) => {
      copy(gl, image, still, part);
      this.masks.drawStill(state, frame, viewport, devicePixelRatio);
    });
    const touched = this.masks.composeTop(state, frame);
    const changed = pointed === null || touched === null ? null : joinBoxes(pointed, touched);
    within(gl, partIn(changed), (part) => {
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.clear(gl.COLOR_BUFFER_BIT); // Chromium does not count a blit as drawing
      copy(gl, still, null, part);
      this.masks.drawTop(state, viewport, devicePixelRatio);
    });
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

  private makeBuffers(width: number, height: number): void {
    const { gl } = this;
    if (this.buffers !== null) {
      gl.deleteFramebuffer(this.buffers.image);
      gl.deleteFramebuffer(this.buffers.still);
    }
    this.buffers = {
      image: makeBuffer(gl, width, height),
      still: makeBuffer(gl, width, height),
      width,
      height,
    };
    this.imageDrawnFrom = [];
  }
}

/** What the magnetic contour reads at full resolution, also where the view is zoomed out. */
function tilesAlongOutline({ tool, outline, frame, series }: Annotator): ChunkPlace[] {
  const last = outline?.frame === frame ? outline.corners.at(-1) : undefined;
  if (tool !== "magnetic" || last === undefined) return [];
  return tilesInBox(series.pixels, frame, windowAround(last, series.pixels));
}

function makeBuffer(gl: WebGL2RenderingContext, width: number, height: number): WebGLFramebuffer {
  const framebuffer = gl.createFramebuffer();
  const colour = gl.createRenderbuffer();
  gl.bindRenderbuffer(gl.RENDERBUFFER, colour);
  gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGB8, width, height);
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, colour);
  return framebuffer;
}

interface Part {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Draws inside a part only, where it has any pixels. */
function within(gl: WebGL2RenderingContext, part: Part, draw: (part: Part) => void): void {
  if (part.width <= 0 || part.height <= 0) return;
  gl.enable(gl.SCISSOR_TEST);
  gl.scissor(part.x, part.y, part.width, part.height);
  draw(part);
  gl.disable(gl.SCISSOR_TEST);
}

/** Copies a part of one picture onto another of the same size (null: the canvas), which is drawn on afterwards. */
function copy(
  gl: WebGL2RenderingContext,
  from: WebGLFramebuffer,
  to: WebGLFramebuffer | null,
  { x, y, width, height }: Part,
): void {
  const ends = [x, y, x + width, y + height] as const;
  gl.bindFramebuffer(gl.READ_FRAMEBUFFER, from);
  gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, to);
  gl.blitFramebuffer(...ends, ...ends, gl.COLOR_BUFFER_BIT, gl.NEAREST);
  gl.bindFramebuffer(gl.FRAMEBUFFER, to);
}

const LINE_REACH_PX = 4; // an outline changes this far beside a label that does, in CSS pixels

/** The device's pixels that a box of the frame covers, counted from the canvas's lower left corner. */
function partOf(
  { width, height }: { readonly width: number; readonly height: number },
  [x0, y0, x1, y1]: BoxXyxy,
  viewport: Viewport,
  devicePixelRatio: number,
): Part {
  if (x1 <= x0 || y1 <= y0) return { x: 0, y: 0, width: 0, height: 0 };
  const [first, last] = [toScreen(viewport, { x: x0, y: y0 }), toScreen(viewport, { x: x1, y: y1 })];
  const device = (screen: number, reach: number) => Math.round((screen + reach) * devicePixelRatio);
  const left = Math.max(0, device(first.x, -LINE_REACH_PX));
  const right = Math.min(width, device(last.x, LINE_REACH_PX));
  const top = Math.max(0, device(first.y, -LINE_REACH_PX));
  const bottom = Math.min(height, device(last.y, LINE_REACH_PX));
  return { x: left, y: height - bottom, width: right - left, height: bottom - top };
}

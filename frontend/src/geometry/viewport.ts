// Which part of the image the canvas shows. Screen units are CSS pixels, image pixel c spans c to c + 1.

import type { Point } from "./stroke";

export interface Viewport {
  /** Canvas size on screen. */
  readonly width: number;
  readonly height: number;
  /** Screen pixels per image pixel. */
  readonly scale: number;
  /** The image point at the canvas's top left corner. */
  readonly originX: number;
  readonly originY: number;
}

export interface ImageSize {
  readonly height: number;
  readonly width: number;
}

export const LARGEST_SCALE = 64;

export function toImage(viewport: Viewport, screen: Point): Point {
  return {
    x: viewport.originX + screen.x / viewport.scale,
    y: viewport.originY + screen.y / viewport.scale,
  };
}

export function toScreen(viewport: Viewport, image: Point): Point {
  return {
    x: (image.x - viewport.originX) * viewport.scale,
    y: (image.y - viewport.originY) * viewport.scale,
  };
}

/** The point of the image nearest to one that may lie beside it. */
export function insideImage({ x, y }: Point, image: ImageSize): Point {
  return { x: clamp(x, 0, image.width), y: clamp(y, 0, image.height) };
}

/** The whole image, centred, `margin` screen pixels free around it. */
export function fitView(canvas: ImageSize, image: ImageSize, margin = 16): Viewport {
  const room = {
    width: Math.max(1, canvas.width - 2 * margin),
    height: Math.max(1, canvas.height - 2 * margin),
  };
  const scale = Math.min(LARGEST_SCALE, room.width / image.width, room.height / image.height);
  return {
    width: canvas.width,
    height: canvas.height,
    scale,
    originX: image.width / 2 - canvas.width / 2 / scale,
    originY: image.height / 2 - canvas.height / 2 / scale,
  };
}

/** Whether the view is as `fitView` made it; one without a size is. */
export function isFitted(viewport: Viewport, image: ImageSize): boolean {
  if (viewport.width === 0) return true;
  const { scale, originX, originY } = fitView(viewport, image);
  return viewport.scale === scale && viewport.originX === originX && viewport.originY === originY;
}

/** Zooms by `factor`; the image point under `screen` stays there. */
export function zoomAt(viewport: Viewport, screen: Point, factor: number, image: ImageSize): Viewport {
  const smallest = fitView(viewport, image).scale / 4;
  const scale = Math.min(LARGEST_SCALE, Math.max(Math.min(smallest, 1), viewport.scale * factor));
  const under = toImage(viewport, screen);
  return keepInSight(
    { ...viewport, scale, originX: under.x - screen.x / scale, originY: under.y - screen.y / scale },
    image,
  );
}

/** Moves the image with the pointer by a distance on screen. */
export function pan(viewport: Viewport, dx: number, dy: number, image: ImageSize): Viewport {
  return keepInSight(
    {
      ...viewport,
      originX: viewport.originX - dx / viewport.scale,
      originY: viewport.originY - dy / viewport.scale,
    },
    image,
  );
}

/** The same image point stays in the middle when the canvas changes its size. */
export function resize(viewport: Viewport, canvas: ImageSize): Viewport {
  return {
    ...viewport,
    width: canvas.width,
    height: canvas.height,
    originX: viewport.originX + (viewport.width - canvas.width) / 2 / viewport.scale,
    originY: viewport.originY + (viewport.height - canvas.height) / 2 / viewport.scale,
  };
}

/** Brings an image point into the middle unless it is well in sight already. */
export function reveal(viewport: Viewport, point: Point, image: ImageSize): Viewport {
  const at = toScreen(viewport, point);
  const border = 0.1 * Math.min(viewport.width, viewport.height);
  const inSight =
    at.x >= border && at.y >= border && at.x <= viewport.width - border && at.y <= viewport.height - border;
  if (inSight) return viewport;
  return pan(viewport, viewport.width / 2 - at.x, viewport.height / 2 - at.y, image);
}

/** Some of the image always stays under the canvas's middle, so that nobody loses it. */
function keepInSight(viewport: Viewport, image: ImageSize): Viewport {
  const halfWidth = viewport.width / 2 / viewport.scale;
  const halfHeight = viewport.height / 2 / viewport.scale;
  return {
    ...viewport,
    originX: clamp(viewport.originX, -halfWidth, image.width - halfWidth),
    originY: clamp(viewport.originY, -halfHeight, image.height - halfHeight),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

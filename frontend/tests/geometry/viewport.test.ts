import { expect, it } from "vitest";
import type { Point } from "../../src/geometry/stroke";
import {
  fitView,
  isFitted,
  LARGEST_SCALE,
  pan,
  resize,
  reveal,
  toImage,
  toScreen,
  type Viewport,
  zoomAt,
} from "../../src/geometry/viewport";
import { random } from "../random";

const image = { width: 512, height: 400 };
const canvas = { width: 900, height: 700 };

function anyViewport(next: () => number): Viewport {
  let viewport = fitView(canvas, image);
  for (let step = 0; step < 6; step++) {
    viewport = zoomAt(viewport, anyPoint(next), 0.5 + next() * 2, image);
    viewport = pan(viewport, next() * 200 - 100, next() * 200 - 100, image);
  }
  return viewport;
}

function anyPoint(next: () => number): Point {
  return { x: next() * canvas.width, y: next() * canvas.height };
}

function expectClose(actual: Point, wanted: Point): void {
  expect(actual.x).toBeCloseTo(wanted.x, 6);
  expect(actual.y).toBeCloseTo(wanted.y, 6);
}

it("takes any screen point to the image and back", () => {
  const next = random(1);
  for (let round = 0; round < 200; round++) {
    const viewport = anyViewport(next);
    const screen = anyPoint(next);
    expectClose(toScreen(viewport, toImage(viewport, screen)), screen);
  }
});

it("keeps the image point under the cursor while zooming inside the image", () => {
  const next = random(2);
  for (let round = 0; round < 200; round++) {
    const viewport = fitView(canvas, image);
    const cursor = toScreen(viewport, { x: 150 + next() * 200, y: 120 + next() * 150 });
    const under = toImage(viewport, cursor);
    expectClose(toImage(zoomAt(viewport, cursor, 1 + next() * 6, image), cursor), under);
  }
});

it("fits the whole image, centred", () => {
  const viewport = fitView(canvas, image);
  const corner = toScreen(viewport, { x: 0, y: 0 });
  const opposite = toScreen(viewport, { x: image.width, y: image.height });
  expect(corner.x).toBeGreaterThanOrEqual(15.999);
  expect(corner.y).toBeGreaterThanOrEqual(15.999);
  expect(corner.x + opposite.x).toBeCloseTo(canvas.width);
  expect(corner.y + opposite.y).toBeCloseTo(canvas.height);
});

it("does not zoom past its limits", () => {
  let viewport = fitView(canvas, image);
  for (let step = 0; step < 60; step++) viewport = zoomAt(viewport, { x: 450, y: 350 }, 2, image);
  expect(viewport.scale).toBe(LARGEST_SCALE);
  for (let step = 0; step < 60; step++) viewport = zoomAt(viewport, { x: 450, y: 350 }, 0.5, image);
  expect(viewport.scale).toBeGreaterThan(0.1);
});

it("moves the image with the pointer, and never out of sight", () => {
  const viewport = fitView(canvas, image);
  const moved = pan(viewport, 30, -20, image);
  expectClose(toScreen(moved, { x: 10, y: 10 }), {
    x: toScreen(viewport, { x: 10, y: 10 }).x + 30,
    y: toScreen(viewport, { x: 10, y: 10 }).y - 20,
  });
  const middle = toImage(pan(viewport, 1e6, 1e6, image), { x: 450, y: 350 });
  expectClose(middle, { x: 0, y: 0 });
});

it("keeps the middle when the canvas changes its size", () => {
  const next = random(4);
  const viewport = anyViewport(next);
  const resized = resize(viewport, { width: 500, height: 300 });
  expectClose(toImage(resized, { x: 250, y: 150 }), toImage(viewport, { x: 450, y: 350 }));
  expect(resized.scale).toBe(viewport.scale);
});

it("reveals a point that is out of sight and leaves alone one that is in sight", () => {
  const close = zoomAt(fitView(canvas, image), { x: 0, y: 0 }, 20, image);
  expect(reveal(close, toImage(close, { x: 400, y: 300 }), image)).toBe(close);
  const revealed = reveal(close, { x: 400, y: 350 }, image);
  expectClose(toScreen(revealed, { x: 400, y: 350 }), { x: 450, y: 350 });
});

it("knows a fitted view from one that somebody moved", () => {
  const fitted = fitView(canvas, image);
  expect(isFitted(fitted, image)).toBe(true);
  expect(isFitted(pan(fitted, 1, 0, image), image)).toBe(false);
  expect(isFitted(zoomAt(fitted, { x: 450, y: 350 }, 1.1, image), image)).toBe(false);
  expect(isFitted(resize(fitted, { width: 900, height: 500 }), image)).toBe(false);
});

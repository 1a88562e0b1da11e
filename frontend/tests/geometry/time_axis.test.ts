import { expect, it } from "vitest";
import {
  followFrame,
  frameAt,
  frameTicks,
  frameX,
  panTime,
  wholeSeries,
  zoomTime,
} from "../../src/geometry/time_axis";

const WIDTH = 800;

it("finds a frame where it lies", () => {
  const span = { first: 12.5, count: 31 };
  for (let frame = 13; frame < 43; frame++) {
    expect(frameAt(span, WIDTH, frameX(span, WIDTH, frame) + 1e-6, 100)).toBe(frame);
    expect(frameAt(span, WIDTH, frameX(span, WIDTH, frame + 1) - 1e-6, 100)).toBe(frame);
  }
  expect(frameAt(span, WIDTH, -9999, 100)).toBe(0);
  expect(frameAt(span, WIDTH, 9999, 100)).toBe(99);
});

it("zooms about the pointer, neither beyond the series nor to less than a few frames", () => {
  const span = zoomTime(wholeSeries(1000), 1000, 0.25, 4);
  expect(span).toEqual({ first: 187.5, count: 250 });
  expect(zoomTime(span, 1000, 0.9, 1e-9)).toEqual(wholeSeries(1000));
  expect(zoomTime(span, 1000, 0.5, 1e9).count).toBe(8);
  expect(zoomTime(wholeSeries(3), 3, 0.5, 2)).toEqual(wholeSeries(3));
});

it("stays inside the series when it moves", () => {
  expect(panTime({ first: 10, count: 20 }, 100, -50).first).toBe(0);
  expect(panTime({ first: 10, count: 20 }, 100, 500).first).toBe(80);
});

it("turns the page for a frame out of sight", () => {
  const span = { first: 20, count: 10 };
  expect(followFrame(span, 100, 29)).toBe(span);
  expect(followFrame(span, 100, 30)).toEqual({ first: 30, count: 10 });
  expect(followFrame(span, 100, 19)).toEqual({ first: 10, count: 10 });
  expect(followFrame(span, 100, 99)).toEqual({ first: 90, count: 10 });
});

it("labels round numbers, not too close", () => {
  expect(frameTicks(wholeSeries(60), 600, 60)).toEqual([0, 9, 19, 29, 39, 49, 59]);
  expect(frameTicks({ first: 100, count: 4 }, 600, 60)).toEqual([100, 101, 102, 103]);
  const ticks = frameTicks({ first: 3000, count: 5000 }, 600, 60);
  expect(ticks.every((frame) => (frame + 1) % 500 === 0)).toBe(true);
  expect(ticks).toHaveLength(10);
});

import { describe, expect, it } from "vitest";
import { edgeCosts, type GreyWindow, LiveWire } from "../../src/geometry/live_wire";
import type { Point } from "../../src/geometry/stroke";
import { random } from "../random";

/** A dark disc on a bright ground with noise. */
function picture(size: number, radius: number, noise: number, seed = 3): GreyWindow {
  const next = random(seed);
  const values = Float32Array.from({ length: size * size }, (_, at) => {
    const gap = Math.hypot((at % size) + 0.5 - size / 2, Math.floor(at / size) + 0.5 - size / 2);
    return (gap < radius ? 80 : 180) + noise * (next() - 0.5);
  });
  return { x0: 100, y0: 50, height: size, width: size, values };
}

const onRim = (size: number, radius: number, angle: number): Point => ({
  x: 100 + size / 2 + radius * Math.cos(angle),
  y: 50 + size / 2 + radius * Math.sin(angle),
});

describe("a magnetic contour", () => {
  it("follows the edge between two points on it, although noise lies around", () => {
    const [size, radius] = [120, 40];
    const wire = new LiveWire(picture(size, radius, 20), onRim(size, radius, 0));
    for (const angle of [0.5, 1.2, 2]) {
      const path = wire.pathTo(onRim(size, radius, angle));
      for (const { x, y } of path) {
        const gap = Math.hypot(x - 100 - size / 2, y - 50 - size / 2);
        expect(Math.abs(gap - radius)).toBeLessThan(2.5); // the edge is blurred over 3 px, and centres lie 0.7 off
      }
      expect(path.length).toBeGreaterThan((radius * angle) / 1.5);
    }
  });

  it("is one way of neighbouring pixels from its beginning to its end", () => {
    const wire = new LiveWire(picture(80, 25, 60), { x: 110.2, y: 60.9 });
    const path = wire.pathTo({ x: 170, y: 120 });
    expect(path[0]).toEqual({ x: 110.5, y: 60.5 });
    expect(path.at(-1)).toEqual({ x: 170.5, y: 120.5 });
    path.slice(1).forEach(({ x, y }, index) => {
      const before = path[index] as Point;
      expect(Math.max(Math.abs(x - before.x), Math.abs(y - before.y))).toBe(1);
    });
  });

  it("costs no more than the straight way, whichever target was asked for before", () => {
    const grey = picture(60, 18, 40);
    const from = { x: 105, y: 60 };
    const wire = new LiveWire(grey, from);
    wire.pathTo({ x: 120, y: 70 });
    const path = wire.pathTo({ x: 150, y: 60 });
    expect(path).toEqual(new LiveWire(grey, from).pathTo({ x: 150, y: 60 }));
    const costs = edgeCosts(grey);
    const cost = (points: readonly Point[]) =>
      points.slice(1).reduce((sum, { x, y }, index) => {
        const before = points[index] as Point;
        const length = Math.hypot(x - before.x, y - before.y);
        return sum + length * (costs[Math.floor(y - 50) * 60 + Math.floor(x - 100)] as number);
      }, 0);
    const straight = Array.from({ length: 46 }, (_, index) => ({ x: 105.5 + index, y: 60.5 }));
    expect(cost(path)).toBeLessThanOrEqual(cost(straight) + path.length); // the queue sorts to within 1
  });

  it("goes straight over a picture without edges, and stays in its window", () => {
    const flat = { ...picture(40, 0, 0), values: new Float32Array(1600).fill(7) };
    const path = new LiveWire(flat, { x: 100, y: 70 }).pathTo({ x: 500, y: 70 });
    expect(path).toHaveLength(40);
    expect(path.at(-1)?.x).toBe(139.5);
  });
});

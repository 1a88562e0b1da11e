import { expect, it } from "vitest";
import { placement } from "../../src/ui/placement";

const room = { width: 1000, height: 600 };
const at = (x: number, y: number) => ({ left: x, right: x, top: y, bottom: y });

it("places a menu below its anchor, above it where there is no room, and else as far down as it fits", () => {
  const menu = { width: 200, height: 300 };
  expect(placement(at(100, 100), menu, room, "start")).toEqual({ x: 100, y: 106 });
  expect(placement(at(100, 500), menu, room, "start")).toEqual({ x: 100, y: 194 });
  expect(placement(at(100, 300), { width: 200, height: 400 }, room, "start")).toEqual({ x: 100, y: 192 });
  expect(placement(at(100, 300), { width: 200, height: 700 }, room, "start")).toEqual({ x: 100, y: 8 });
});

it("never lets a menu leave the window sideways", () => {
  expect(placement(at(950, 100), { width: 200, height: 100 }, room, "start").x).toBe(792);
});

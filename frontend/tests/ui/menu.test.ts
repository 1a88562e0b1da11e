import { describe, expect, it } from "vitest";
import { nextIndex } from "../../src/ui/Menu";
import { placement } from "../../src/ui/placement";

describe("the keys of a menu", () => {
  it("go round at both ends", () => {
    expect(nextIndex("ArrowDown", 2, 3)).toBe(0);
    expect(nextIndex("ArrowUp", 0, 3)).toBe(2);
    expect(nextIndex("ArrowDown", -1, 3)).toBe(0);
    expect(nextIndex("ArrowUp", -1, 3)).toBe(2);
  });

  it("jump to the ends and leave other keys alone", () => {
    expect(nextIndex("Home", 2, 3)).toBe(0);
    expect(nextIndex("End", 0, 3)).toBe(2);
    expect(nextIndex("a", 0, 3)).toBeUndefined();
    expect(nextIndex("ArrowDown", 0, 0)).toBeUndefined();
  });
});

describe("a floating box", () => {
  const room = { width: 1000, height: 800 };
  const size = { width: 200, height: 300 };
  const at = (left: number, top: number) => ({ left, top, right: left + 40, bottom: top + 28 });

  it("hangs below its anchor, aligned as asked", () => {
    expect(placement(at(400, 100), size, room, "start")).toEqual({ x: 400, y: 134 });
    expect(placement(at(400, 100), size, room, "end")).toEqual({ x: 240, y: 134 });
    expect(placement(at(400, 100), size, room, "centre")).toEqual({ x: 320, y: 134 });
  });

  it("stands above where there is no room below", () => {
    expect(placement(at(400, 700), size, room, "start")).toEqual({ x: 400, y: 394 });
  });

  it("stands at the right of what stands in a column", () => {
    expect(placement(at(10, 300), size, room, "beside")).toEqual({ x: 56, y: 164 });
    expect(placement(at(10, 20), size, room, "beside").y).toBe(8);
  });

  it("stays in the window", () => {
    expect(placement(at(10, 100), size, room, "end").x).toBe(8);
    expect(placement(at(960, 100), size, room, "start").x).toBe(792);
  });
});

import { describe, expect, it } from "vitest";
import { polygonRuns } from "../../src/geometry/polygon";
import { areaPx, decoded, difference, encode, type Runs, union } from "../../src/geometry/rle";
import type { Point } from "../../src/geometry/stroke";
import { canUndo } from "../../src/state/annotator/undo";
import { objectsOn } from "../../src/state/annotator/view";
import { runCommand } from "../../src/tools/commands";
import { disc, discRle, HEIGHT, maskRevision, opened, trackRevision, WIDTH } from "../annotator";
import { Script } from "./script";

const oneObject = () =>
  new Script(
    opened({ tracks: [trackRevision("t1", 1)], masks: [maskRevision("t1", 2, discRle(20, 20, 15))] }),
  );
const SQUARE: [number, number][] = [
  [30, 10],
  [45, 10],
  [45, 25],
  [30, 25],
];
const enclosed = (corners: readonly [number, number][]): Runs =>
  polygonRuns(
    corners.map(([x, y]) => ({ x, y })),
    HEIGHT,
    WIDTH,
  );
const clicks = (script: Script, corners: readonly [number, number][]) => {
  for (const corner of corners) script.click(...corner);
  return script;
};
const mask = (script: Script, index = 0) => objectsOn(script.state, 0)[index]?.mask;

describe("polygon", () => {
  it("closes at its first corner, with Enter, and with a double click", () => {
    for (const close of [
      (script: Script) => script.click(30.2, 10.3),
      (script: Script) => script.key("Enter"),
      (script: Script) => script.click(30, 25),
    ]) {
      const script = clicks(new Script(opened()).tool("polygon"), SQUARE);
      close(script);
      expect(script.state.outline).toBeNull();
      expect(script.state.pending).toHaveLength(1);
      expect(mask(script)).toEqual(encode(enclosed(SQUARE)));
    }
  });

  it("stays open with two corners, over another tool and another frame", () => {
    const script = clicks(new Script(opened()).tool("polygon"), SQUARE.slice(0, 2));
    script.key("Enter");
    script.tool("pan").drag([5, 5], [9, 9]);
    script.key("ArrowRight");
    script.key("ArrowLeft");
    script.tool("polygon").click(...(SQUARE[2] as [number, number]));
    expect(script.state.outline?.corners).toHaveLength(3);
    expect(script.state.pending).toHaveLength(0);
  });

  it("moves a corner that is dragged, and puts it back when that is cancelled", () => {
    const script = clicks(new Script(opened()).tool("polygon"), SQUARE);
    script.drag([45, 10], [50, 5]);
    script.press(30, 25).move(20, 35);
    expect(script.state.outline?.corners[3]).toMatchObject({ x: 20, y: 35 });
    script.key("Escape");
    expect(script.state.outline?.corners[3]).toMatchObject({ x: 30, y: 25 });
    script.key("Enter");
    const moved = SQUARE.map(([x, y], index): [number, number] => (index === 1 ? [50, 5] : [x, y]));
    expect(mask(script)).toEqual(encode(enclosed(moved)));
  });

  it("takes corners back with Backspace and with undo, before anything older", () => {
    const script = new Script(opened()).tool("brush").click(10, 30);
    clicks(script.tool("polygon"), SQUARE);
    script.key("Backspace");
    for (let corner = 0; corner < 3; corner++) script.key("z", { ctrl: true });
    expect(script.state.outline).toBeNull();
    expect(objectsOn(script.state, 0)).toHaveLength(1);
    script.key("z", { ctrl: true });
    expect(objectsOn(script.state, 0)).toHaveLength(0);
  });

  it("takes a corner back with the button of undo, too, and only that while it is on this frame", () => {
    const script = clicks(new Script(opened()).tool("polygon"), SQUARE);
    script.key("Enter");
    script.click(5, 5).click(10, 5);
    runCommand(script, "undo");
    expect(script.state.outline?.corners).toHaveLength(1);
    expect(script.state.undo).toHaveLength(1);
    expect(canUndo({ ...script.state, undo: [] })).toBe(true);
    script.dispatch({ type: "frame/show", frame: 1 });
    expect(canUndo({ ...script.state, undo: [] })).toBe(false);
  });

  it("lets go of the outline with Esc, and of the selection only after it", () => {
    const script = oneObject().tool("select").click(20, 20).tool("polygon");
    clicks(script, SQUARE.slice(0, 2));
    script.key("Escape");
    expect([script.state.outline, script.state.selection?.track]).toEqual([null, "t1"]);
  });

  it("adds with Shift, cuts out with Alt, and follows the mode that is chosen meanwhile", () => {
    const across: [number, number][] = [
      [20, 10],
      [40, 10],
      [40, 30],
      [20, 30],
    ];
    for (const [begin, expected] of [
      [{ shift: true }, union(disc(20, 20, 15), enclosed(across))],
      [{ alt: true }, difference(disc(20, 20, 15), enclosed(across))],
    ] as const) {
      const script = oneObject().tool("select").click(20, 20).tool("polygon");
      script.click(20, 10, begin);
      clicks(script, across.slice(1)).key("Enter");
      expect(mask(script)).toEqual(encode(expected));
      expect(script.state.pending).toHaveLength(1);
      script.key("z", { ctrl: true });
      expect(mask(script)).toEqual(discRle(20, 20, 15));
    }
    const script = clicks(oneObject().tool("select").click(20, 20).tool("polygon"), across);
    script.dispatch({ type: "drawing", change: { mode: "subtract" } });
    script.key("Enter");
    expect(areaPx(decoded(mask(script) ?? discRle(0, 0)))).toBeLessThan(areaPx(disc(20, 20, 15)));
  });

  it("cuts out of what it begins on when nothing is selected, and says so beside all", () => {
    const script = oneObject().tool("polygon").click(50, 35, { alt: true });
    expect([script.state.outline, script.state.notice]).toEqual([
      null,
      expect.stringContaining("Select one first"),
    ]);
    script.click(20, 20, { alt: true });
    expect(script.state.outline?.track).toBe("t1");
  });
});

describe("Enter while an outline is drawn", () => {
  it("closes nothing that the release closes", () => {
    const script = new Script(opened()).tool("lasso").press(5, 5).move(20, 5).move(20, 20).move(5, 20);
    expect(script.key("Enter")).toBe(true);
    script.release(5, 8);
    expect(script.state.pending).toHaveLength(1);
  });

  it("leaves a corner that is dragged in its outline", () => {
    const script = clicks(new Script(opened()).tool("polygon"), SQUARE).press(40, 35);
    script.key("Enter");
    script.move(35, 35).release(35, 35);
    expect(script.state.pending).toHaveLength(0);
    expect(script.state.outline?.corners).toHaveLength(5);
    script.key("Enter");
    expect(script.state.outline).toBeNull();
    expect(script.state.pending).toHaveLength(1);
  });
});

describe("lasso", () => {
  it("encloses what is drawn around, as one commit on release", () => {
    const script = new Script(opened()).tool("lasso").drag(...(SQUARE as [[number, number]]));
    expect(mask(script)).toEqual(encode(enclosed(SQUARE)));
    expect(script.state.pending).toHaveLength(1);
  });

  it("takes a click for a slip, and leaves nothing behind when it is cancelled", () => {
    const script = new Script(opened()).tool("lasso").click(10, 10);
    script.press(10, 10).move(30, 10).move(30, 30);
    expect(script.state.outline?.corners).toHaveLength(3);
    script.key("Escape");
    expect([script.state.outline, script.state.pending.length]).toEqual([null, 0]);
  });

  it("leaves nothing behind that encloses nothing", () => {
    const script = new Script(opened()).tool("lasso").press(5, 5).release(20, 20);
    expect(script.state.outline).toBeNull();
    script.press(5, 5).move(20, 5).move(20, 20).move(5, 20).release(5, 6);
    expect(script.state.pending).toHaveLength(1);
  });

  it("draws a stretch of the outline that is open", () => {
    const script = clicks(new Script(opened()).tool("polygon"), SQUARE.slice(0, 2));
    script.tool("lasso").drag([45, 12], [50, 20], [40, 25]);
    expect(script.state.outline?.corners).toHaveLength(3);
    script.key("Enter");
    expect(mask(script)).toEqual(encode(enclosed([...SQUARE.slice(0, 2), [45, 12], [50, 20], [40, 25]])));
  });
});

describe("magnetic contour", () => {
  it("takes the way along the edges to each corner, and back to the first", () => {
    const script = new Script(opened()).tool("magnetic");
    const between = (a: Point, b: Point) => ({ x: (a.x + b.x) / 2 + 3, y: (a.y + b.y) / 2 });
    script.followEdge = (from, to) => [from, between(from, to), to];
    clicks(script, SQUARE).key("Enter");
    const way = SQUARE.flatMap(([x, y], index): [number, number][] => {
      const [nextX, nextY] = SQUARE[(index + 1) % 4] as [number, number];
      const middle = between({ x, y }, { x: nextX, y: nextY });
      return [
        [x, y],
        [middle.x, middle.y],
      ];
    });
    expect(mask(script)).toEqual(encode(enclosed(way)));
  });

  it("follows the edges anew to both sides of a corner that is moved", () => {
    const script = new Script(opened()).tool("magnetic");
    const asked: string[] = [];
    script.followEdge = (from, to) => {
      asked.push(`${from.x},${from.y}-${to.x},${to.y}`);
      return [from, to];
    };
    clicks(script, SQUARE);
    asked.length = 0;
    script.drag([45, 10], [48, 8]);
    expect(new Set(asked)).toEqual(new Set(["30,10-48,8", "45,25-48,8"]));
  });
});

describe("split", () => {
  it("cuts along a line that is dragged: the larger part keeps its track", () => {
    const script = oneObject().tool("split").drag([17, 5], [17, 35]);
    const [larger, smaller] = objectsOn(script.state, 0);
    expect(script.state.pending).toHaveLength(1);
    expect(larger?.track.track).toBe("t1");
    expect(smaller?.track.phase).toBe("gold");
    const [a, b] = [decoded(larger?.mask ?? discRle(0, 0)), decoded(smaller?.mask ?? discRle(0, 0))];
    expect(union(a, b)).toEqual(disc(20, 20, 15));
    expect(areaPx(a)).toBeGreaterThan(areaPx(b));
    script.key("z", { ctrl: true });
    expect(objectsOn(script.state, 0).map((object) => object.mask)).toEqual([discRle(20, 20, 15)]);
  });

  it("cuts from corner to corner, on Enter", () => {
    const script = clicks(oneObject().tool("split"), [
      [20, 5],
      [20, 18],
      [35, 25],
    ]);
    expect(script.state.pending).toHaveLength(0);
    script.key("Enter");
    expect(objectsOn(script.state, 0)).toHaveLength(2);
  });

  it("says so where the line divides nothing", () => {
    const script = oneObject().tool("split").drag([20, 5], [20, 20]);
    expect(script.state.pending).toHaveLength(0);
    expect(script.state.notice).toContain("does not divide");
  });
});

describe("an outline whose object is deleted meanwhile", () => {
  const deleted = (modifiers: { shift?: boolean; alt?: boolean }) => {
    const script = oneObject().tool("select").click(20, 20).tool("polygon").click(5, 5, modifiers);
    script.click(10, 5).click(10, 10);
    script.key("Delete");
    script.key("Enter");
    return script;
  };

  it("becomes another object, and undoing both brings the first one back", () => {
    const script = deleted({ shift: true });
    expect(script.state.pending.at(-1)?.operations.map(({ op }) => op)).toEqual(["track.create", "mask.set"]);
    runCommand(script, "undo");
    runCommand(script, "undo");
    expect(objectsOn(script.state, 0).map(({ track }) => track.track)).toEqual(["t1"]);
  });

  it("cuts out of nothing, stays, and says so", () => {
    const script = deleted({ alt: true });
    expect(script.state.pending).toHaveLength(1);
    expect(script.state.outline?.corners).toHaveLength(3);
    expect(script.state.notice).toContain("not here any more");
  });
});

it("begins no outline while another is open, and says how to end that", () => {
  const script = clicks(oneObject().tool("polygon"), SQUARE);
  const { outline } = script.state;
  script.tool("split").click(30, 30);
  expect(script.state.outline).toBe(outline);
  expect(script.state.notice).toContain("An outline is open here. Close it (Enter)");
  script.dispatch({ type: "frame/show", frame: 1 });
  script.tool("lasso").drag([5, 5], [20, 5], [20, 20]);
  expect(script.state.outline).toBe(outline);
  expect(script.state.notice).toContain("open on frame 1");
  const line = new Script(opened()).tool("split").click(30, 30);
  line.tool("polygon").click(5, 5);
  expect(line.state.notice).toContain("A line to split along is open here.");
  expect(line.state.outline?.tool).toBe("split");
});

describe("brush with a pen", () => {
  it("paints as wide as the pen is pressed, and its full width where that is switched off", () => {
    const script = new Script(opened()).tool("brush");
    script.dispatch({ type: "brush", diameter: 10 });
    script.press(20, 20, { pressure: 0.5 }).release(20, 20);
    expect(mask(script)).toEqual(discRle(20, 20, 5));
    script.key("z", { ctrl: true });
    script.press(20, 20, { pressure: 0.5 }).move(20, 20, { pressure: 0.5 });
    expect(script.state.stroke?.path.map(({ diameter }) => diameter)).toEqual([5, 5]);
    script.key("Escape");
    script.dispatch({ type: "drawing", change: { pressure: false } });
    script.press(20, 20, { pressure: 0.1 });
    expect(script.state.stroke?.path[0]).toEqual({ x: 20, y: 20 });
  });
});

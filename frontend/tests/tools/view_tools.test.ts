import { describe, expect, it } from "vitest";
import { dragged } from "../../src/tools/contrast";
import { levelled } from "../../src/tools/ruler";
import { opened } from "../annotator";
import { Script } from "./script";

describe("contrast", () => {
  it("widens to the right, brightens upwards, and keeps what the other direction sets", () => {
    const wider = dragged({ low: 100, high: 200 }, 150, 0, 1);
    expect(wider.high - wider.low).toBeCloseTo(100 * Math.E);
    expect(wider.high + wider.low).toBeCloseTo(300);
    const brighter = dragged({ low: 100, high: 200 }, 0, -300, 1);
    expect(brighter.low).toBeCloseTo(0);
    expect(brighter.high).toBeCloseTo(100);
    const narrow = dragged({ low: 100, high: 200 }, -9000, 0, 1);
    expect(narrow.high - narrow.low).toBeCloseTo(1);
  });

  it("sets the display while it drags, and takes it back when it is cancelled", () => {
    const script = new Script(opened()).tool("contrast");
    const { low, high } = script.state.display;
    script.press(10, 10).move(20, 10);
    expect(script.state.display.high - script.state.display.low).toBeGreaterThan(high - low);
    script.key("Escape");
    expect(script.state.display).toMatchObject({ low, high });
  });
});

describe("ruler", () => {
  it("measures a drag on its frame", () => {
    const script = new Script(opened()).tool("ruler").drag([5, 5], [15, 5], [25, 20]);
    expect(script.state.rulers).toMatchObject([
      {
        frame: 0,
        points: [
          { x: 5, y: 5 },
          { x: 25, y: 20 },
        ],
      },
    ]);
  });

  it("makes an angle of a drag that goes on from an end", () => {
    const script = new Script(opened()).tool("ruler").drag([5, 5], [25, 5]).drag([5, 5.5], [5, 30]);
    expect(script.state.rulers).toHaveLength(1);
    expect(script.state.rulers[0]?.points).toEqual([
      { x: 25, y: 5 },
      { x: 5, y: 5 },
      { x: 5, y: 30 },
    ]);
    script.drag([5, 30], [20, 30]); // an angle is complete: this is a distance of its own
    expect(script.state.rulers).toHaveLength(2);
  });

  it("leaves nothing of a slip, and the distance where an angle is given up", () => {
    const script = new Script(opened()).tool("ruler").drag([5, 5], [5.2, 5.1]);
    expect(script.state.rulers).toEqual([]);
    script.drag([5, 5], [25, 5]).press(25, 5).move(30, 30);
    script.key("Escape");
    expect(script.state.rulers[0]?.points).toHaveLength(2);
  });

  it("is level with Shift", () => {
    expect(levelled({ x: 0, y: 0 }, { x: 10, y: 1 })).toMatchObject({ y: 0 });
    const slanted = levelled({ x: 0, y: 0 }, { x: 10, y: 9 });
    expect(slanted.x).toBeCloseTo(slanted.y);
  });
});

describe("profile", () => {
  it("lies on pixel centres, and keeps its width from line to line", () => {
    const script = new Script(opened()).tool("profile").drag([5.2, 5.9], [25.7, 5.1]);
    expect(script.state.profile).toEqual({ from: { x: 5.5, y: 5.5 }, to: { x: 25.5, y: 5.5 }, width: 1 });
    script.dispatch({
      type: "view/profile",
      profile: { from: { x: 1.5, y: 1.5 }, to: { x: 9.5, y: 1.5 }, width: 7 },
    });
    script.drag([3, 3], [9, 9]);
    expect(script.state.profile?.width).toBe(7);
    script.click(3, 3);
    expect(script.state.profile?.from).toEqual({ x: 3.5, y: 3.5 }); // a click is no line
    expect(script.state.profile?.to).toEqual({ x: 9.5, y: 9.5 });
  });
});

describe("keys of looking", () => {
  it("take tools, switch what is shown, and work for who may only look", () => {
    const script = new Script({ ...opened(), role: "viewer" });
    const shift = (key: string) => script.key(key, { shift: true });
    script.key("/");
    expect(script.state.tool).toBe("ruler");
    shift("R");
    expect(script.state.tool).toBe("profile");
    shift("C");
    expect(script.state.tool).toBe("contrast");
    shift("M");
    expect(script.state.display.minimap).toBe(false);
    shift("B");
    expect(script.state.display.neighbours).toBe(true);
    script.key("\\");
    expect(script.state.display.invert).toBe(true);
    script.key("0");
    shift("F");
    expect(script.looked).toEqual(["contrast", "picture"]);
    expect(script.key("}")).toBe(false); // there is no second view yet
    shift("V");
    expect(script.state.beside?.frame).toBe(1);
    script.key("}");
    expect(script.state.beside?.frame).toBe(2);
    script.key("{");
    expect(script.state.beside?.frame).toBe(1);
    shift("V");
    expect(script.state.beside).toBeNull();
    shift("P");
    expect(script.state.notice).toContain("No contrast is saved");
  });
});

import { describe, expect, it } from "vitest";
import { drawLanes } from "../../src/render/lane_canvas";
import { hitAt, joinsInSight, type LaneView, laneTable, ROW_PX } from "../../src/render/lane_layout";
import type { LaneLook } from "../../src/render/lane_look";
import { joinsAmong } from "../../src/state/annotator/occurrences";
import { among, happening, lane, laneRun } from "../lanes";

const FRAMES = 100;
const LEFT = 200;

function view(rows = family(), events = merges(1), values: Partial<LaneView> = {}): LaneView {
  const occurrences = among(rows, events);
  return {
    ...laneTable(rows, joinsAmong(occurrences), occurrences),
    span: { first: 0, count: FRAMES },
    frames: FRAMES,
    left: LEFT,
    width: 1000,
    scrollTop: 0,
    height: 10 * ROW_PX,
    ...values,
  };
}

/** Groups of three tracks: two that merge on frame 50 into the third, which stands between them. */
function family(groups = 1) {
  return Array.from({ length: groups }, (_, index) => [
    lane(3 * index + 1, 0, 49),
    lane(3 * index + 3, 50, 99),
    lane(3 * index + 2, 0, 49),
  ]).flat();
}

function merges(groups: number) {
  return Array.from({ length: groups }, (_, index) =>
    happening("merge", 50, [3 * index + 1, 3 * index + 2], [3 * index + 3]),
  );
}

const middleOf = (row: number) => row * ROW_PX + ROW_PX / 2;

describe("what lies under the pointer", () => {
  it("is a run with its frame", () => {
    expect(hitAt(view(), LEFT + 305, middleOf(0))).toMatchObject({
      kind: "run",
      frame: 30,
      row: { track: { number: 1 } },
    });
  });

  it("is a row where the track is not, and beside the axis", () => {
    expect(hitAt(view(), LEFT + 805, middleOf(0))).toMatchObject({ kind: "row", frame: 80 });
    expect(hitAt(view(), 20, middleOf(2))).toMatchObject({
      kind: "row",
      frame: null,
      row: { track: { number: 2 } },
    });
    expect(hitAt(view(), LEFT + 5, middleOf(3))).toBeNull();
  });

  it("is a join at its node and on its line", () => {
    expect(hitAt(view(), LEFT + 503, middleOf(1) + 3)).toMatchObject({ kind: "join" });
    expect(hitAt(view(), LEFT + 498, middleOf(1) + 15)).toMatchObject({ kind: "join" });
  });

  it("is a mark at the end of a life", () => {
    const rows = [lane(1, 0, 49)];
    const found = hitAt(view(rows, [happening("dissolution", 50, [1], [])]), LEFT + 502, middleOf(0));
    expect(found).toMatchObject({ kind: "mark", track: { number: 1 } });
  });

  it("follows scrolling and zooming", () => {
    const moved = view(family(9), merges(9), { scrollTop: 4 * ROW_PX, span: { first: 50, count: 10 } });
    expect(hitAt(moved, LEFT + 250, middleOf(0))).toMatchObject({ frame: 52, row: { track: { number: 6 } } });
  });
});

it("joins the ends of the parents with the beginning of the child", () => {
  const [join] = joinsInSight(view());
  expect(join?.lines).toEqual([
    { x0: LEFT + 500, y0: middleOf(0), x1: LEFT + 500, y1: middleOf(1) },
    { x0: LEFT + 500, y0: middleOf(2), x1: LEFT + 500, y1: middleOf(1) },
  ]);
  expect(join?.node).toEqual({ x: LEFT + 500, y: middleOf(1) });
});

it("leaves a join out whose other tracks are filtered away", () => {
  const all = family();
  const occurrences = among(all, merges(1));
  const table = laneTable(all.slice(0, 1), joinsAmong(occurrences), occurrences);
  expect(joinsInSight({ ...view(), ...table })).toEqual([]);
});

describe("drawing", () => {
  const look: LaneLook = {
    colours: {
      surface: "",
      text: "",
      muted: "",
      line: "",
      grid: "",
      selected: "",
      hovered: "",
      accent: "",
      join: "",
      fair: "",
      low: "",
    },
    font: "12px sans-serif",
    frame: 3,
    selected: null,
    marked: new Set(),
    hovered: null,
    hoveredEvent: null,
    rulerHeight: 20,
    colourOf: () => [1, 2, 3],
    nameOf: () => "",
  };

  /** Takes every call, and counts them. */
  function canvas() {
    const counts = { calls: 0 };
    const context = new Proxy({} as Record<string, unknown>, {
      get: (target, name) =>
        target[String(name)] ??
        ((text: unknown) => {
          counts.calls++;
          return { width: typeof text === "string" ? 6 * text.length : 0 };
        }),
    });
    return { context: context as unknown as CanvasRenderingContext2D, counts };
  }

  it("takes as many rows for 5,000 tracks as for 30", () => {
    const drawn = [10, 1667].map((groups) => {
      const { context, counts } = canvas();
      const scrollTop = groups === 10 ? 7 : 50_007;
      const result = drawLanes(context, view(family(groups), merges(groups), { scrollTop }), look, 1400);
      return { ...result, calls: counts.calls };
    });
    expect(drawn[0]?.rows).toBe(11);
    expect(drawn[1]?.rows).toBe(11);
    expect(Math.abs((drawn[1]?.joins ?? 0) - (drawn[0]?.joins ?? 0))).toBeLessThanOrEqual(1);
    expect(drawn[1]?.calls).toBeLessThan(1.2 * (drawn[0]?.calls ?? 0));
  });

  it("takes only the runs of the frames in sight", () => {
    const rows = [{ ...lane(1, 0, 0), runs: Array.from({ length: 50 }, (_, at) => laneRun(2 * at, 2 * at)) }];
    const { context } = canvas();
    expect(drawLanes(context, view(rows, []), look, 1400).runs).toBe(50);
    const zoomed = view(rows, [], { span: { first: 40, count: 10 } });
    expect(drawLanes(context, zoomed, look, 1400).runs).toBe(5);
  });
});

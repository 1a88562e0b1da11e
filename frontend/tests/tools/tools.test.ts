import { describe, expect, it } from "vitest";
import { areaPx, decoded, encode, union } from "../../src/geometry/rle";
import { strokeRuns } from "../../src/geometry/stroke";
import { toImage } from "../../src/geometry/viewport";
import { objectsOn } from "../../src/state/annotator/view";
import {
  byHand,
  candidate,
  disc,
  discRle,
  HEIGHT,
  maskRevision,
  opened,
  trackers,
  trackRevision,
  WIDTH,
} from "../annotator";
import { Script } from "./script";

const twoObjects = () =>
  opened({
    tracks: [trackRevision("t1", 1, { number: 1 }), trackRevision("t2", 2, { number: 2 })],
    masks: [maskRevision("t1", 3, discRle(10, 10)), maskRevision("t2", 4, discRle(30, 10))],
  });

function withCandidate(script: Script): Script {
  const requestId = script.state.prompt?.requestId ?? "";
  script.dispatch({
    type: "server",
    message: {
      type: "prompt.predicted",
      request_id: requestId,
      frame: 0,
      model: "efficient_sam_ti",
      model_hash: "w",
      candidates: [candidate(20, 20)],
      encode_ms: 0,
      decode_ms: 0,
    },
  });
  return script;
}

describe("point", () => {
  it("adds foreground with a click, background with Alt or the right button", () => {
    const script = new Script(opened()).tool("point");
    script.click(20, 20).click(30, 20, { alt: true }).click(35, 20, { button: "right" });
    expect(script.state.prompt?.points.map((point) => point.label)).toEqual([1, 0, 0]);
  });

  it("asks with every click", () => {
    const script = new Script(opened()).tool("point").click(20, 20);
    const first = script.state.prompt?.requestId;
    script.click(22, 20);
    expect(script.state.prompt?.requestId).not.toBe(first);
  });

  it("does nothing beside the image", () => {
    const script = new Script(opened())
      .tool("point")
      .click(-1, 20)
      .click(20, HEIGHT + 1);
    expect(script.state.prompt).toBeNull();
  });
});

describe("box", () => {
  it("shows the band while dragging and asks on release, clipped to the image", () => {
    const script = new Script(opened()).tool("box").press(50, 10).move(40, 20);
    expect(script.state.band).toEqual([40, 10, 50, 20]);
    expect(script.state.prompt).toBeNull();
    script.move(20, 25).release(WIDTH + 9, 30);
    expect(script.state.band).toBeNull();
    expect(script.state.prompt?.box).toEqual([50, 10, WIDTH, 30]);
  });

  it("takes a click for a slip of the hand", () => {
    const script = new Script(opened()).tool("box").drag([10, 10], [10.1, 10.1]);
    expect(script.state.prompt).toBeNull();
  });

  it("leaves nothing behind when it is cancelled", () => {
    const script = new Script(opened()).tool("box").press(10, 10).move(20, 20);
    expect(script.key("Escape")).toBe(true);
    expect(script.state.band).toBeNull();
    script.release(20, 20);
    expect(script.state.prompt).toBeNull();
  });
});

describe("brush and eraser", () => {
  it("paint a new object as one version", () => {
    const script = new Script(opened()).tool("brush");
    script.dispatch({ type: "brush", diameter: 5 });
    script.drag([10, 10], [20, 10], [20, 20]);
    expect(script.state.pending).toHaveLength(1);
    const path = [
      { x: 10, y: 10 },
      { x: 20, y: 10 },
      { x: 20, y: 20 },
    ];
    expect(objectsOn(script.state, 0)[0]?.mask).toEqual(
      encode(strokeRuns({ path, diameter: 5 }, HEIGHT, WIDTH)),
    );
  });

  it("go on with the object just painted, until Esc lets go of it", () => {
    const script = new Script(opened()).tool("brush");
    script.click(10, 10).click(14, 10);
    expect(objectsOn(script.state, 0)).toHaveLength(1);
    script.key("Escape");
    script.click(40, 30);
    expect(objectsOn(script.state, 0)).toHaveLength(2);
  });

  it("edit the selected object only", () => {
    const script = new Script(twoObjects());
    script.tool("select").click(10, 10).tool("brush");
    script.dispatch({ type: "brush", diameter: 7 });
    script.click(30, 10);
    const [first, second] = objectsOn(script.state, 0);
    expect(first?.mask).toEqual(encode(union(disc(10, 10), disc(30, 10))));
    expect(second?.mask).toEqual(discRle(30, 10));
  });

  it("erase from the object under the pointer when none is selected, and from none beside all", () => {
    const script = new Script(twoObjects()).tool("eraser");
    script.dispatch({ type: "brush", diameter: 3 });
    script.click(50, 35);
    expect(script.state.pending).toHaveLength(0);
    script.click(30, 10);
    const [first, second] = objectsOn(script.state, 0);
    expect(areaPx(decoded(first?.mask ?? discRle(0, 0)))).toBe(areaPx(disc(10, 10)));
    expect(areaPx(decoded(second?.mask ?? discRle(0, 0)))).toBe(
      areaPx(disc(30, 10)) - areaPx(disc(30, 10, 3)),
    );
  });

  it("do the other's work with Alt", () => {
    const script = new Script(twoObjects()).tool("select").click(10, 10).tool("brush");
    script.dispatch({ type: "brush", diameter: 3 });
    script.press(10, 10, { alt: true }).release(10, 10);
    expect(objectsOn(script.state, 0)[0]?.area_px).toBe(areaPx(disc(10, 10)) - areaPx(disc(10, 10, 3)));
  });

  it("touch up the candidate on offer", () => {
    const script = withCandidate(new Script(opened()).tool("point").click(20, 20)).tool("brush");
    script.click(28, 20);
    expect(script.state.pending).toHaveLength(0);
    expect(script.state.prompt?.answer?.edited).toBe(true);
    script.key("Enter");
    expect(objectsOn(script.state, 0)[0]?.origin.edited).toBe(true);
  });

  it("commit nothing when the stroke is cancelled", () => {
    const script = new Script(opened()).tool("brush").press(10, 10).move(20, 10);
    expect(script.state.stroke?.path).toHaveLength(2);
    script.key("Escape");
    script.release(20, 10);
    expect([script.state.stroke, script.state.pending.length]).toEqual([null, 0]);
  });
});

describe("select", () => {
  it("marks several objects with Shift, and lets go of all but one with a plain click", () => {
    const script = new Script(twoObjects()).tool("select").click(10, 10).click(30, 10, { shift: true });
    expect([...script.state.marked]).toEqual(["t1", "t2"]);
    script.click(50, 30, { shift: true });
    expect(script.state.marked.size).toBe(2);
    script.click(10, 10);
    expect(script.state.marked.size).toBe(0);
    expect(script.state.selection?.track).toBe("t1");
  });

  it("chooses the object under the pointer, and none beside all", () => {
    const script = new Script(twoObjects()).tool("select").click(30, 10);
    expect(script.state.selection).toEqual({ track: "t2", lasting: true });
    expect(script.click(50, 35).state.selection).toBeNull();
  });

  it("accepts the proposal under the pointer", () => {
    const script = new Script(opened());
    script.key("s");
    script.dispatch({
      type: "server",
      message: {
        type: "frame.segmented",
        request_id: script.state.proposals?.requestId ?? "",
        frame: 0,
        model: "efficient_sam_ti",
        model_hash: "w",
        phases: [],
        instances: [candidate(10, 10, 0.9, 15), candidate(10, 10, 0.8, 5), candidate(40, 20)],
      },
    });
    expect(script.state.tool).toBe("select");
    script.click(10, 10);
    expect(objectsOn(script.state, 0)[0]?.mask).toEqual(discRle(10, 10, 5));
    script.key("Enter");
    expect(objectsOn(script.state, 0)).toHaveLength(3);
    expect(script.state.proposals).toBeNull();
  });
});

describe("pan", () => {
  it("moves the image with the pointer: with its tool, the space bar or the middle button", () => {
    for (const start of ["tool", "space", "middle"]) {
      const script = new Script(opened()).tool(start === "tool" ? "pan" : "point");
      script.host.holding = start === "space";
      const under = toImage(script.viewport, { x: 100, y: 100 });
      script.press(10, 10, { button: start === "middle" ? "middle" : "left" });
      script.move(12, 10).release(15, 14);
      expect(toImage(script.viewport, { x: 150, y: 140 })).toEqual(under);
      expect(script.state.prompt).toBeNull();
    }
  });
});

describe("keys", () => {
  it("undo the last point while a prompt is open, and the last gesture otherwise", () => {
    const script = new Script(opened()).tool("brush").click(10, 10);
    script.tool("point").click(30, 20).click(32, 20);
    script.key("z", { ctrl: true });
    expect(script.state.prompt?.points).toHaveLength(1);
    script.key("z", { ctrl: true });
    expect(script.state.prompt).toBeNull();
    script.key("z", { ctrl: true });
    expect(objectsOn(script.state, 0)).toHaveLength(0);
    script.key("Z", { ctrl: true, shift: true });
    expect(objectsOn(script.state, 0)).toHaveLength(1);
  });

  it("delete what is selected on this frame, or with Shift on all", () => {
    const known = { ...twoObjects(), timeline: [{ frame: 3, accepted: 1, proposals: 0 }] };
    const script = new Script(known).tool("select").click(10, 10);
    script.key("Delete");
    expect(script.state.pending.at(-1)?.operations).toEqual([{ op: "mask.delete", track: "t1", frame: 0 }]);
    script.click(30, 10).key("Delete", { shift: true });
    expect(script.state.pending.at(-1)?.operations).toEqual([{ op: "track.delete", track: "t2" }]);
    expect(objectsOn(script.state, 0)).toHaveLength(0);
  });

  it("assign phases by their digit", () => {
    const script = new Script(twoObjects()).tool("select").click(10, 10);
    script.key("2");
    expect(objectsOn(script.state, 0)[0]?.track.phase).toBe("pore");
    expect(script.key("9")).toBe(false);
  });

  it("leave Tab to the browser unless there are masks to choose from", () => {
    const script = new Script(opened()).tool("point");
    expect(script.key("Tab")).toBe(false);
    withCandidate(script.click(20, 20));
    expect(script.key("Tab")).toBe(true);
  });

  it("step through frames", () => {
    const script = new Script(opened({}, 30));
    script.key("ArrowRight");
    script.key("ArrowRight", { shift: true });
    expect(script.state.frame).toBe(11);
    script.key("End");
    expect(script.state.frame).toBe(29);
    script.key("ArrowLeft", { shift: true });
    expect(script.state.frame).toBe(19);
    script.key("Home");
    expect(script.state.frame).toBe(0);
  });

  it("change the brush by at least one pixel", () => {
    const script = new Script(opened());
    script.dispatch({ type: "brush", diameter: 1 });
    script.key("]");
    expect(script.state.brushDiameter).toBe(2);
    script.key("[");
    script.key("[");
    expect(script.state.brushDiameter).toBe(1);
  });

  it("cancel from the inside out: the prompt, then the selection", () => {
    const script = new Script(twoObjects()).tool("select").click(10, 10).tool("point").click(50, 30);
    script.key("Escape");
    expect(script.state.prompt).toBeNull();
    expect(script.state.selection?.track).toBe("t1");
    script.key("Escape");
    expect(script.state.selection).toBeNull();
  });

  it("show the list of keys", () => {
    const script = new Script(opened());
    script.key("?", { shift: true });
    expect(script.helpShown).toBe(true);
  });

  it("show the lineage of the selection, else of what is under the pointer", () => {
    const script = new Script(twoObjects());
    expect(script.key("l")).toBe(false);
    script.dispatch({ type: "hover", track: "t2" });
    script.key("l");
    expect(script.lineageShown).toBe("t2");
    script.dispatch({ type: "selection", selection: { track: "t1", lasting: true } });
    script.key("l");
    expect(script.lineageShown).toBe("t1");
  });

  it("tell who made an object", () => {
    const script = new Script(twoObjects());
    expect(script.key("l", { shift: true })).toBe(false);
    script.dispatch({ type: "selection", selection: { track: "t1", lasting: true } });
    script.key("l", { shift: true });
    expect([script.lifeShown, script.lineageShown]).toEqual(["t1", null]);
  });

  it("compare an older version with now, and step through the frames that differ", () => {
    const script = new Script(opened());
    script.key("d");
    expect([script.state.tool, script.state.difference]).toEqual(["polygon", null]);
    script.dispatch({ type: "past/open", version: 0 });
    script.key("d");
    expect(script.state.difference).toMatchObject({ from: 0, to: script.state.serverHead });
    const nothing = { removed: 0, changed: 0, reviewed: 0, area_before_px: 0, area_after_px: 1 };
    const frames = [0, 3].map((frame) => ({ frame, added: 1, ...nothing }));
    const page = { from_version: 0, to_version: script.state.serverHead, frames, next: null };
    const beside = { objects: { added: 0, removed: 0, changed: 0 }, events: 0, calibration: false };
    script.dispatch({ type: "difference/counted", page: { ...page, ...beside } });
    script.key("n");
    expect(script.state.frame).toBe(3);
    script.key("n", { shift: true });
    expect(script.state.frame).toBe(0);
    script.key("Escape");
    expect([script.state.difference, script.state.past]).toEqual([null, null]);
  });
});

describe("keys of a review", () => {
  const proposed = () => {
    const origin = (score: number) => ({ ...byHand, model: "threshold", score });
    return opened({
      tracks: ["p1", "p2", "t1"].map((track, index) =>
        trackRevision(track, index + 1, { number: index + 1 }),
      ),
      masks: [
        maskRevision("p1", 11, discRle(10, 10), { state: "proposal", order: 1, origin: origin(0.9) }),
        maskRevision("p2", 12, discRle(30, 10), { state: "proposal", order: 2, origin: origin(0.4) }),
        maskRevision("t1", 13, discRle(50, 10), { order: 3 }),
      ],
    });
  };

  it("go from proposal to proposal and decide about the selected one", () => {
    const script = new Script(proposed());
    script.key("n");
    expect(script.state.selection?.track).toBe("p1");
    script.key("N", { shift: true });
    expect(script.state.selection?.track).toBe("p2");
    script.key("n");
    script.key("Enter");
    expect(script.state.pending.at(-1)?.reason).toBe("Accept a proposal");
    expect(script.state.selection?.track).toBe("p2");
    script.key("Delete");
    expect(script.state.pending.at(-1)?.reason).toBe("Discard a proposal");
    expect(objectsOn(script.state, 0).map(({ track, state }) => [track.track, state])).toEqual([
      ["p1", "accepted"],
      ["t1", "accepted"],
    ]);
    script.key("z", { ctrl: true });
    script.key("z", { ctrl: true });
    expect(objectsOn(script.state, 0).map(({ state }) => state)).toEqual([
      "proposal",
      "proposal",
      "accepted",
    ]);
  });

  it("accept by a click and Enter", () => {
    const script = new Script(proposed()).tool("select").click(30, 10);
    script.key("Enter");
    expect(objectsOn(script.state, 0)[1]).toMatchObject({ state: "accepted", mask: discRle(30, 10) });
  });

  it("accept with Shift and Enter what reaches the score on this frame, as one commit", () => {
    const script = new Script(proposed());
    script.dispatch({ type: "review", change: { minimumScore: 0.5 } });
    script.key("Enter", { shift: true });
    expect(script.state.pending).toHaveLength(1);
    expect(objectsOn(script.state, 0).map(({ state }) => state)).toEqual([
      "accepted",
      "proposal",
      "accepted",
    ]);
  });

  it("mean nothing where no proposal waits, and leave an open prompt its own", () => {
    const script = new Script(twoObjects());
    expect(script.key("n")).toBe(false);
    expect(script.key("Enter")).toBe(false);
    const prompted = new Script(proposed());
    prompted.key("n");
    prompted.tool("point").click(20, 30);
    withCandidate(prompted).key("Enter");
    expect(prompted.state.pending.at(-1)?.reason).toBe("Accept a mask");
  });

  it("let somebody who may only look step, and no more", () => {
    const script = new Script({ ...proposed(), role: "viewer" as const });
    expect(script.key("n")).toBe(true);
    expect(script.key("Enter")).toBe(false);
    expect(script.key("Delete")).toBe(false);
    expect(script.state.pending).toHaveLength(0);
  });
});

describe.each([
  ["somebody who may only look", { role: "viewer" }],
  ["whoever opens what is in the archive", { archived: true }],
] as const)("%s", (_, change) => {
  const viewer = () => new Script({ ...twoObjects(), ...change });

  it("selects and moves, whatever tool is in hand", () => {
    const script = viewer().tool("brush").drag([10, 10], [20, 10]);
    expect(script.state.pending).toHaveLength(0);
    expect(script.state.selection?.track).toBe("t1");
  });

  it("has no editing keys", () => {
    const script = viewer().tool("select").click(10, 10);
    for (const key of ["Delete", "2", "s", "Enter"]) expect(script.key(key)).toBe(false);
    expect(script.state.pending).toHaveLength(0);
  });
});

describe("keys for tracks", () => {
  const steps = (script: Script) => (script.state.asked?.what === "edit" ? script.state.asked.steps : []);
  const pressed = (script: Script, key: string, modifiers: { shift?: boolean } = {}) => {
    script.key(key, modifiers);
    return script;
  };
  const chosen = () => new Script(twoObjects()).tool("select").click(10, 10);
  const both = () => chosen().click(30, 10, { shift: true });

  it("open the tracking, and start the last one again from here", () => {
    expect(pressed(new Script(twoObjects()), "t").opened).toBe("track");
    const script = pressed(new Script({ ...twoObjects(), trackers }), "T", { shift: true });
    expect(script.tracked).toMatchObject([{ frames: { start: 0, end: 4 }, new_objects: true }]);
    expect(pressed(new Script(twoObjects()), "T", { shift: true }).state.notice).toContain(
      "Nothing can be tracked",
    );
  });

  it("ask about one object, and act on two at once", () => {
    expect(pressed(chosen(), "i").opened).toBe("change-id");
    expect(pressed(chosen(), "j").opened).toBe("join");
    expect(steps(pressed(both(), "j"))).toMatchObject([
      { moves: [{ track: "t2", to: "t1" }], collision: "join" },
    ]);
    expect(pressed(chosen(), "I", { shift: true }).opened).toBe("exchange");
    expect(steps(pressed(both(), "I", { shift: true }))).toMatchObject([{ moves: [{}, {}], first_frame: 0 }]);
  });

  it("cut, end and accept the selected object", () => {
    expect(steps(pressed(chosen(), "x"))).toMatchObject([{ op: "track.create" }, { op: "tracks.reassign" }]);
    expect(steps(pressed(chosen(), "q"))).toMatchObject([
      { op: "masks.delete", track: "t1", first_frame: 1 },
    ]);
    expect(steps(pressed(chosen(), "a"))).toMatchObject([
      { op: "masks.accept", tracks: ["t1"], last_frame: 0 },
    ]);
    expect(steps(pressed(both(), "A", { shift: true }))).toMatchObject([
      { tracks: ["t1", "t2"], last_frame: null },
    ]);
  });

  it("mark merges and splits where there is a frame before", () => {
    expect(pressed(both(), "g").opened).toBeNull();
    const script = both();
    script.dispatch({ type: "frame/show", frame: 1 });
    expect(pressed(script, "g").opened).toBe("merge");
    expect(pressed(script, "G", { shift: true }).opened).toBe("split");
  });

  it("do nothing for viewers", () => {
    const script = new Script({ ...twoObjects(), role: "viewer", connection: "online" });
    script.click(10, 10);
    for (const key of ["t", "i", "x", "q", "a", "j"]) script.key(key);
    expect([script.opened, script.state.asked]).toEqual([null, null]);
  });
});

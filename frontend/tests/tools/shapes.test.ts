import { describe, expect, it } from "vitest";
import { between } from "../../src/geometry/interpolation";
import { fillHoles, grow, smooth } from "../../src/geometry/morphology";
import { areaPx, decoded, difference, encode, union } from "../../src/geometry/rle";
import { startInterpolations } from "../../src/state/annotator/effects_interpolate";
import { INTERPOLATION, interpolated, keyFrames } from "../../src/state/annotator/interpolate";
import { createStore } from "../../src/state/annotator/store";
import { objectsOn } from "../../src/state/annotator/view";
import {
  byHand,
  candidate,
  changeset,
  disc,
  discRle,
  frameState,
  maskRevision,
  opened,
  trackRevision,
} from "../annotator";
import { Script } from "./script";

const ring = () => encode(difference(disc(20, 20, 15), disc(20, 20, 5)));
const world = () =>
  opened({
    tracks: [trackRevision("t1", 1, { number: 1 }), trackRevision("t2", 2, { number: 2 })],
    masks: [maskRevision("t1", 3, ring()), maskRevision("t2", 4, discRle(45, 20, 9))],
  });
const selected = () => new Script(world()).tool("select").click(14, 20);
const both = () => selected().click(45, 20, { shift: true });
const masks = (script: Script, frame = 0) => objectsOn(script.state, frame).map(({ mask }) => mask);
/** The next frame is there, with these masks. */
function withNextFrame(script: Script, revisions = [] as ReturnType<typeof maskRevision>[]): Script {
  script.dispatch({ type: "frame/loaded", state: frameState({ frame: 1, masks: revisions }) });
  return script;
}

describe("changes of shape", () => {
  it("fill, smooth, grow and shrink what is meant, as one commit that one undo takes back", () => {
    for (const [key, shift, change] of [
      ["e", true, fillHoles],
      ["o", false, (runs: Parameters<typeof smooth>[0]) => smooth(runs, 2)],
      [".", false, (runs: Parameters<typeof grow>[0]) => grow(runs, 1)],
      [",", false, (runs: Parameters<typeof grow>[0]) => grow(runs, -1)],
    ] as const) {
      const script = both();
      const before = masks(script);
      script.key(key, { shift });
      expect(masks(script)).toEqual(before.map((mask) => encode(change(decoded(mask)))));
      expect(script.state.pending).toHaveLength(1);
      script.key("z", { ctrl: true });
      expect(masks(script)).toEqual(before);
    }
  });

  it("take five pixels with Shift, whatever sign the keyboard makes of it", () => {
    for (const sign of [">", ":"]) {
      const script = selected();
      script.key(sign, { shift: true });
      expect(masks(script)[0]).toEqual(encode(grow(decoded(ring()), 5)));
    }
    const script = selected();
    script.dispatch({ type: "view/beside", change: { frame: 1 } });
    script.key(":", { shift: true });
    script.key(";", { shift: true });
    expect(masks(script)[0]).toEqual(encode(grow(grow(decoded(ring()), 5), -5)));
  });

  it("let no object vanish, and say which would", () => {
    const script = both();
    script.key("<", { shift: true });
    expect(masks(script)).toEqual(masks(both()));
    expect(script.state.notice).toContain("#2");
  });

  it("mark the mask as edited and keep what made it", () => {
    const script = selected();
    script.key(".");
    expect(objectsOn(script.state, 0)[0]?.origin).toEqual({ ...byHand, edited: true });
  });

  it("change the candidate on offer before any object", () => {
    const script = selected().tool("point").click(50, 30);
    script.dispatch({
      type: "server",
      message: {
        type: "prompt.predicted",
        request_id: script.state.prompt?.requestId ?? "",
        frame: 0,
        model: "efficient_sam_ti",
        model_hash: "w",
        candidates: [candidate(50, 30)],
        encode_ms: 0,
        decode_ms: 0,
      },
    });
    script.key(".");
    expect(script.state.pending).toHaveLength(0);
    expect(script.state.prompt?.answer?.candidates[0]?.mask).toEqual(encode(grow(disc(50, 30), 1)));
    expect(script.state.prompt?.answer?.edited).toBe(true);
  });
});

describe("merging on this frame", () => {
  it("makes the marked objects the first of them, and one undo brings both back", () => {
    const script = both();
    const before = masks(script);
    script.key("u");
    expect(masks(script)).toEqual([encode(before.map(decoded).reduce(union))]);
    expect(objectsOn(script.state, 0)[0]?.track.track).toBe("t1");
    expect(script.state.pending).toHaveLength(1);
    script.key("z", { ctrl: true });
    expect(masks(script)).toEqual(before);
  });

  it("asks for a second object", () => {
    const script = selected();
    script.key("u");
    expect([script.state.pending.length, script.state.notice]).toEqual([
      0,
      expect.stringContaining("Shift+click"),
    ]);
  });
});

describe("copying to the next frame", () => {
  it("gives the same tracks accepted masks there, and goes there with the selection", () => {
    const script = withNextFrame(selected());
    script.key("y");
    expect(script.state.frame).toBe(1);
    expect(script.state.selection?.track).toBe("t1");
    expect(objectsOn(script.state, 1)).toMatchObject([
      { mask: ring(), state: "accepted", track: { track: "t1" } },
    ]);
  });

  it("copies everything where nothing is selected, but over no mask", () => {
    const script = withNextFrame(new Script(world()), [maskRevision("t2", 9, discRle(40, 20), { frame: 1 })]);
    script.key("y");
    expect(masks(script, 1)).toEqual(expect.arrayContaining([ring(), discRle(40, 20)]));
    expect(script.state.notice).toContain("#2 has a mask on frame 2 already");
  });

  it("copies neither proposals nor what is hidden, unless one is selected, and accepts none", () => {
    const tracks = [1, 2, 3].map((number) => trackRevision(`t${number}`, number, { number }));
    const masks = [
      maskRevision("t1", 4, discRle(8, 8)),
      maskRevision("t2", 5, discRle(20, 20), { state: "proposal" }),
      maskRevision("t3", 6, discRle(40, 20)),
    ];
    const script = withNextFrame(new Script(opened({ tracks, masks })));
    script.dispatch({ type: "hidden", track: "t3", hidden: true });
    script.key("y");
    expect(objectsOn(script.state, 1).map(({ track }) => track.track)).toEqual(["t1"]);
    script.dispatch({ type: "frame/show", frame: 0 });
    script.dispatch({ type: "selection", selection: { track: "t2", lasting: true } });
    script.key("y");
    expect(objectsOn(script.state, 1).map((object) => [object.track.track, object.state])).toEqual([
      ["t1", "accepted"],
      ["t2", "proposal"],
    ]);
  });

  it("refuses on the last frame and before the next one is there", () => {
    const waiting = selected();
    waiting.key("y");
    expect([waiting.state.frame, waiting.state.notice]).toEqual([0, expect.stringContaining("loading")]);
    const last = new Script({ ...world(), frame: 4 });
    last.key("y");
    expect(last.state.notice).toContain("last frame");
  });
});

describe("interpolation", () => {
  const [small, large] = [discRle(20, 20, 7), discRle(32, 20, 15)];
  const gap = () => {
    const state = opened({
      tracks: [trackRevision("t1", 1)],
      masks: [maskRevision("t1", 2, small)],
    });
    const script = new Script(state);
    for (const frame of [1, 2, 4]) script.dispatch({ type: "frame/loaded", state: frameState({ frame }) });
    const masks = [maskRevision("t1", 3, large, { frame: 3 })];
    script.dispatch({ type: "frame/loaded", state: frameState({ frame: 3, masks }) });
    script.dispatch({ type: "selection", selection: { track: "t1", lasting: true } });
    return script;
  };

  it("proposes the masks between two frames that have one, from either and from in between", () => {
    for (const frame of [0, 1, 2, 3]) {
      const script = gap();
      script.dispatch({ type: "frame/show", frame });
      const keys = keyFrames(script.state);
      if ("refusal" in keys) throw new Error(keys.refusal);
      expect(keys).toEqual({ track: "t1", from: 0, to: 3 });
      const plan = interpolated(script.state, keys);
      if ("refusal" in plan) throw new Error(plan.refusal);
      script.dispatch({ type: "commit", gesture: { ...plan, requestId: "r" } });
      expect(script.state.pending).toHaveLength(1);
      for (const step of [1, 2]) {
        const [object] = objectsOn(script.state, step);
        expect(object?.mask).toEqual(encode(between(decoded(small), decoded(large), step, 3)));
        expect(object?.state).toBe("proposal");
        expect(object?.origin).toMatchObject({ model: null, tracker: INTERPOLATION });
      }
    }
  });

  it("writes over its own proposals and over nothing else", () => {
    const script = gap();
    const [own, mine] = [discRle(5, 5), discRle(6, 6)];
    const proposal = { state: "proposal" as const, origin: { ...byHand, tracker: INTERPOLATION } };
    script.dispatch({
      type: "frame/loaded",
      state: frameState({ frame: 1, masks: [maskRevision("t1", 8, own, { frame: 1, ...proposal })] }),
    });
    expect(keyFrames(script.state)).toMatchObject({ from: 0, to: 3 });
    script.dispatch({
      type: "frame/loaded",
      state: frameState({ frame: 1, masks: [maskRevision("t1", 9, mine, { frame: 1 })] }),
    });
    expect(keyFrames(script.state)).toEqual({ track: "t1", from: 1, to: 3 });
  });

  it("says what it lacks", () => {
    const script = gap();
    script.dispatch({ type: "frame/show", frame: 4 });
    expect(keyFrames(script.state)).toMatchObject({ refusal: expect.stringContaining("no gap here") });
    script.dispatch({ type: "selection", selection: null });
    expect(keyFrames(script.state)).toMatchObject({ refusal: expect.stringContaining("Select one object") });
  });

  it("asks the server for the frames between that are not known yet, then commits once", async () => {
    const script = gap();
    const frames = new Map([...script.state.frames].filter(([frame]) => frame === 0 || frame === 3));
    const runs = new Map([
      [
        "t1",
        [0, 3].map((frame) => ({ first: frame, last: frame, state: "accepted" as const, confidence: null })),
      ],
    ]);
    const store = createStore({ ...script.state, frames, lanes: { version: 0, runs, missed: null } });
    const asked: number[] = [];
    const getState = async (_: string, frame: number) => {
      asked.push(frame);
      return frameState({ frame });
    };
    await startInterpolations(store, { getState }).interpolate(() => "r");
    expect(asked).toEqual([1, 2]);
    expect(store.state.peek().pending).toHaveLength(1);
    expect(objectsOn(store.state.peek(), 2)).toHaveLength(1);
  });
});

describe("refining by clicks", () => {
  const answer = (script: Script, x: number, y: number) =>
    script.dispatch({
      type: "server",
      message: {
        type: "prompt.predicted",
        request_id: script.state.prompt?.requestId ?? "",
        frame: 0,
        model: "efficient_sam_ti",
        model_hash: "w",
        candidates: [candidate(x, y), candidate(x + 1, y)],
        encode_ms: 0,
        decode_ms: 0,
      },
    });

  it("goes on with the selected object's mask, then with the candidate's, and replaces the mask", () => {
    const script = selected().tool("point").click(14, 20);
    expect(script.state.prompt).toMatchObject({ track: "t1", mask: ring() });
    answer(script, 22, 20);
    script.key("Tab");
    script.click(18, 22, { alt: true });
    expect(script.state.prompt?.mask).toEqual(candidate(23, 20).mask);
    script.key("Backspace");
    expect(script.state.prompt?.mask).toEqual(ring());
    script.key("Enter");
    const [object] = objectsOn(script.state, 0);
    expect(object).toMatchObject({ track: { track: "t1" }, mask: candidate(23, 20).mask });
    expect(object?.origin).toMatchObject({ edited: false, points: [{ x: 14, y: 20, label: 1 }] });
    script.key("z", { ctrl: true });
    expect(masks(script)[0]).toEqual(ring());
  });

  it("builds on the mask as it was at the first click, so that somebody else's change since is a conflict", () => {
    const script = selected().tool("point").click(14, 20);
    const revision = maskRevision("t1", 77, ring());
    script.dispatch({ type: "changeset/made", changeset: changeset(1, { revisions: [revision] }) });
    answer(script, 22, 20);
    script.key("Enter");
    expect(script.state.pending[0]?.base).toEqual([{ track: "t1", frame: 0, revision: 3 }]);
  });

  it("takes a click beside the object that a person chose, not beside one that was just made", () => {
    const beside = selected().tool("point").click(28.2, 20);
    expect(beside.state.prompt?.track).toBe("t1");
    const made = selected();
    made.dispatch({ type: "selection", selection: { track: "t1", lasting: false } });
    expect(made.tool("point").click(28.2, 20).state.prompt?.track).toBeNull();
  });

  it("begins a new object with Shift, far away, and after Esc", () => {
    expect(selected().tool("point").click(14, 20, { shift: true }).state.prompt?.track).toBeNull();
    expect(selected().tool("point").click(50, 35).state.prompt?.track).toBeNull();
    const free = selected().tool("point");
    free.key("Escape");
    free.click(14, 20);
    expect(free.state.prompt).toMatchObject({ track: null, mask: null });
    answer(free, 14, 20);
    free.key("Enter");
    expect(objectsOn(free.state, 0)).toHaveLength(3);
  });

  it("keeps what a person has painted on a candidate for the next click", () => {
    const script = new Script(world()).tool("point").click(50, 35);
    answer(script, 50, 35);
    script.tool("brush").click(50, 30);
    const painted = script.state.prompt?.answer?.candidates[0]?.mask;
    script.tool("point").click(52, 35);
    expect(script.state.prompt?.mask).toEqual(painted);
    expect(areaPx(decoded(painted ?? ring()))).toBeGreaterThan(areaPx(disc(50, 35)));
  });

  it("refines a box by points, and points by a box", () => {
    const script = new Script(world()).tool("box").drag([40, 25], [55, 38]);
    script.tool("point").click(45, 30).click(50, 35, { alt: true });
    expect(script.state.prompt).toMatchObject({
      box: [40, 25, 55, 38],
      points: [{ label: 1 }, { label: 0 }],
    });
    const reversed = new Script(world()).tool("point").click(45, 30);
    reversed.tool("box").drag([40, 25], [55, 38]);
    expect(reversed.state.prompt).toMatchObject({ box: [40, 25, 55, 38], points: [{ label: 1 }] });
  });
});

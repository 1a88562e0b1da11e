import { describe, expect, it } from "vitest";
import { areaPx } from "../../../src/geometry/rle";
import type { DifferencePage, FrameDifference } from "../../../src/protocol/history";
import {
  changesOn,
  differenceTotal,
  nextChanged,
  pixelsChanged,
} from "../../../src/state/annotator/difference";
import { mayEdit } from "../../../src/state/annotator/view";
import { changeset, disc, discRle, frameState, maskRevision, opened, run } from "../../annotator";

function row(frame: number, values: Partial<FrameDifference> = {}): FrameDifference {
  const nothing = { added: 0, removed: 0, changed: 0, reviewed: 0, area_before_px: 0, area_after_px: 0 };
  return { frame, ...nothing, ...values };
}

function page(frames: FrameDifference[], next: number | null = null): DifferencePage {
  const objects = { added: 0, removed: 0, changed: 0 };
  return { from_version: 2, to_version: 5, frames, next, objects, events: 0, calibration: false };
}

const open = { type: "difference/open", from: 5, to: 2 } as const;

describe("a comparison of two versions", () => {
  it("looks at the newer one, read-only, and both close together", () => {
    const state = run(opened(), open);
    expect(state.difference).toMatchObject({ from: 2, to: 5, next: 0 });
    expect(state.past?.version).toBe(5);
    expect(mayEdit(state)).toBe(false);
    const closed = run(state, { type: "past/close" });
    expect([closed.difference, closed.past]).toEqual([null, null]);
  });

  it("collects the frames page by page, and goes to the first where the one in sight is the same", () => {
    const first = run(opened(), open, { type: "difference/counted", page: page([row(1), row(2)], 3) });
    expect([first.frame, first.difference?.next]).toEqual([1, 3]);
    const whole = run(first, { type: "difference/counted", page: page([row(4, { added: 2 })]) });
    expect(whole.difference?.frames.map(({ frame }) => frame)).toEqual([1, 2, 4]);
    expect(whole.difference?.next).toBeNull();
    expect(whole.frame).toBe(1);
    const stale = run(opened(), { ...open, to: 3 }, { type: "difference/counted", page: page([row(1)]) });
    expect(stale.difference?.frames).toEqual([]);
  });

  it("steps from one changed frame to the next, and stays at the ends", () => {
    let state = run(opened(), open, { type: "difference/counted", page: page([row(1), row(4)]) });
    state = run(state, { type: "difference/step", direction: 1 });
    expect([state.frame, nextChanged(state, 1), nextChanged(state, -1)]).toEqual([4, undefined, 1]);
    expect(run(state, { type: "difference/step", direction: 1 }).frame).toBe(4);
    expect(run(state, { type: "difference/step", direction: -1 }).frame).toBe(1);
  });

  it("says what came, went and changed, pixel by pixel", () => {
    const [small, large, gone, same] = [
      discRle(10, 10, 5),
      discRle(10, 10, 9),
      discRle(30, 20),
      discRle(45, 30),
    ];
    const before = [
      maskRevision("grown", 1, small),
      maskRevision("gone", 2, gone),
      maskRevision("same", 3, same),
    ];
    const after = [
      maskRevision("grown", 4, large),
      maskRevision("new", 5, gone),
      maskRevision("same", 6, same),
    ];
    const asked = run(opened(), open, {
      type: "past/loaded",
      state: frameState({ version: 5, masks: after }),
    });
    expect(changesOn(asked, 0)).toBeNull();
    const state = run(asked, { type: "difference/loaded", state: frameState({ version: 2, masks: before }) });
    const changes = changesOn(state, 0) ?? [];
    expect(changes.map(({ track, what }) => [track, what])).toEqual([
      ["grown", "changed"],
      ["gone", "removed"],
      ["new", "added"],
    ]);
    const ring = areaPx(disc(10, 10, 9)) - areaPx(disc(10, 10, 5));
    const whole = areaPx(disc(30, 20));
    expect(pixelsChanged(changes)).toEqual({ gained: ring + whole, lost: whole });
    expect(changesOn(state, 0)).toBe(changes);
  });

  it("tells what was only accepted apart", () => {
    const mask = discRle(10, 10);
    const state = run(
      opened(),
      open,
      { type: "past/loaded", state: frameState({ version: 5, masks: [maskRevision("a", 2, mask)] }) },
      {
        type: "difference/loaded",
        state: frameState({ version: 2, masks: [maskRevision("a", 1, mask, { state: "proposal" })] }),
      },
    );
    expect(changesOn(state, 0)?.map(({ what }) => what)).toEqual(["reviewed"]);
  });

  it("sums all frames", () => {
    const frames = [
      row(1, { added: 1, area_after_px: 20 }),
      row(2, { added: 2, changed: 1, area_before_px: 5 }),
    ];
    expect(differenceTotal(frames)).toMatchObject({
      added: 3,
      changed: 1,
      area_before_px: 5,
      area_after_px: 20,
    });
  });

  it("ends with a restoration, which one step of undo takes back", () => {
    const state = run(opened(), open, { type: "restored", requestId: "r", changeset: changeset(1) });
    expect([state.difference, state.past]).toEqual([null, null]);
    expect(state.undo.at(-1)).toMatchObject({ kind: "action", requestId: "r", saved: true });
    const undone = run(state, { type: "undo", requestId: "u" });
    expect(undone.asked).toMatchObject({ what: "take back", action: "r" });
  });
});

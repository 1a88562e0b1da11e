import { describe, expect, it } from "vitest";
import { objectsOn } from "../../../src/state/annotator/view";
import { frameBeside, nextPreset, presetInUse, stateBeside } from "../../../src/state/annotator/viewing";
import { discRle, frameState, maskRevision, opened, run, trackRevision } from "../../annotator";

const preset = (id: string, low: number, is_default = false) => ({
  id,
  name: id,
  low,
  high: 200,
  gamma: 1,
  invert: false,
  is_default,
});

describe("saved contrasts", () => {
  const state = run(opened(), { type: "view/presets", presets: [preset("a", 10), preset("b", 50)] });

  it("knows the one in use by its values, and goes round", () => {
    expect(presetInUse(state)?.id).toBe("a"); // the window that the series opens with
    expect(nextPreset(state)?.id).toBe("b");
    const second = run(state, { type: "display", change: { low: 50 } });
    expect(nextPreset(second)?.id).toBe("a");
    const own = run(state, { type: "display", change: { low: 51 } });
    expect(presetInUse(own)).toBeUndefined();
    expect(nextPreset(own)?.id).toBe("a");
    expect(nextPreset(opened())).toBeUndefined();
  });
});

describe("the second view", () => {
  const track = trackRevision("t1", 1, { number: 1 });
  const mask = maskRevision("t1", 2, discRle(10, 10), { frame: 1 });
  const two = run(
    opened({ tracks: [track], version: 5 }),
    { type: "frame/loaded", state: frameState({ frame: 1, masks: [mask], tracks: [track] }) },
    { type: "view/beside", change: { frame: 1 } },
  );

  it("shows another frame of the present, and follows changes there", () => {
    expect(frameBeside(two)).toBe(1);
    expect(objectsOn(stateBeside(two), 1)).toHaveLength(1);
    const moved = run(two, { type: "frame/show", frame: 3 });
    expect(frameBeside(moved)).toBe(1);
    const following = run(moved, { type: "view/beside", change: { follows: true } });
    expect(frameBeside(following)).toBe(3);
  });

  it("stays within the series", () => {
    expect(frameBeside(run(two, { type: "view/beside", change: { frame: 99 } }))).toBe(4);
    expect(frameBeside(run(two, { type: "view/beside", change: { frame: -1 } }))).toBe(0);
  });

  it("shows an older version once it is loaded, and leaves the first view alone", () => {
    const older = run(two, { type: "view/beside", change: { version: 3 } });
    expect(objectsOn(stateBeside(older), 1)).toHaveLength(0);
    const loaded = run(older, {
      type: "view/beside-loaded",
      state: frameState({ version: 3, frame: 1, tracks: [track], masks: [mask] }),
    });
    expect(objectsOn(stateBeside(loaded), 1)).toHaveLength(1);
    expect(loaded.past).toBeNull();
    const late = run(two, { type: "view/beside-loaded", state: frameState({ version: 3, frame: 1 }) });
    expect(late.beside?.past).toBeNull();
  });

  it("shows nothing that is being made", () => {
    const prompting = run(two, { type: "prompt/point", point: { x: 5, y: 5, label: 1 }, requestId: "r" });
    expect(prompting.prompt).not.toBeNull();
    expect(stateBeside(prompting).prompt).toBeNull();
  });
});

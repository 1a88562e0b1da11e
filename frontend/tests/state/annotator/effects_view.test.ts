import { describe, expect, it } from "vitest";
import type { DisplayPreset } from "../../../src/protocol/rest";
import { startViews, type ViewApi } from "../../../src/state/annotator/effects_view";
import { createStore } from "../../../src/state/annotator/store";
import { frameState, opened } from "../../annotator";

/** A server that keeps presets, and notes which states it was asked for. */
function server(presets: DisplayPreset[] = []) {
  const asked: string[] = [];
  const calls: ViewApi = {
    getState: async (_, frame, { version } = {}) => {
      asked.push(`${frame}/${version ?? "now"}`);
      return frameState({ frame, version: version ?? 0 });
    },
    listDisplayPresets: async () => presets.map((preset) => ({ ...preset })),
    createDisplayPreset: async (_, values) => {
      const made = { id: `p${presets.length}`, ...values };
      presets.push(made);
      return made;
    },
    updateDisplayPreset: async (_, id, values) => {
      if (values.is_default === true) for (const one of presets) one.is_default = false;
      const found = presets.find((one) => one.id === id) as DisplayPreset;
      return Object.assign(found, values);
    },
    deleteDisplayPreset: async (_, id) => {
      presets.splice(
        presets.findIndex((one) => one.id === id),
        1,
      );
    },
  };
  return { calls, asked, presets };
}

const settled = () => new Promise((done) => setTimeout(done, 0));
const dark: DisplayPreset = {
  id: "dark",
  name: "Dark",
  low: 1,
  high: 60,
  gamma: 0.8,
  invert: true,
  is_default: true,
};

describe("saved contrasts", () => {
  it("open the series with the default, whatever this browser had", async () => {
    const store = createStore(opened());
    store.dispatch({ type: "display", change: { low: 33, opacity: 0.9 } });
    startViews(store, server([dark]).calls);
    await settled();
    expect(store.state.peek().display).toMatchObject({
      low: 1,
      high: 60,
      gamma: 0.8,
      invert: true,
      opacity: 0.9,
    });
  });

  it("leave the window alone where none is the default", async () => {
    const store = createStore(opened());
    store.dispatch({ type: "display", change: { low: 33 } });
    startViews(store, server([{ ...dark, is_default: false }]).calls);
    await settled();
    expect(store.state.peek().display.low).toBe(33);
    expect(store.state.peek().presets).toHaveLength(1);
  });

  it("are saved, made the default, and removed", async () => {
    const store = createStore(opened());
    const { calls, presets } = server();
    const views = startViews(store, calls);
    await settled();
    store.dispatch({ type: "display", change: { low: 12, gamma: 2 } });
    await views.savePreset("Pores");
    expect(store.state.peek().presets).toMatchObject([
      { name: "Pores", low: 12, gamma: 2, is_default: false },
    ]);
    await views.setDefaultPreset("p0");
    expect(store.state.peek().presets[0]?.is_default).toBe(true);
    await views.setDefaultPreset(null);
    expect(presets[0]?.is_default).toBe(false);
    await views.deletePreset("p0");
    expect(store.state.peek().presets).toEqual([]);
  });
});

describe("the second view", () => {
  it("asks for what it shows, once", async () => {
    const store = createStore(opened());
    const { calls, asked } = server();
    const { closeViews } = startViews(store, calls);
    store.dispatch({ type: "view/beside", change: { frame: 3 } });
    store.dispatch({ type: "view/beside", change: { follows: false } });
    await settled();
    expect(asked).toEqual(["3/now"]);
    store.dispatch({ type: "view/beside", change: { version: 7 } });
    await settled();
    expect(store.state.peek().beside?.past?.frames.get(3)?.loaded).toBe(true);
    store.dispatch({ type: "view/beside", change: { follows: true } });
    await settled();
    expect(asked).toEqual(["3/now", "3/7", "0/7"]);
    closeViews();
    store.dispatch({ type: "view/beside", change: { frame: 4, follows: false } });
    await settled();
    expect(asked).toHaveLength(3);
  });
});

import { expect, it, vi } from "vitest";
import type { DifferencePage } from "../../../src/protocol/history";
import { startDifferences } from "../../../src/state/annotator/effects_difference";
import { createStore } from "../../../src/state/annotator/store";
import { frameState, opened } from "../../annotator";

const nothing = { added: 0, removed: 0, changed: 0, reviewed: 0, area_before_px: 0, area_after_px: 0 };

function page(frame: number, next: number | null): DifferencePage {
  const objects = { added: 0, removed: 0, changed: 0 };
  const versions = { from_version: 1, to_version: 3 };
  return { ...versions, frames: [{ ...nothing, frame }], next, objects, events: 0, calibration: false };
}

it("asks for every page once, and for the older masks of the frame in sight and its neighbours", async () => {
  const store = createStore(opened());
  const getDifference = vi.fn((_series: string, _versions: unknown, first: number) =>
    Promise.resolve(first === 0 ? page(0, 2) : page(2, null)),
  );
  const getState = vi.fn((_series: string, frame: number) =>
    Promise.resolve(frameState({ version: 1, frame })),
  );
  const stop = startDifferences(store, { getDifference, getState });
  expect(getDifference).not.toHaveBeenCalled();
  store.dispatch({ type: "difference/open", from: 1, to: 3 });
  await vi.waitFor(() => expect(store.state.value.difference?.next).toBeNull());
  expect(getDifference.mock.calls.map((call) => call[2])).toEqual([0, 2]);
  expect(getDifference.mock.calls[0]?.[1]).toEqual({ from: 1, to: 3 });
  await vi.waitFor(() => expect(store.state.value.difference?.masks.size).toBe(2));
  expect(getState.mock.calls.map((call) => call[1])).toEqual([0, 1]);
  store.dispatch({ type: "past/close" });
  expect(store.state.value.difference).toBeNull();
  stop();
});

it("says when the server cannot compare, and asks again with the next frame", async () => {
  const store = createStore(opened());
  const getDifference = vi.fn().mockRejectedValueOnce(new Error("no")).mockResolvedValue(page(0, null));
  const getState = vi.fn((_series: string, frame: number) =>
    Promise.resolve(frameState({ version: 1, frame })),
  );
  const stop = startDifferences(store, { getDifference, getState });
  store.dispatch({ type: "difference/open", from: 1, to: 3 });
  await vi.waitFor(() => expect(store.state.value.notice).not.toBeNull());
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(getDifference).toHaveBeenCalledTimes(1);
  store.dispatch({ type: "frame/show", frame: 1 });
  await vi.waitFor(() => expect(store.state.value.difference?.next).toBeNull());
  stop();
});

it("asks again once the connection is there again", async () => {
  const store = createStore(opened());
  const getDifference = vi.fn().mockRejectedValueOnce(new Error("no")).mockResolvedValue(page(0, null));
  const getState = vi.fn((_series: string, frame: number) =>
    Promise.resolve(frameState({ version: 1, frame })),
  );
  const stop = startDifferences(store, { getDifference, getState });
  store.dispatch({ type: "difference/open", from: 1, to: 3 });
  await vi.waitFor(() => expect(store.state.value.notice).not.toBeNull());
  store.dispatch({ type: "connection", connection: "offline" });
  store.dispatch({ type: "connection", connection: "online" });
  await vi.waitFor(() => expect(store.state.value.difference?.next).toBeNull());
  stop();
});

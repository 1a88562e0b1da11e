import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, offlineError } from "../../../src/protocol/errors";
import { start } from "../../../src/state/annotator/effects";
import { startEdits } from "../../../src/state/annotator/effects_edits";
import { browserKeep } from "../../../src/state/annotator/keep";
import { createStore } from "../../../src/state/annotator/store";
import {
  answerTo,
  byHand,
  changeset,
  discRle,
  frameState,
  maskRevision,
  me,
  opened,
  trackRevision,
} from "../../annotator";
import { FakeServer, MemoryBrowser } from "../../wire";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const known = { tracks: [trackRevision("t1", 1)], masks: [maskRevision("t1", 2, discRle(10, 10))] };
const steps = [{ op: "masks.delete" as const, track: "t1", first_frame: 3, last_frame: null }];
const ask = {
  type: "tracks/edit",
  gesture: { requestId: "e1", reason: "End an object", steps, select: null },
} as const;

function paint(requestId: string) {
  const mask = discRle(20, 10);
  return {
    type: "commit",
    gesture: {
      requestId,
      reason: "Paint a mask",
      operations: [
        { op: "mask.set", track: "t1", frame: 0, mask, origin: byHand, state: "accepted", order: null },
      ],
    },
  } as const;
}

async function load(server: FakeServer, browser = new MemoryBrowser()) {
  const store = createStore({ ...opened(known), connection: "connecting" });
  const frames = {
    getState: vi.fn(async (_: string, frame: number) => frameState({ frame })),
    getProposals: vi.fn(async () => ({ count: 0, frames: [], scores: [], unscored: 0 })),
    getTimeline: vi.fn(async () => ({ version: 0, frames: [] })),
    getLanes: vi.fn(async () => ({ version: 0, tracks: [], events: [] })),
  };
  const answer = changeset(1, { request_id: "e1", author: me });
  const edits = {
    editTracks: vi.fn(async (_: string, __: { seen: number }) => answer),
    takeBack: vi.fn(async () => changeset(2, { request_id: "u1", author: me })),
  };
  const keep = browserKeep(1, "series", browser.shelf, browser.tab("tab"), browser.storage);
  const connection = start(store, { api: frames, openWire: server.open, keep, newId: () => "id" });
  const stop = startEdits(store, edits);
  await vi.advanceTimersByTimeAsync(0);
  const close = () => {
    stop();
    connection.close();
  };
  return { store, edits, frames, close };
}

describe("an edit of tracks", () => {
  it("is posted with the newest version that was seen, and undone by its name", async () => {
    const { store, edits, close } = await load(new FakeServer());
    store.dispatch(ask);
    await vi.advanceTimersByTimeAsync(0);
    const values = { request_id: "e1", reason: "End an object", seen: 0, steps };
    expect(edits.editTracks.mock.calls).toEqual([["series", values]]);
    expect(store.state.value.asked).toBeNull();
    store.dispatch({ type: "undo", requestId: "u1" });
    await vi.advanceTimersByTimeAsync(0);
    expect(edits.takeBack.mock.calls).toEqual([["series", { request_id: "u1", action: "e1" }]]);
    close();
  });

  it("goes out after the commits before it, and before those that come after", async () => {
    const server = new FakeServer();
    const { store, edits, close } = await load(server);
    const sent = () => server.of("changeset.commit").map((message) => message.request_id);
    store.dispatch(paint("c1"));
    store.dispatch(ask);
    store.dispatch(paint("c2"));
    await vi.advanceTimersByTimeAsync(0);
    expect([sent(), edits.editTracks.mock.calls.length]).toEqual([["c1"], 0]);
    const [first] = store.state.value.pending;
    if (first === undefined) throw new Error("nothing is pending");
    server.say({ type: "changeset.committed", changeset: answerTo(first, 1) });
    expect(edits.editTracks).toHaveBeenCalledOnce();
    expect(sent()).toEqual(["c1"]);
    await vi.advanceTimersByTimeAsync(0);
    expect(sent()).toEqual(["c1", "c2"]);
    close();
  });

  it("is sent again, the same, when its answer was lost", async () => {
    const { store, edits, close } = await load(new FakeServer());
    edits.editTracks.mockRejectedValueOnce(offlineError());
    store.dispatch(ask);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.state.value.asked?.requestId).toBe("e1");
    store.dispatch({ type: "changeset/made", changeset: changeset(1) });
    await vi.advanceTimersByTimeAsync(1000);
    expect(edits.editTracks).toHaveBeenCalledOnce();
    await vi.advanceTimersByTimeAsync(1000);
    const [first, second] = edits.editTracks.mock.calls;
    expect(second).toEqual(first);
    expect(store.state.value.asked).toBeNull();
    close();
  });

  it("that waits is kept over a reload, and asked for by the next page", async () => {
    const browser = new MemoryBrowser();
    const server = new FakeServer();
    const before = await load(server, browser);
    before.edits.editTracks.mockRejectedValue(offlineError());
    before.store.dispatch(ask);
    await vi.advanceTimersByTimeAsync(0);
    before.close();
    const after = await load(server, browser);
    await vi.advanceTimersByTimeAsync(0);
    expect(after.edits.editTracks.mock.calls.map(([, values]) => values)).toMatchObject([
      { request_id: "e1" },
    ]);
    expect(after.store.state.value.asked).toBeNull();
    expect(after.store.state.value.undo).toMatchObject([{ requestId: "e1", saved: true }]);
    after.close();
  });

  it("that is refused says why, and what is stale is loaded again", async () => {
    const { store, edits, frames, close } = await load(new FakeServer());
    await vi.advanceTimersByTimeAsync(0);
    frames.getState.mockClear();
    const conflicts = [{ track: "t1", frame: 0, current: null, author: { id: 2, name: "Bob" } }];
    const stale = new ApiError(409, "stale", "Stale.", {}, { conflicts });
    edits.editTracks.mockRejectedValueOnce(stale);
    store.dispatch(ask);
    await vi.advanceTimersByTimeAsync(0);
    expect(store.state.value.notice).toContain("deleted by Bob meanwhile");
    expect(frames.getState.mock.calls.map(([, frame]) => frame)).toContain(0);
    close();
  });
});

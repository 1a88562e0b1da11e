import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startTrackings } from "../../../src/state/annotator/effects_track";
import { createStore } from "../../../src/state/annotator/store";
import { byHand, changeset, discRle, job, me, opened, trackingRequest, trackRevision } from "../../annotator";

const paint = {
  type: "commit",
  gesture: {
    requestId: "c1",
    reason: "Paint a mask",
    operations: [
      {
        op: "mask.set",
        track: "t1",
        frame: 0,
        mask: discRle(20, 20),
        origin: byHand,
        state: "accepted",
        order: null,
      },
    ],
  },
} as const;

describe("a tracking", () => {
  const fetched = vi.fn<typeof fetch>();
  const answer = (value: unknown) => fetched.mockResolvedValueOnce(new Response(JSON.stringify(value)));
  const sent = (call: number): unknown => JSON.parse(String(fetched.mock.calls[call]?.[1]?.body));
  beforeEach(() => {
    fetched.mockReset();
    vi.stubGlobal("fetch", fetched);
    vi.stubGlobal("document", { cookie: "" });
  });
  afterEach(() => void vi.unstubAllGlobals());

  let ids = 0;
  const load = () => {
    ids = 0;
    const store = createStore(opened({ tracks: [trackRevision("t1", 1)] }));
    const follow = vi.fn();
    return { store, follow, session: startTrackings(store, follow, () => `r${++ids}`) };
  };

  it("starts as it was asked for, is followed, and is remembered for the next one", async () => {
    const { store, follow, session } = load();
    answer(job({ id: "j9", kind: "track" }));
    await session.track(trackingRequest());
    expect(fetched.mock.calls[0]?.[0]).toBe("/api/v1/series/series/trackings");
    expect(sent(0)).toEqual(trackingRequest());
    expect(follow).toHaveBeenCalledWith(expect.objectContaining({ id: "j9" }));
    expect(store.state.value.lastTracking).toEqual(trackingRequest());
  });

  it("waits until what was drawn before it is saved", async () => {
    const { store, session } = load();
    store.dispatch(paint);
    answer(job({ kind: "track" }));
    const started = session.track(trackingRequest());
    await Promise.resolve();
    expect(fetched).not.toHaveBeenCalled();
    store.dispatch({ type: "changeset/made", changeset: changeset(1, { request_id: "c1", author: me }) });
    await started;
    expect(fetched).toHaveBeenCalledOnce();
  });

  it("is not started while what was drawn cannot be saved", async () => {
    const { store, session } = load();
    store.dispatch(paint);
    store.dispatch({ type: "connection", connection: "offline" });
    await expect(session.track(trackingRequest())).rejects.toThrow("cannot be reached");
    expect(fetched).not.toHaveBeenCalled();
  });

  it("is taken back whole, and then no longer shown", async () => {
    const { store, session } = load();
    store.dispatch({ type: "job", job: job({ kind: "track", state: "done" }) });
    answer({ version: 9, masks: 12 });
    expect(await session.revertTracking("j1")).toBe(12);
    expect(sent(0)).toEqual({ job: "j1", request_id: "r1" });
    expect(store.state.value.jobs).toEqual([]);
  });

  it("is taken back by the same request after an answer that was lost, and by another one later", async () => {
    const { session } = load();
    fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await expect(session.revertTracking("j1")).rejects.toThrow();
    for (const masks of [12, 0]) {
      answer({ version: 9, masks });
      await session.revertTracking("j1");
    }
    expect([0, 1, 2].map(sent)).toEqual(["r1", "r1", "r2"].map((request_id) => ({ job: "j1", request_id })));
  });
});

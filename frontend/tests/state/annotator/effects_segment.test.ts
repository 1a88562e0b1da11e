import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startJobs } from "../../../src/state/annotator/effects_jobs";
import { startSegmentations } from "../../../src/state/annotator/effects_segment";
import { createStore } from "../../../src/state/annotator/store";
import { job, opened } from "../../annotator";

describe("segmentations of a series", () => {
  const fetched = vi.fn<typeof fetch>();
  const answer = (value: unknown) => fetched.mockResolvedValueOnce(new Response(JSON.stringify(value)));
  const sent = (call: number): unknown => JSON.parse(String(fetched.mock.calls[call]?.[1]?.body));
  beforeEach(() => {
    fetched.mockReset();
    vi.useFakeTimers();
    vi.stubGlobal("fetch", fetched);
    vi.stubGlobal("document", { cookie: "" });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("follow the job that was started until it ends", async () => {
    const store = createStore(opened());
    const jobs = startJobs(store);
    const session = startSegmentations(store, jobs.follow, () => "many");
    store.dispatch({ type: "scope", change: { what: "range", from: 1, to: 3 } });
    answer(job({ state: "queued" }));
    answer(job());
    answer(job({ state: "done", progress: 1, result: { proposals: 7 } }));
    await session.segment();
    expect(sent(0)).toMatchObject({ model: "efficient_sam_ti", frames: { from: 1, to: 3, step: 1 } });
    await vi.advanceTimersByTimeAsync(2000);
    expect(store.state.value.jobs).toMatchObject([{ state: "done", result: { proposals: 7 } }]);
    jobs.close();
  });

  it("decide about many by frames and score: what reaches it, or what falls short", async () => {
    const store = createStore(opened());
    const session = startSegmentations(
      store,
      () => undefined,
      () => "many",
    );
    store.dispatch({ type: "scope", change: { from: 2, to: 4 } });
    store.dispatch({ type: "review", change: { minimumScore: 0.6 } });
    answer({ version: 9, accepted: 5 });
    answer({ version: 10, discarded: 2 });
    expect(await session.acceptMany("range")).toBe(5);
    expect(sent(0)).toEqual({ frames: { from: 2, to: 4 }, min_score: 0.6, below: null, action: "many" });
    expect(store.state.value.undo).toMatchObject([{ kind: "action", requestId: "many", saved: true }]);
    expect(await session.discardMany("series", true)).toBe(2);
    expect(sent(1)).toEqual({ frames: null, min_score: 0, below: 0.6, action: "many" });
  });
});

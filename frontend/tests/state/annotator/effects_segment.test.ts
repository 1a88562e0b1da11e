import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Job } from "../../../src/protocol/rest";
import { startSegmentations } from "../../../src/state/annotator/effects_segment";
import { createStore } from "../../../src/state/annotator/store";
import { changeset, me, opened, other } from "../../annotator";

const job = (values: Partial<Job> = {}): Job => ({
  id: "j1",
  kind: "segment",
  state: "running",
  progress: 0.5,
  step: "Frame 2: 2 of 4",
  error: null,
  result: {},
  created_at: "2026-01-01T00:00:00Z",
  created_by: other,
  project: "project",
  series: "series",
  ...values,
});

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
    const session = startSegmentations(store);
    store.dispatch({ type: "scope", change: { what: "range", from: 1, to: 3 } });
    answer(job({ state: "queued", created_by: me }));
    answer(job());
    answer(job({ state: "done", progress: 1, result: { proposals: 7 } }));
    await session.segment();
    expect(sent(0)).toMatchObject({ model: "efficient_sam_ti", frames: { from: 1, to: 3, step: 1 } });
    await vi.advanceTimersByTimeAsync(2000);
    expect(store.state.value.segmentations).toMatchObject([{ state: "done", result: { proposals: 7 } }]);
    session.close();
  });

  it("meet a colleague's job by its first frame, once", async () => {
    const store = createStore(opened());
    const session = startSegmentations(store);
    fetched.mockImplementation(async () => new Response(JSON.stringify(job())));
    const frame = (version: number) =>
      ({
        type: "server",
        message: { type: "changeset.committed", changeset: changeset(version, { job: "j1" }) },
      }) as const;
    store.dispatch(frame(1));
    await vi.advanceTimersByTimeAsync(10);
    store.dispatch(frame(2));
    await vi.advanceTimersByTimeAsync(10);
    expect(store.state.value.segmentations).toMatchObject([{ id: "j1", progress: 0.5 }]);
    session.close();
    const asked = fetched.mock.calls.length;
    await vi.advanceTimersByTimeAsync(5000);
    expect(fetched.mock.calls.length).toBe(asked);
  });

  it("are no longer shown as running once nothing can be heard of them", async () => {
    const store = createStore(opened());
    const session = startSegmentations(store);
    answer(job());
    fetched.mockResolvedValueOnce(new Response(JSON.stringify({ message: "No such job." }), { status: 404 }));
    await session.segment();
    await vi.advanceTimersByTimeAsync(2000);
    expect(store.state.value.segmentations).toEqual([]);
    expect(store.state.value.notice).toBe("No such job.");
    session.close();
  });

  it("decide about many by frames and score: what reaches it, or what falls short", async () => {
    const store = createStore(opened());
    const session = startSegmentations(store);
    store.dispatch({ type: "scope", change: { from: 2, to: 4 } });
    store.dispatch({ type: "review", change: { minimumScore: 0.6 } });
    answer({ version: 9, accepted: 5 });
    answer({ version: 10, discarded: 2 });
    expect(await session.acceptMany("range")).toBe(5);
    expect(sent(0)).toEqual({ frames: { from: 2, to: 4 }, min_score: 0.6, below: null });
    expect(await session.discardMany("series", true)).toBe(2);
    expect(sent(1)).toEqual({ frames: null, min_score: 0, below: 0.6 });
    session.close();
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startJobs } from "../../../src/state/annotator/effects_jobs";
import { createStore } from "../../../src/state/annotator/store";
import { changeset, job, opened } from "../../annotator";

describe("jobs of a series", () => {
  const fetched = vi.fn<typeof fetch>();
  const answer = (value: unknown) => fetched.mockResolvedValueOnce(new Response(JSON.stringify(value)));
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

  it("meet a colleague's job by its first frame, once", async () => {
    const store = createStore(opened());
    const session = startJobs(store);
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
    expect(store.state.value.jobs).toMatchObject([{ id: "j1", progress: 0.5 }]);
    session.close();
    const asked = fetched.mock.calls.length;
    await vi.advanceTimersByTimeAsync(5000);
    expect(fetched.mock.calls.length).toBe(asked);
  });

  it("are no longer shown as running once nothing can be heard of them", async () => {
    const store = createStore(opened());
    const session = startJobs(store);
    answer(job());
    fetched.mockResolvedValueOnce(new Response(JSON.stringify({ message: "No such job." }), { status: 404 }));
    session.follow(job());
    await vi.advanceTimersByTimeAsync(2000);
    expect(store.state.value.jobs).toEqual([]);
    expect(store.state.value.notice).toBe("No such job.");
    session.close();
  });

  it("are paused and resumed, and asked about meanwhile", async () => {
    const store = createStore(opened());
    const session = startJobs(store);
    answer(job({ state: "paused" }));
    await session.pauseJob("j1");
    expect(store.state.value.jobs).toMatchObject([{ state: "paused" }]);
    expect(fetched.mock.calls[0]?.[0]).toBe("/api/v1/jobs/j1/pause");
    answer(job({ state: "paused" }));
    answer(job({ state: "running", progress: 0.75 }));
    answer(job({ state: "done", progress: 1 }));
    session.follow(job({ state: "paused" }));
    await vi.advanceTimersByTimeAsync(5000);
    expect(store.state.value.jobs).toMatchObject([{ state: "done" }]);
    session.close();
  });
});

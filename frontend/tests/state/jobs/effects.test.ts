import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Job } from "../../../src/protocol/rest";
import { followJob, withNewest } from "../../../src/state/jobs/effects";

const job = (values: Partial<Job>): Job => ({
  id: "j1",
  kind: "import",
  state: "running",
  progress: 0,
  step: "",
  error: null,
  result: {},
  created_at: "2025-03-01T12:00:00Z",
  created_by: { id: 1, name: "Ada" },
  project: "p1",
  series: null,
  pausable: false,
  parameters: null,
  ...values,
});

describe("following a job", () => {
  const fetched = vi.fn<typeof fetch>();
  beforeEach(() => {
    fetched.mockReset();
    vi.useFakeTimers();
    vi.stubGlobal("fetch", fetched);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const answer = (values: Partial<Job>) =>
    fetched.mockResolvedValueOnce(new Response(JSON.stringify(job(values))));

  it("reports each news, goes on after a lost connection, and ends with the job", async () => {
    answer({ state: "queued" });
    fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    answer({ progress: 0.5 });
    answer({ state: "done", progress: 1, result: { series: "s1" } });
    const news: string[] = [];
    const followed = followJob(
      "j1",
      (one) => news.push(`${one.state} ${one.progress}`),
      new AbortController().signal,
    );
    await vi.runAllTimersAsync();
    expect((await followed).result.series).toBe("s1");
    expect(news).toEqual(["queued 0", "running 0.5", "done 1"]);
  });

  it("stops asking when told to", async () => {
    fetched.mockImplementation(async () => new Response(JSON.stringify(job({}))));
    const stop = new AbortController();
    const followed = followJob("j1", () => {}, stop.signal).catch(() => "stopped");
    await vi.advanceTimersByTimeAsync(2000);
    const asked = fetched.mock.calls.length;
    expect(asked).toBeGreaterThan(1);
    stop.abort();
    expect(await followed).toBe("stopped");
    await vi.advanceTimersByTimeAsync(5000);
    expect(fetched.mock.calls.length).toBe(asked);
  });
});

describe("the list of jobs", () => {
  const at = (id: string, minute: number, values: Partial<Job> = {}) =>
    job({ id, created_at: `2025-03-01T12:0${minute}:00Z`, ...values });

  it("keeps older pages below the newest, which wins", () => {
    const present = { jobs: [at("c", 3), at("b", 2), at("a", 1)], next: null };
    const merged = withNewest(present, [at("d", 4), at("c", 3, { state: "done" })], "c");
    expect(merged.jobs.map((one) => [one.id, one.state])).toEqual([
      ["d", "running"],
      ["c", "done"],
      ["b", "running"],
      ["a", "running"],
    ]);
    expect(merged.next).toBeNull();
  });

  it("asks on from the newest page while there is no other", () => {
    expect(withNewest(undefined, [at("a", 1)], "a")).toEqual({ jobs: [at("a", 1)], next: "a" });
  });
});

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { loadAnnotated } from "../../../src/state/models/effects";
import { annotated, annotatedKey } from "../../../src/state/models/store";
import { readyValue } from "../../../src/state/remote";

const fetched = vi.fn<typeof fetch>();
beforeEach(() => {
  vi.stubGlobal("fetch", fetched);
});
afterEach(() => vi.unstubAllGlobals());

it("asks anew which frames are annotated once the series has another version", async () => {
  const say = (...frames: number[]) =>
    fetched.mockResolvedValueOnce(
      new Response(JSON.stringify({ frames: frames.map((frame) => ({ frame, accepted: 1, proposals: 0 })) })),
    );
  const known = (version: number) =>
    readyValue(annotated.value.get(annotatedKey("s", version)) ?? { status: "loading" });
  say(0);
  await loadAnnotated("s", 1);
  await loadAnnotated("s", 1);
  expect(fetched).toHaveBeenCalledTimes(1);
  say(0, 7);
  await loadAnnotated("s", 2);
  expect([known(1), known(2)]).toEqual([[0], [0, 7]]);
});

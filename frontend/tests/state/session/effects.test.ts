import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchRequests } from "../../../src/protocol/request";
import { loadProjects } from "../../../src/state/projects/effects";
import { createToken, loadTokens, signIn, startSession } from "../../../src/state/session/effects";
import { reachable, session, tokens, user } from "../../../src/state/session/store";

const fetched = vi.fn<typeof fetch>();
const ada = { id: 1, name: "Ada", username: "ada" };
const answer = (status: number, body: unknown) =>
  fetched.mockResolvedValueOnce(new Response(JSON.stringify(body), { status }));

beforeEach(() => {
  fetched.mockReset();
  vi.useFakeTimers();
  vi.stubGlobal("fetch", fetched);
  vi.stubGlobal("document", { cookie: "" });
  session.value = { status: "loading" };
  reachable.value = true;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  watchRequests(() => {});
});

it("knows who is signed in, and that nobody is after a refused password", async () => {
  answer(200, { user: null, csrf: "x" });
  await startSession();
  expect(user.value).toBeNull();
  answer(400, { code: "bad_credentials", message: "Wrong." });
  await expect(signIn("ada", "wrong")).rejects.toMatchObject({ code: "bad_credentials" });
  expect(user.value).toBeNull();
  answer(200, { user: ada, csrf: "x" });
  await signIn("ada", "right");
  expect(user.value).toEqual(ada);
});

it("leads to the way in when the session has ended on the server", async () => {
  answer(200, { user: ada, csrf: "x" });
  await startSession();
  answer(401, { code: "not_authenticated", message: "Sign in." });
  await loadProjects();
  expect(session.value).toEqual({ status: "ready", value: null });
});

it("keeps the person signed in while the server is away, and notices its return", async () => {
  answer(200, { user: ada, csrf: "x" });
  await startSession();
  fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  await loadProjects();
  expect(reachable.value).toBe(false);
  expect(user.value).toEqual(ada);
  fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
  await vi.advanceTimersByTimeAsync(3000);
  expect(reachable.value).toBe(false);
  answer(200, { user: ada, csrf: "x" });
  await vi.advanceTimersByTimeAsync(3000);
  expect(reachable.value).toBe(true);
});

it("shows a new token's secret to its maker only, not in the list", async () => {
  answer(200, []);
  await loadTokens();
  const kept = { id: "t1", name: "Notebook", created_at: "2025-03-01T12:00:00Z", last_used_at: null };
  answer(201, { ...kept, token: "secret" });
  expect((await createToken("Notebook")).token).toBe("secret");
  expect(tokens.value).toEqual({ status: "ready", value: [kept] });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as api from "../../src/protocol/api";
import { ApiError, asApiError, errorFromAnswer } from "../../src/protocol/errors";
import { csrfToken, queryString, watchRequests } from "../../src/protocol/request";

const fetched = vi.fn<typeof fetch>();
const outcomes: string[] = [];
const answer = (status: number, body: unknown) =>
  fetched.mockResolvedValueOnce(new Response(body === null ? null : JSON.stringify(body), { status }));

beforeEach(() => {
  fetched.mockReset();
  outcomes.length = 0;
  vi.stubGlobal("fetch", fetched);
  vi.stubGlobal("document", { cookie: "theme=dark; csrftoken=abc%3D1" });
  watchRequests((outcome) => outcomes.push(outcome));
});

afterEach(() => {
  vi.unstubAllGlobals();
  watchRequests(() => {});
});

const sent = () => {
  const [url, init] = fetched.mock.calls[0] ?? [];
  return { url, init, headers: new Headers(init?.headers) };
};

const failure = async (promise: Promise<unknown>): Promise<ApiError> => {
  const cause = await promise.then(
    () => "no failure",
    (thrown: unknown) => thrown,
  );
  if (!(cause instanceof ApiError)) throw new Error(`Not an ApiError: ${cause}`);
  return cause;
};

describe("a request", () => {
  it("asks without a CSRF token and reads the answer", async () => {
    answer(200, [{ id: "p1", name: "Au" }]);
    expect(await api.listProjects()).toEqual([{ id: "p1", name: "Au" }]);
    expect(sent().url).toBe("/api/v1/projects");
    expect(sent().init?.method).toBe("GET");
    expect(sent().headers.has("X-CSRFToken")).toBe(false);
    expect(outcomes).toEqual(["answered"]);
  });

  it("changes things with JSON and the cookie's CSRF token", async () => {
    answer(201, { id: "p1" });
    await api.createProject("Au", "hot");
    expect(sent().headers.get("X-CSRFToken")).toBe("abc=1");
    expect(sent().headers.get("Content-Type")).toBe("application/json");
    expect(sent().init?.body).toBe('{"name":"Au","description":"hot"}');
    expect(sent().init?.credentials).toBe("same-origin");
  });

  it("takes an empty answer as nothing", async () => {
    answer(204, null);
    expect(await api.deleteProject("p1")).toBeUndefined();
  });

  it("leaves out what was not asked for, and keeps ids in their place", async () => {
    answer(200, { version: 3, frames: [] });
    await api.getTimeline("../session");
    expect(sent().url).toBe("/api/v1/series/..%2Fsession/timeline");
    expect(queryString({ frame: 0, version: undefined })).toBe("?frame=0");
  });
});

describe("a failure", () => {
  it("carries status, code, message, fields and what else the answer says", async () => {
    answer(400, { code: "invalid", message: "Check them.", fields: { name: ["Too long."] } });
    const error = await failure(api.createProject("x", ""));
    expect(error).toMatchObject({ status: 400, code: "invalid", message: "Check them." });
    expect(error.fields).toEqual({ name: ["Too long."] });
    expect(errorFromAnswer(409, '{"code":"conflict","message":"No.","conflicts":[1]}').details).toEqual({
      conflicts: [1],
    });
  });

  it("stays readable when a proxy answers with a page of its own", () => {
    const error = errorFromAnswer(502, "<html>Bad gateway</html>");
    expect(error).toMatchObject({ status: 502, code: "http_502" });
    expect(error.message).toContain("502");
  });

  it("is offline when no answer comes", async () => {
    fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    expect((await failure(api.listProjects())).offline).toBe(true);
    expect(outcomes).toEqual(["unreachable"]);
  });

  it("is not taken for offline when the caller gave up", async () => {
    const stop = new AbortController();
    stop.abort();
    fetched.mockRejectedValueOnce(stop.signal.reason);
    expect((await failure(api.getJob("j1", stop.signal))).aborted).toBe(true);
    expect(outcomes).toEqual([]);
  });

  it("says when the session has ended", async () => {
    answer(401, { code: "not_authenticated", message: "Sign in." });
    expect((await failure(api.listProjects())).status).toBe(401);
    expect(outcomes).toEqual(["signed-out"]);
  });

  it("of any other kind becomes an ApiError too", () => {
    expect(asApiError(new Error("boom"))).toMatchObject({ code: "unexpected", message: "boom" });
  });
});

it("finds the CSRF cookie among others", () => {
  expect(csrfToken("xcsrftoken=no; csrftoken=yes")).toBe("yes");
  expect(csrfToken("")).toBe("");
});

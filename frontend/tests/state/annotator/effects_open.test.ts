// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openAnnotator, type Session } from "../../../src/state/annotator/effects_open";
import { changeset, frameState, gold, me, models, series } from "../../annotator";

/** What the server answers by method and path; a number is a refusal of that status. */
const answers: Record<string, unknown> = {
  "GET /series/series": series(),
  "GET /projects/project": { id: "project", role: "annotator", phases: [gold], members: [] },
  "GET /series/series/state": frameState({ version: 3, head: 3 }),
  "GET /projects/project/models": { models, versions: [] },
  "GET /projects/project/jobs": { results: [], next: null },
  "GET /series/series/actions": {
    undo: [{ action: "a1", reason: "Accept a mask", version: 3 }],
    redo: [],
  },
};

describe("an open series", () => {
  const sent: { call: string; body: unknown }[] = [];
  const changed: Record<string, unknown> = {};
  let session: Session | undefined;
  beforeEach(() => {
    sent.length = 0;
    for (const name of Object.keys(changed)) delete changed[name];
    vi.stubGlobal(
      "WebSocket",
      class {
        close() {}
      },
    );
    vi.stubGlobal("fetch", async (url: string, { method = "GET", body }: RequestInit) => {
      const call = `${method} ${url.replace("/api/v1", "").split("?")[0]}`;
      sent.push({ call, body: typeof body === "string" ? JSON.parse(body) : null });
      const answer = changed[call] ?? answers[call];
      return typeof answer === "number"
        ? new Response("{}", { status: answer })
        : new Response(JSON.stringify(answer));
    });
  });
  afterEach(() => {
    session?.close();
    vi.unstubAllGlobals();
  });

  it("is drawn on where the models and jobs cannot be listed", async () => {
    changed["GET /projects/project/models"] = 500;
    changed["GET /projects/project/jobs"] = 500;
    session = await openAnnotator("series", 0, me);
    const { models, tool, notice, jobs } = session.store.state.value;
    expect([models, jobs]).toEqual([[], []]);
    expect(tool).toBe("point");
    expect(notice).toContain("The models could not be listed");
  });

  it("knows what this person did before, and can be undone to it", async () => {
    session = await openAnnotator("series", 0, me);
    const known = { kind: "action", requestId: "a1", reason: "Accept a mask", saved: true };
    expect([session.store.state.value.undo, session.store.state.value.redo]).toEqual([[known], []]);
  });

  it("says which version one has seen when an older one is restored", async () => {
    changed["POST /series/series/restore"] = changeset(4);
    session = await openAnnotator("series", 0, me);
    await session.restore({ version: 1, first_frame: 2, last_frame: 3, tracks: null });
    const asked = sent.find(({ call }) => call === "POST /series/series/restore");
    expect(asked?.body).toMatchObject({ version: 1, base: 3, first_frame: 2, last_frame: 3 });
    const { head, undo, past } = session.store.state.value;
    expect(head).toBe(4);
    expect(past).toBeNull();
    expect(undo.at(-1)).toMatchObject({ kind: "action", saved: true });
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { offlineError } from "../../../src/protocol/errors";
import type { PromptPredicted } from "../../../src/protocol/messages";
import type { Lanes, SeriesState } from "../../../src/protocol/rest";
import { start } from "../../../src/state/annotator/effects";
import { browserKeep } from "../../../src/state/annotator/keep";
import { saveState } from "../../../src/state/annotator/save_state";
import { createStore } from "../../../src/state/annotator/store";
import { objectsOn } from "../../../src/state/annotator/view";
import {
  answerTo,
  byHand,
  candidate,
  changeset,
  discRle,
  frameState,
  maskRevision,
  opened,
  trackRevision,
} from "../../annotator";
import { FakeServer, MemoryBrowser } from "../../wire";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Browser {
  readonly memory = new MemoryBrowser();
  private ids = 0;

  /** Opens the series as a freshly loaded page does. */
  async load(
    server: FakeServer,
    getState = async (_: string, frame: number) => frameState({ frame }),
    getLanes = async (): Promise<Lanes> => ({ version: server.version, tracks: [], events: [] }),
    tab = this.memory.tab("tab"),
  ) {
    const store = createStore({
      ...opened({ version: server.version, head: server.version }),
      connection: "connecting",
    });
    const api = {
      getState: vi.fn(getState),
      getProposals: vi.fn(async () => ({ count: 0, frames: [], scores: [], unscored: 0 })),
      getLanes: vi.fn(getLanes),
      getTimeline: vi.fn(async () => ({ version: 0, frames: [{ frame: 2, accepted: 1, proposals: 0 }] })),
    };
    const keep = browserKeep(1, "series", this.memory.shelf, tab, this.memory.storage);
    const connection = start(store, { api, openWire: server.open, keep, newId: () => `id${++this.ids}` });
    await vi.advanceTimersByTimeAsync(0);
    return { store, api, connection };
  }
}

function paint(requestId: string, track: string) {
  return {
    type: "commit",
    gesture: {
      requestId,
      reason: "Paint a new object",
      operations: [
        { op: "track.create", track, phase: null, name: "" },
        {
          op: "mask.set",
          track,
          frame: 0,
          mask: discRle(10, 10),
          origin: byHand,
          state: "accepted",
          order: null,
        },
      ],
    },
  } as const;
}

const point = { type: "prompt/point", point: { x: 20, y: 20, label: 1 }, requestId: "q1" } as const;

const predicted = (requestId: string): PromptPredicted => ({
  type: "prompt.predicted",
  request_id: requestId,
  frame: 0,
  model: "efficient_sam_ti",
  model_hash: "weights",
  candidates: [candidate(20, 20)],
  encode_ms: 0,
  decode_ms: 0,
});

describe("commits", () => {
  it("are sent once and settled by the changeset that they become", async () => {
    const server = new FakeServer();
    const { store } = await new Browser().load(server);
    store.dispatch(paint("c1", "t1"));
    const [pending] = store.state.value.pending;
    expect(server.of("changeset.commit").map((message) => message.request_id)).toEqual(["c1"]);
    if (pending === undefined) throw new Error("nothing is pending");
    server.say({ type: "changeset.committed", changeset: answerTo(pending, 1) });
    expect(store.state.value.pending).toEqual([]);
    expect(objectsOn(store.state.value, 0)[0]?.track.number).toBe(1);
  });

  it("made offline are kept and sent in their order after the connection is back, with the same request IDs", async () => {
    const server = new FakeServer();
    const { store } = await new Browser().load(server);
    server.drop();
    store.dispatch(paint("c1", "t1"));
    store.dispatch(paint("c2", "t2"));
    expect(server.of("changeset.commit")).toEqual([]);
    expect(store.state.value.connection).toBe("offline");
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.of("changeset.commit").map((message) => message.request_id)).toEqual(["c1", "c2"]);
  });

  it("unanswered when the connection breaks are sent again unchanged", async () => {
    const server = new FakeServer();
    const { store } = await new Browser().load(server);
    store.dispatch(paint("c1", "t1"));
    server.drop();
    await vi.advanceTimersByTimeAsync(2000);
    const [first, second] = server.of("changeset.commit");
    expect(second).toEqual(first);
  });

  it("survive a reload of the page and are sent by the next one", async () => {
    const server = new FakeServer();
    const browser = new Browser();
    const before = await browser.load(server);
    server.drop();
    before.store.dispatch(paint("c1", "t1"));
    before.store.dispatch(paint("c2", "t2"));
    before.connection.close();
    const after = await browser.load(server);
    expect(objectsOn(after.store.state.value, 0)).toHaveLength(2);
    expect(server.of("changeset.commit").map((message) => message.request_id)).toEqual(["c1", "c2"]);
    for (const [index, commit] of after.store.state.value.pending.entries()) {
      server.say({ type: "changeset.committed", changeset: answerTo(commit, index + 1) });
    }
    after.connection.close();
    const last = await browser.load(server);
    expect(last.store.state.value.pending).toEqual([]);
  });

  it("that lost a conflict are kept until their author decides, reloads included, and not sent meanwhile", async () => {
    const server = new FakeServer();
    const browser = new Browser();
    const { store, connection } = await browser.load(server);
    store.dispatch(paint("c1", "t1"));
    server.say({ type: "changeset.conflict", request_id: "c1", conflicts: [] });
    expect(store.state.value.pending[0]?.problem).toEqual({ kind: "conflict", conflicts: [] });
    server.drop();
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.of("changeset.commit")).toHaveLength(1);
    connection.close();
    const next = await browser.load(server);
    expect(next.store.state.value.pending).toHaveLength(1);
    next.store.dispatch({ type: "problem/discard", requestId: "c1" });
    next.connection.close();
    const last = await browser.load(server);
    expect(last.store.state.value.pending).toEqual([]);
  });

  it("that the browser cannot keep are announced", async () => {
    const browser = new Browser();
    const { store, connection } = await browser.load(new FakeServer());
    browser.memory.full = true;
    store.dispatch(paint("c1", "t1"));
    await vi.advanceTimersByTimeAsync(0);
    expect(saveState(store.state.value)).toEqual({ kind: "unkept", count: 1 });
    expect(connection.leaving()).toBe(true);
    store.dispatch({ type: "prompt/cancel" }); // something else that is kept without trouble
    store.dispatch(point);
    store.dispatch({ type: "prompt/cancel" });
    await vi.advanceTimersByTimeAsync(0);
    expect(saveState(store.state.value)).toEqual({ kind: "unkept", count: 1 });
    browser.memory.full = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(saveState(store.state.value)).toEqual({ kind: "saving", count: 1 });
    expect([browser.memory.kept.size, connection.leaving()]).toEqual([1, false]);
  });
});

describe("two tabs of one person", () => {
  const two = async (server: FakeServer) => {
    const browser = new Browser();
    const first = await browser.load(server, undefined, undefined, browser.memory.tab("one"));
    const second = await browser.load(new FakeServer(), undefined, undefined, browser.memory.tab("two"));
    return { browser, first, second };
  };

  it("send each their own, and say what the other has not sent", async () => {
    const server = new FakeServer();
    const { first, second } = await two(server);
    server.drop();
    server.reachable = false;
    first.store.dispatch(paint("c1", "t1"));
    await vi.advanceTimersByTimeAsync(5000);
    expect(second.store.state.value.pending).toEqual([]);
    expect(saveState(second.store.state.value)).toEqual({ kind: "elsewhere", count: 1 });
  });

  it("take over what a tab left that is gone, in its order and only one of them", async () => {
    const server = new FakeServer();
    const { browser, first, second } = await two(server);
    server.drop();
    server.reachable = false;
    first.store.dispatch(paint("c1", "t1"));
    first.store.dispatch(paint("c2", "t2"));
    await vi.advanceTimersByTimeAsync(0);
    const third = await browser.load(new FakeServer(), undefined, undefined, browser.memory.tab("three"));
    browser.memory.alive.delete("one"); // it crashed
    await vi.advanceTimersByTimeAsync(9000);
    const taken = [second, third].map(({ store }) => store.state.value.pending.map((each) => each.requestId));
    expect(taken).toContainEqual(["c1", "c2"]);
    expect(taken).toContainEqual([]);
  });

  it("leave their drafts to the next page where one is closed, which does not take them twice", async () => {
    const server = new FakeServer();
    const { browser, first } = await two(server);
    first.store.dispatch(point);
    await vi.advanceTimersByTimeAsync(500);
    browser.memory.alive.clear();
    const third = await browser.load(new FakeServer(), undefined, undefined, browser.memory.tab("three"));
    expect(third.store.state.value.prompt?.points).toEqual([point.point]);
    const fourth = await browser.load(new FakeServer(), undefined, undefined, browser.memory.tab("four"));
    expect(fourth.store.state.value.prompt).toBeNull();
  });

  it("keep the rulers of both", async () => {
    const { browser, first, second } = await two(new FakeServer());
    const ruler = (id: string) => ({
      id,
      frame: 0,
      points: [
        { x: 1, y: 1 },
        { x: 9, y: 1 },
      ],
    });
    first.store.dispatch({ type: "view/ruler", ruler: ruler("r1") });
    second.store.dispatch({ type: "view/ruler", ruler: ruler("r2") });
    first.store.dispatch({ type: "view/ruler", ruler: ruler("r3") });
    first.store.dispatch({ type: "view/ruler-gone", id: "r1" });
    const next = await browser.load(new FakeServer(), undefined, undefined, browser.memory.tab("next"));
    expect(next.store.state.value.rulers.map(({ id }) => id).toSorted()).toEqual(["r2", "r3"]);
  });
});

describe("a stroke under way", () => {
  const stroke = {
    kind: "stroke",
    frame: 0,
    mode: "paint",
    path: [{ x: 10, y: 10 }],
    diameter: 7,
    track: null,
  } as const;

  it("is finished as far as it got when the page was loaded anew", async () => {
    const browser = new Browser();
    const before = await browser.load(new FakeServer());
    before.store.dispatch({ type: "stroke/begin", stroke });
    before.store.dispatch({ type: "stroke/extend", point: { x: 20, y: 10 } });
    await vi.advanceTimersByTimeAsync(500);
    before.connection.close();
    const after = await browser.load(new FakeServer());
    expect(after.store.state.value.stroke).toBeNull();
    expect(objectsOn(after.store.state.value, 0)).toHaveLength(1);
    expect(after.store.state.value.undo.at(-1)?.reason).toBe("Paint a new object");
  });

  it("of another frame waits until that frame is there, so that its object is not replaced", async () => {
    const browser = new Browser();
    const before = await browser.load(new FakeServer());
    before.store.dispatch({ type: "stroke/begin", stroke: { ...stroke, frame: 3, track: "t1" } });
    before.connection.close();
    const after = await browser.load(new FakeServer(), async (_: string, frame: number) =>
      frameState({
        frame,
        tracks: [trackRevision("t1", 1)],
        masks: [maskRevision("t1", 2, discRle(10, 30), { frame })],
      }),
    );
    expect(after.store.state.value.pending).toEqual([]);
    after.store.dispatch({ type: "frame/show", frame: 3 });
    await vi.advanceTimersByTimeAsync(100);
    const [object] = objectsOn(after.store.state.value, 3);
    expect(object?.area_px).toBeGreaterThan(70); // both discs
  });
});

describe("an open outline", () => {
  it("survives a reload of the tab", async () => {
    const browser = new Browser();
    const server = new FakeServer();
    const { store, connection } = await browser.load(server);
    const corners = [{ x: 3, y: 4, path: [] }];
    const outline = {
      kind: "outline",
      tool: "polygon",
      frame: 2,
      mode: "new",
      track: null,
      corners,
    } as const;
    store.dispatch({ type: "outline", outline });
    connection.close();
    const next = await browser.load(server);
    expect(next.store.state.value.outline).toEqual(outline);
    next.store.dispatch({ type: "outline", outline: null });
    next.connection.close();
    expect((await browser.load(server)).store.state.value.outline).toBeNull();
  });
});

describe("changes of others", () => {
  it("that were missed while offline are asked for from the last applied version", async () => {
    const server = new FakeServer();
    const { store } = await new Browser().load(server);
    server.drop();
    server.version = 3;
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.of("series.since")).toEqual([{ type: "series.since", version: 0 }]);
    server.say({ type: "series.changes", changesets: [changeset(1), changeset(2)], head: 3 });
    expect(server.of("series.since").at(-1)).toEqual({ type: "series.since", version: 2 });
    server.say({ type: "series.changes", changesets: [changeset(3)], head: 3 });
    expect(store.state.value.head).toBe(3);
    expect(server.of("series.since")).toHaveLength(2);
  });

  it("with a gap between them are asked for once", async () => {
    const server = new FakeServer();
    await new Browser().load(server);
    server.say({ type: "changeset.committed", changeset: changeset(4) });
    server.say({ type: "changeset.committed", changeset: changeset(5) });
    server.say({ type: "series.head", version: 5 });
    expect(server.of("series.since")).toEqual([{ type: "series.since", version: 0 }]);
  });
});

describe("prompts", () => {
  it("are sent whole, and a later one takes the place of an earlier", async () => {
    const server = new FakeServer();
    const { store } = await new Browser().load(server);
    store.dispatch(point);
    store.dispatch({ type: "prompt/point", point: { x: 25, y: 20, label: 0 }, requestId: "q2" });
    expect(server.of("prompt.predict").map(({ request_id, points }) => [request_id, points.length])).toEqual([
      ["q1", 1],
      ["q2", 2],
    ]);
    server.say({ type: "prompt.superseded", request_id: "q1" });
    server.say(predicted("q2"));
    expect(store.state.value.prompt?.answer?.requestId).toBe("q2");
  });

  it("that nobody waits for any more are cancelled, answered ones are not", async () => {
    const server = new FakeServer();
    const { store } = await new Browser().load(server);
    store.dispatch(point);
    store.dispatch({ type: "prompt/cancel" });
    expect(server.of("request.cancel")).toEqual([{ type: "request.cancel", request_id: "q1" }]);
    store.dispatch({ ...point, requestId: "q2" });
    server.say(predicted("q2"));
    store.dispatch({ type: "prompt/cancel" });
    expect(server.of("request.cancel")).toHaveLength(1);
  });

  it("survive a reload: an unanswered one is asked again, an answered one is shown", async () => {
    const server = new FakeServer();
    const browser = new Browser();
    const first = await browser.load(server);
    first.store.dispatch(point);
    first.connection.close();
    const second = await browser.load(server);
    const asked = server.of("prompt.predict").at(-1);
    expect(asked?.points).toEqual([point.point]);
    expect(asked?.request_id).not.toBe("q1");
    server.say(predicted(asked?.request_id ?? ""));
    second.connection.close();
    const third = await browser.load(server);
    expect(third.store.state.value.prompt?.answer?.candidates).toHaveLength(1);
    expect(server.of("prompt.predict")).toHaveLength(2);
  });

  it("are asked again after a reconnection", async () => {
    const server = new FakeServer();
    const { store } = await new Browser().load(server);
    store.dispatch(point);
    server.drop();
    await vi.advanceTimersByTimeAsync(2000);
    expect(server.of("prompt.predict").map((message) => message.request_id)).toEqual(["q1", "q1"]);
  });
});

describe("frames", () => {
  it("are announced to the engine when they come into sight", async () => {
    const server = new FakeServer();
    const { store } = await new Browser().load(server);
    store.dispatch({ type: "frame/show", frame: 3 });
    expect(server.of("frame.open").map((message) => message.frame)).toEqual([0, 3]);
  });

  it("are loaded with their neighbours, each once", async () => {
    const { store, api } = await new Browser().load(new FakeServer());
    await vi.advanceTimersByTimeAsync(100);
    store.dispatch({ type: "frame/show", frame: 1 });
    store.dispatch({ type: "frame/show", frame: 0 });
    await vi.advanceTimersByTimeAsync(100);
    const frames = api.getState.mock.calls.map(([, frame]) => frame);
    expect(frames.toSorted()).toEqual([1, 2, 3, 4]);
  });

  it("that could not be loaded are tried again when the connection is back", async () => {
    const server = new FakeServer();
    let reachable = false;
    const answer = async (_: string, frame: number): Promise<SeriesState> => {
      if (!reachable) throw offlineError();
      return frameState({
        frame,
        tracks: [trackRevision("t1", 1)],
        masks: [maskRevision("t1", 2, discRle(10, 10), { frame })],
      });
    };
    const { store } = await new Browser().load(server, answer);
    store.dispatch({ type: "frame/show", frame: 4 });
    server.drop();
    await vi.advanceTimersByTimeAsync(10_000);
    reachable = true;
    server.drop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(objectsOn(store.state.value, 4)).toHaveLength(1);
  });

  it("of an older version are loaded at that version", async () => {
    const { store, api } = await new Browser().load(new FakeServer(), async (_: string, frame: number) =>
      frameState({ frame, version: 7, head: 9 }),
    );
    api.getState.mockClear();
    store.dispatch({ type: "past/open", version: 7 });
    await vi.advanceTimersByTimeAsync(100);
    expect(api.getState).toHaveBeenCalledWith("series", 0, { version: 7, masksOnly: false });
    expect(store.state.value.past?.frames.get(0)?.loaded).toBe(true);
  });
});

it("marks annotated frames anew after a change", async () => {
  const server = new FakeServer();
  const { store, api } = await new Browser().load(server);
  await vi.advanceTimersByTimeAsync(10);
  expect(store.state.value.timeline).toEqual([{ frame: 2, accepted: 1, proposals: 0 }]);
  server.say({ type: "changeset.committed", changeset: changeset(1) });
  await vi.advanceTimersByTimeAsync(1000);
  expect(api.getTimeline).toHaveBeenCalledTimes(2);
});

describe("lanes", () => {
  const mask = maskRevision("a", 1, discRle(10, 10), { frame: 1 });

  it("are asked for once, and then follow the changesets", async () => {
    const server = new FakeServer();
    const { store, api } = await new Browser().load(server);
    await vi.advanceTimersByTimeAsync(0);
    server.say({ type: "changeset.committed", changeset: changeset(1, { revisions: [mask] }) });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(api.getLanes).toHaveBeenCalledTimes(1);
    expect(store.state.value.lanes.runs.get("a")).toMatchObject([{ first: 1, last: 1 }]);
  });

  it("are asked for again when they could not be had", async () => {
    const { store, api } = await new Browser().load(new FakeServer(), undefined, async () => {
      throw offlineError();
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(store.state.value.lanes.version).toBe(-1);
    api.getLanes.mockImplementation(async () => ({ version: 0, tracks: [], events: [] }));
    await vi.advanceTimersByTimeAsync(4000);
    expect(store.state.value.lanes.version).toBe(0);
    expect(api.getLanes).toHaveBeenCalledTimes(2);
  });

  it("of an older version are its own", async () => {
    const { store, api } = await new Browser().load(new FakeServer(), async (_: string, frame: number) =>
      frameState({ frame, version: 7, head: 9 }),
    );
    api.getLanes.mockImplementation(async () => ({
      version: 7,
      tracks: [{ track: "a", number: 1, phase: null, name: "", runs: [] }],
      events: [],
    }));
    store.dispatch({ type: "past/open", version: 7 });
    await vi.advanceTimersByTimeAsync(100);
    expect(api.getLanes).toHaveBeenLastCalledWith("series", 7);
    expect(store.state.value.past?.runs?.has("a")).toBe(true);
    expect(store.state.value.lanes.runs.has("a")).toBe(false);
  });
});

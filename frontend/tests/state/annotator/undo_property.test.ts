// Whatever one did, undid, redid or undid on one object, also with a reload in between: undoing it all leads back.

import fc from "fast-check";
import { expect, it } from "vitest";
import type { Changeset, MaskRle } from "../../../src/protocol/messages";
import type { Actions } from "../../../src/protocol/rest";
import type { Annotator, PendingCommit } from "../../../src/state/annotator/model";
import { objectsOn } from "../../../src/state/annotator/view";
import { byHand, changeset, discRle, maskRevision, me, opened, run, trackRevision } from "../../annotator";

type Masks = ReadonlyMap<string, MaskRle>;

interface Made {
  readonly id: string;
  readonly undoes: string | null;
  readonly part: string | null;
  readonly before: Masks;
  readonly after: Masks;
}

/** One frame of one series, as the server keeps it: it takes back what still is as it was left. */
class Server {
  masks: Masks = new Map();
  readonly made: Made[] = [];

  commit({ requestId, undoes, operations }: PendingCommit): Changeset {
    const next = new Map(this.masks);
    for (const operation of operations) {
      if (operation.op === "mask.set") next.set(operation.track, operation.mask);
      if (operation.op === "mask.delete" || operation.op === "track.delete") next.delete(operation.track);
      if (operation.op === "track.restore") {
        const lost = this.made.findLast(
          ({ before, after }) => before.has(operation.track) && !after.has(operation.track),
        );
        const mask = lost?.before.get(operation.track);
        if (mask !== undefined) next.set(operation.track, mask);
      }
    }
    return this.append(requestId, next, { undoes, part: null });
  }

  takeBack(id: string, action: string): Changeset {
    const made = this.made.find((each) => each.id === action);
    if (made === undefined) throw new Error(`no action ${action}`);
    const next = new Map(this.masks);
    for (const track of changedBy(made)) {
      expect(this.masks.get(track)).toEqual(made.after.get(track));
      put(next, track, made.before.get(track));
    }
    return this.append(id, next, { undoes: action, part: null });
  }

  takeBackOf(id: string, track: string): Changeset | null {
    const chain = this.made.filter((each) => changedBy(each).includes(track));
    let at = chain.length - 1;
    for (;;) {
      const made = chain[at];
      if (made === undefined) return null;
      const back = made.undoes ?? made.part;
      const taken = back === null ? -1 : chain.findIndex((each) => each.id === back);
      if (taken < 0) {
        const next = new Map(this.masks);
        put(next, track, made.before.get(track));
        return this.append(id, next, { undoes: null, part: made.id });
      }
      at = taken - 1;
    }
  }

  get actions(): Actions {
    const undo: Made[] = [];
    const redo: Made[] = [];
    for (const made of this.made) {
      if (made.undoes !== null && undo.at(-1)?.id === made.undoes) {
        undo.pop();
        redo.push(made);
      } else if (made.undoes !== null && redo.at(-1)?.id === made.undoes) {
        redo.pop();
        undo.push(made);
      } else {
        undo.push(made);
        redo.length = 0;
      }
    }
    const listed = ({ id }: Made) => ({ action: id, reason: id, version: 1 });
    return { undo: undo.map(listed), redo: redo.map(listed) };
  }

  private append(id: string, next: Masks, links: Pick<Made, "undoes" | "part">): Changeset {
    const made = { id, before: this.masks, after: next, ...links };
    this.made.push(made);
    this.masks = next;
    const version = this.made.length;
    const revisions = changedBy(made).flatMap((track, index) => [
      trackRevision(track, version * 100 + 2 * index, { deleted: !next.has(track) }),
      maskRevision(track, version * 100 + 2 * index + 1, next.get(track) ?? null),
    ]);
    return changeset(version, { request_id: id, author: me, revisions });
  }
}

const changedBy = ({ before, after }: Made): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((track) => before.get(track) !== after.get(track));

function put(masks: Map<string, MaskRle>, track: string, mask: MaskRle | undefined): void {
  if (mask === undefined) masks.delete(track);
  else masks.set(track, mask);
}

const step = fc.oneof(
  fc.record({ do: fc.constant("draw" as const), x: fc.integer({ min: 5, max: 50 }) }),
  fc.record({ do: fc.constant("paint" as const), x: fc.integer({ min: 5, max: 50 }), which: fc.nat() }),
  fc.record({ do: fc.constant("delete" as const), which: fc.nat() }),
  fc.record({ do: fc.constant("object" as const), which: fc.nat() }),
  fc.constant({ do: "undo" as const }),
  fc.constant({ do: "redo" as const }),
  fc.constant({ do: "save" as const }),
  fc.constant({ do: "reload" as const }),
);

it("returns the same masks for every sequence of edits, undos and reloads", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const server = new Server();
      let ids = 0;
      const id = () => `r${++ids}`;
      let state: Annotator = opened();

      /** The server answers all that waits. */
      const save = () => {
        for (const commit of state.pending) {
          const message = { type: "changeset.committed" as const, changeset: server.commit(commit) };
          state = run(state, { type: "server", message });
        }
        const { asked } = state;
        if (asked === null || asked.what === "edit") return;
        const answer =
          asked.what === "take back"
            ? server.takeBack(asked.requestId, asked.action)
            : server.takeBackOf(asked.requestId, asked.track);
        const refusal = { code: "unchanged", message: "Nothing left.", conflicts: [] };
        state =
          answer === null
            ? run(state, { type: "tracks/refused", requestId: asked.requestId, refusal })
            : run(state, { type: "changeset/made", changeset: answer });
      };
      const reload = () => {
        save();
        const tracks = [...server.masks.keys()].map((track) =>
          trackRevision(track, server.made.length * 100),
        );
        const masks = [...server.masks].map(([track, mask]) =>
          maskRevision(track, server.made.length * 100 + 99, mask),
        );
        const version = server.made.length;
        state = opened({ tracks, masks, version, head: version }, 5, { actions: server.actions });
      };
      const seen = () => new Map(objectsOn(state, 0).map((object) => [object.track.track, object.mask]));
      const commit = (operations: PendingCommit["operations"]) => {
        state = run(state, { type: "commit", gesture: { requestId: id(), reason: "Edit", operations } });
      };
      const set = (track: string, mask: MaskRle) =>
        ({ op: "mask.set", track, frame: 0, mask, origin: byHand, state: "accepted", order: null }) as const;

      const stood: Masks[] = [seen()];
      let undone: Masks[] = [];
      for (const each of steps) {
        const present = [...seen().keys()];
        const track = "which" in each ? present[each.which % Math.max(1, present.length)] : undefined;
        if (each.do === "save") save();
        else if (each.do === "reload") reload();
        else if (each.do === "undo" || each.do === "redo") {
          const [from, to] = each.do === "undo" ? [stood, undone] : [undone, stood];
          if (from.length <= (each.do === "undo" ? 1 : 0)) continue;
          if (state[each.do].at(-1)?.kind === "action") save();
          state = run(state, { type: each.do, requestId: id() });
          if (state.asked !== null) save();
          const moved = from.pop();
          if (moved !== undefined) to.push(moved);
          expect(seen()).toEqual(stood.at(-1));
        } else {
          if (each.do === "draw") {
            const made = id();
            commit([
              { op: "track.create", track: made, phase: null, name: "" },
              set(made, discRle(each.x, 20)),
            ]);
          } else if (track === undefined) continue;
          else if (each.do === "paint") commit([set(track, discRle(each.x, 10, 9))]);
          else if (each.do === "delete") commit([{ op: "track.delete", track }]);
          else {
            save();
            const others = new Map([...seen()].filter(([name]) => name !== track));
            state = run(state, { type: "undo/object", track, requestId: id() });
            save();
            expect(new Map([...seen()].filter(([name]) => name !== track))).toEqual(others);
          }
          stood.push(seen());
          undone = [];
        }
      }
      while (stood.length > 1) {
        stood.pop();
        save();
        state = run(state, { type: "undo", requestId: id() });
        save();
        expect(seen()).toEqual(stood.at(-1));
      }
      expect(seen().size).toBe(0);
    }),
    { numRuns: 200 },
  );
});

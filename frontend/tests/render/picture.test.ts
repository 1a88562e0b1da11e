import { expect, it } from "vitest";
import { quiet } from "../../src/render/picture";
import { byHand, discRle, opened, run } from "../annotator";

it("shows no mask that lost a conflict", () => {
  const commit = (requestId: string, track: string) =>
    ({
      type: "commit",
      gesture: {
        requestId,
        reason: "Paint a mask",
        operations: [
          { op: "track.create", track, phase: null, name: "" },
          {
            op: "mask.set",
            track,
            frame: 0,
            mask: discRle(9, 9),
            origin: byHand,
            state: "accepted",
            order: null,
          },
        ],
      },
    }) as const;
  const state = run(opened(), commit("r1", "t1"), commit("r2", "t2"), {
    type: "server",
    message: { type: "changeset.conflict", request_id: "r1", conflicts: [] },
  });
  expect(state.pending).toHaveLength(2);
  expect(quiet(state).pending.map(({ requestId }) => requestId)).toEqual(["r2"]);
});

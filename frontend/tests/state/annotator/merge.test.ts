import { expect, it } from "vitest";
import { changeset, discRle, maskRevision, opened, run, trackRevision } from "../../annotator";

it("forgets the mask that went with its track once a later deletion was of the mask alone", () => {
  const made = (version: number, revisions: Parameters<typeof changeset>[1]) =>
    ({ type: "changeset/made", changeset: changeset(version, revisions) }) as const;
  const state = run(
    opened({ tracks: [trackRevision("t1", 1)], masks: [maskRevision("t1", 2, discRle(9, 9))] }),
    made(1, { revisions: [trackRevision("t1", 3, { deleted: true }), maskRevision("t1", 4, null)] }),
  );
  expect(state.frames.get(0)?.gone?.has("t1")).toBe(true);
  // A large answer leaves the pixels out.
  const back = [trackRevision("t1", 5), maskRevision("t1", 6, null, { sha256: "x" })];
  const deleted = run(
    state,
    made(2, { revisions: back }),
    made(3, { revisions: [maskRevision("t1", 7, null)] }),
  );
  expect(deleted.frames.get(0)?.gone?.has("t1")).toBe(false);
});

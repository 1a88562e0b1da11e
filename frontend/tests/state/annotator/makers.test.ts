import { expect, it } from "vitest";
import type { Maker } from "../../../src/protocol/history";
import { makerKey, makerText, versionText } from "../../../src/state/annotator/makers";
import { byHand, me, models, other, trackers } from "../../annotator";

const known = { models, versions: [], trackers };
const hand: Maker = {
  author: me,
  model: null,
  prompts: false,
  edited: false,
  tracker: null,
  job: null,
  accepted_by: null,
};

it.each([
  [hand, "Drawn by Ada"],
  [{ ...hand, model: "efficient_sam_ti", prompts: true }, "EfficientSAM tiny, prompted by Ada"],
  [
    { ...hand, model: "threshold", job: "j", accepted_by: other },
    "Threshold and watershed, run by Ada, accepted by Bob",
  ],
  [
    { ...hand, model: "efficient_sam_ti", tracker: "overlap", job: "j" },
    "EfficientSAM tiny, tracked by Overlap, run by Ada",
  ],
  [{ ...hand, tracker: "overlap" }, "Tracked by Overlap"],
  [{ ...hand, model: "fake", prompts: true, edited: true }, "Fake, prompted by Ada, edited by hand"],
])("says who and what made it", (maker, text) => {
  expect(makerText(known, maker)).toBe(text);
});

it("gives one colour to what the same people and models made", () => {
  expect(makerKey(hand)).toBe(makerKey({ ...hand, job: "j" }));
  expect(makerKey(hand)).not.toBe(makerKey({ ...hand, author: other }));
  expect(makerKey(hand)).not.toBe(makerKey({ ...hand, model: "threshold" }));
});

it("says what made one version of a mask, and who deleted it", () => {
  const version = {
    version: 3,
    author: other,
    created_at: "2026-01-01T00:00:00Z",
    reason: "",
    job: null,
    sha256: "a",
    box: null,
    area_px: 4,
    state: "proposal" as const,
    origin: { ...byHand, model: "threshold", tracker: "overlap" },
  };
  expect(versionText(known, version)).toBe("Threshold and watershed, tracked by Overlap; Bob, as a proposal");
  expect(versionText(known, { ...version, state: "accepted", origin: byHand })).toBe("Drawn by hand; Bob");
  expect(versionText(known, { ...version, sha256: null })).toBe("Deleted by Bob");
});

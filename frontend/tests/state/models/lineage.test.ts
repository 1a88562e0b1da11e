import { expect, it } from "vitest";
import type { ModelVersion, Provenance } from "../../../src/protocol/models";
import { seenFrames } from "../../../src/state/models/lineage";

const version = (id: string, provenance: Provenance, model = "swin_unet") =>
  ({ id, name: id.toUpperCase(), model, provenance }) as ModelVersion;

const first = version("a", { places: { training: { s: [0, 1] }, validation: { s: [5, 6] } } });
const second = version("b", {
  places: { training: { twin: [5] }, validation: { twin: [7] } },
  recipe: { start: { id: "a", sha256: "" } },
});
const settings = version("t", { places: { training: { s: [2] }, validation: { s: [3] } } }, "threshold");

it("names the versions that have seen a frame, themselves or by the version that they started from", () => {
  const { trainedOn, chosenBy } = seenFrames([second, settings], [first, second, settings], ["s", "twin"]);
  expect([...trainedOn].sort(([one], [other]) => one - other)).toEqual([
    [0, ["B"]],
    [1, ["B"]],
    [2, ["T"]],
    [5, ["B"]],
  ]);
  expect([...chosenBy]).toEqual([
    [7, ["B"]],
    [6, ["B"]],
  ]);
});

it("leaves other series alone", () => {
  expect(seenFrames([second], [first, second], ["other"]).trainedOn.size).toBe(0);
});

import { describe, expect, it } from "vitest";
import { type Happened, stepsFor, tourSteps } from "../../../../src/pages/annotator/tour/steps";
import { opened } from "../../../annotator";

const nothing: Happened = { state: opened(), action: null, panel: "objects", dialog: null };
const titled = (title: string) => {
  const step = tourSteps.find((one) => one.title === title);
  if (step === undefined) throw new Error(`There is no step "${title}".`);
  return step;
};

describe("the tour", () => {
  it("begins nowhere with its action done already", () => {
    expect(tourSteps.filter((step) => step.done(nothing))).toEqual([]);
  });

  it("goes on with what is really done", () => {
    const done = (title: string, happened: Partial<Happened>) =>
      titled(title).done({ ...nothing, ...happened });
    const ids = { requestId: "r", track: "t" };
    expect(done("Keep the mask", { action: { type: "prompt/accept", ...ids } })).toBe(true);
    expect(done("Keep the mask", { action: { type: "prompt/cancel" } })).toBe(false);
    expect(done("Correct it with the brush", { action: { type: "stroke/finish", ...ids } })).toBe(true);
    expect(done("Take it back", { action: { type: "undo", requestId: "r" } })).toBe(true);
    expect(done("Go through the frames", { action: { type: "frame/show", frame: 1 } })).toBe(true);
    expect(done("Follow objects", { panel: "track" })).toBe(true);
    expect(done("Look back", { panel: "history" })).toBe(true);
    expect(done("Take it with you", { dialog: "export" })).toBe(true);
  });

  it("has six to eight steps of a few words, and leaves time out where there is none", () => {
    expect(stepsFor(60)).toHaveLength(8);
    expect(stepsFor(1)).toHaveLength(6);
    for (const { text } of tourSteps) expect(text.split(" ").length).toBeLessThan(25);
  });
});

import { describe, expect, it } from "vitest";
import type { ProjectModel } from "../../../src/protocol/models";
import {
  axisOf,
  emptyPlan,
  points,
  recipeText,
  roughly,
  secondsLeft,
  trainingRequest,
  USUAL,
  usualStart,
} from "../../../src/state/models/training";

describe("a training's request", () => {
  it("takes series at their present version unless one is named", () => {
    const { series } = trainingRequest({
      ...emptyPlan,
      series: new Map([
        ["a", null],
        ["b", 3],
      ]),
    });
    expect(series).toEqual([{ id: "a" }, { id: "b", version: 3 }]);
  });

  it("keeps only chosen series for validation", () => {
    const plan = {
      ...emptyPlan,
      by: "series" as const,
      held: new Set(["b", "gone"]),
      series: new Map([
        ["a", null],
        ["b", null],
      ]),
    };
    expect(trainingRequest(plan).split).toEqual({ by: "series", validation: ["b"] });
  });

  it("counts the budget in seconds and leaves out what is not set", () => {
    const request = trainingRequest({ ...emptyPlan, minutes: 0.5, name: "  second try " });
    expect(request).toMatchObject({ time_budget_s: 30, name: "second try", start: null, from_usual: false });
    expect(request).not.toHaveProperty("epochs");
    expect(trainingRequest({ ...emptyPlan, epochs: 4 }).epochs).toBe(4);
  });

  it("starts from usual weights of the same configuration unless somebody says otherwise", () => {
    const bundled = { sha256: "a", size_bytes: 1, card: "", metadata: { config: "small" } };
    const model = { name: "swin_unet", bundled } as unknown as ProjectModel;
    expect(usualStart(model, "small")).toBe(USUAL);
    expect(usualStart(model, "stock")).toBeNull();
    expect(usualStart({ ...model, bundled: null }, "small")).toBeNull();
    expect(trainingRequest({ ...emptyPlan, start: USUAL })).toMatchObject({ start: null, from_usual: true });
    expect(trainingRequest({ ...emptyPlan, start: "v" })).toMatchObject({ start: "v", from_usual: false });
  });
});

describe("curves", () => {
  const rows = [
    { step: 1, seconds: 2, loss: 0.9, iou: null },
    { step: 2, seconds: 4, loss: Number.NaN, iou: 0.5 },
  ];
  it("leave out what was not measured", () => {
    expect(points(rows, "seconds", "loss")).toEqual([[2, 0.9]]);
    expect(points(rows, "seconds", "iou")).toEqual([[4, 0.5]]);
  });
  it("run over time, else over steps", () => {
    expect(axisOf(rows).column).toBe("seconds");
    expect(axisOf([{ step: 1, loss: 1 }]).column).toBe("step");
  });
});

describe("the time that is left", () => {
  it("is not guessed from too little", () => expect(secondsLeft(0.01, 100)).toBeNull());
  it("follows from the progress", () => expect(secondsLeft(0.25, 30)).toBe(90));
  it.each([
    [4, "a few seconds"],
    [42, "about 40 s"],
    [200, "about 3 min"],
    [9000, "about 2.5 h"],
  ])("of %d s reads %s", (seconds, text) => expect(roughly(seconds)).toBe(text));
});

it("tells a recipe by its limits", () => {
  expect(recipeText({ config: "small", time_budget_s: 90, epochs: 2, seed: 3 })).toBe(
    "at most 1 min 30 s and 2 epochs, seed 3",
  );
  expect(recipeText({ time_budget_s: 1800, epochs: null, seed: 0 })).toBe("at most 30 min, seed 0");
});

import { describe, expect, it } from "vitest";
import type { ModelVersion } from "../../../src/protocol/models";
import type { Model, ModelParameter } from "../../../src/protocol/rest";
import { segmentationOf } from "../../../src/state/annotator/effects_segment";
import { initialState } from "../../../src/state/annotator/initial";
import { leastScore, originName, segmenterChoices } from "../../../src/state/annotator/segmenters";
import { byHand, candidate, frameState, gold, me, models, opened, pore, run, series } from "../../annotator";

const score: ModelParameter = {
  name: "min_score",
  label: "Least score",
  kind: "float",
  default: 0.7,
  minimum: 0,
  maximum: 1,
  step: 0.01,
  choices: [],
  unit: "",
  help: "",
};

const swin: Model = {
  name: "swin_unet",
  title: "Swin-Unet",
  kind: "segmenter",
  promptable: false,
  parameters: [{ ...score, name: "threshold", default: 0.5 }],
  available: false,
  reason: "It has no weights.",
};

function version(number: number, values: Partial<ModelVersion> = {}): ModelVersion {
  return {
    id: `v${number}`,
    project: "project",
    model: "swin_unet",
    title: "Swin-Unet",
    number,
    name: `swin_unet ${number}`,
    origin: "trained",
    sha256: `hash${number}`,
    size_bytes: 1,
    metadata: {},
    phases: [],
    provenance: {},
    scores: {},
    curve: [],
    created_by: me,
    created_at: "2026-01-01T00:00:00Z",
    archived: false,
    available: true,
    parameters: swin.parameters,
    ...values,
  };
}

const catalogue = { models: [...models, swin], versions: [version(1), version(2)] };

function openedWith(model?: { model: string; version: string | null }, versions = catalogue.versions) {
  return initialState({
    series: { ...series(), ...(model === undefined ? {} : { model }) },
    project: { phases: [pore, gold], role: "annotator", archived_at: null },
    user: me,
    actions: { undo: [], redo: [] },
    models: catalogue.models,
    versions,
    jobs: [],
    trackers: [],
    state: frameState(),
  });
}

describe("what can be chosen", () => {
  it("are models that can run and versions, also of a model without weights of its own; newest first", () => {
    expect(segmenterChoices(catalogue).map(({ key }) => key)).toEqual([
      "efficient_sam_ti",
      "threshold",
      "swin_unet/v2",
      "swin_unet/v1",
    ]);
  });

  it("leaves out versions that are archived or lack their file", () => {
    const versions = [version(1, { archived: true }), version(2, { available: false })];
    expect(segmenterChoices({ models: [swin], versions })).toEqual([]);
  });

  it("begins with the series' default, or without one with the model that answers clicks", () => {
    expect(openedWith({ model: "swin_unet", version: "v1" }).segmenter).toMatchObject({
      model: "swin_unet",
      version: "v1",
    });
    expect(openedWith().segmenter).toMatchObject({ model: "efficient_sam_ti", version: null });
    expect(openedWith({ model: "swin_unet", version: "gone" }).segmenter.model).toBe("efficient_sam_ti");
  });
});

it("names the version that a mask came from, else its model, and nobody for a hand", () => {
  const from = (model: string | null, model_hash: string | null) => ({ ...byHand, model, model_hash });
  expect(originName(catalogue, from("swin_unet", "hash2"))).toBe("swin_unet 2");
  expect(originName(catalogue, from("swin_unet", "other"))).toBe("Swin-Unet");
  expect(originName(catalogue, from("removed", null))).toBe("removed");
  expect(originName(catalogue, byHand)).toBeNull();
});

describe("the least score", () => {
  const choice = { model: "m", version: null, key: "m", label: "", group: "", parameters: [score] };

  it("is the model's own limit, as set or by default, and 0 where it has none", () => {
    expect(leastScore(choice, {})).toBe(0.7);
    expect(leastScore(choice, { min_score: 0.4 })).toBe(0.4);
    expect(leastScore({ ...choice, parameters: [] }, {})).toBe(0);
    expect(leastScore(undefined, {})).toBe(0);
  });

  it("is where the slider of a preview begins", () => {
    const state = openedWith({ model: "swin_unet", version: "v2" });
    expect(run(state, { type: "segment", requestId: "s" }).proposals?.minimumScore).toBe(0.5);
    expect(run(opened(), { type: "segment", requestId: "s" }).proposals?.minimumScore).toBe(0);
  });
});

it("gives objects the phases that a version was trained with, while the project has them", () => {
  const state = openedWith({ model: "swin_unet", version: "v2" });
  const answered = run(
    { ...state, phase: null },
    { type: "segment", requestId: "s" },
    {
      type: "server",
      message: {
        type: "frame.segmented",
        request_id: "s",
        frame: 0,
        model: "swin_unet",
        model_hash: "hash3",
        phases: ["gold", null],
        instances: [candidate(10, 10), { ...candidate(30, 10), phase: 1 }],
      },
    },
  );
  const accepted = run(answered, {
    type: "proposals/accept",
    requestId: "c",
    accepted: [
      [0, "t1"],
      [1, "t2"],
    ],
  });
  const created = accepted.pending[0]?.operations.filter(({ op }) => op === "track.create");
  expect(created).toMatchObject([{ phase: "gold" }, { phase: null }]);
});

describe("what a job is asked for", () => {
  it("names model, version, settings and frames from 0, both ends included", () => {
    const state = run(
      openedWith({ model: "swin_unet", version: "v2" }),
      { type: "scope", change: { what: "range", from: 1, to: 3, step: 2 } },
      { type: "segmenter", segmenter: { model: "swin_unet", version: "v2", parameters: { threshold: 0.6 } } },
    );
    expect(segmentationOf(state)).toEqual({
      model: "swin_unet",
      version: "v2",
      parameters: { threshold: 0.6 },
      frames: { from: 1, to: 3, step: 2 },
      replace_proposals: true,
    });
    const whole = run(state, { type: "scope", change: { what: "series", step: 1, replace: false } });
    expect(segmentationOf(whole)).toMatchObject({
      frames: { from: 0, to: 4, step: 1 },
      replace_proposals: false,
    });
  });
});

// What can segment a frame: models with their usual weights, and the project's versions of them. Pure.

import type { Origin } from "../../protocol/messages";
import type { ModelChoice, ModelVersion } from "../../protocol/models";
import type { Model, ModelParameter } from "../../protocol/rest";
import type { Annotator, Segmenter } from "./model";

/** One line of the list of segmenters. */
export interface SegmenterChoice extends ModelChoice {
  /** "model" or "model/version". */
  readonly key: string;
  readonly label: string;
  /** The title of the model that versions belong to. */
  readonly group: string;
  readonly parameters: readonly ModelParameter[];
}

type Catalogue = Pick<Annotator, "models" | "versions">;

export const keyOf = ({ model, version }: ModelChoice): string =>
  version === null ? model : `${model}/${version}`;

/** Everything that could run now, model by model: the usual weights first, then the versions, newest first. */
export function segmenterChoices({ models, versions }: Catalogue): readonly SegmenterChoice[] {
  return models.flatMap((model) => {
    const own = versions
      .filter((version) => version.model === model.name && version.available && !version.archived)
      .sort((a, b) => b.number - a.number);
    const usual = model.available ? [usualChoice(model, own.length > 0)] : [];
    return [...usual, ...own.map(versionChoice)];
  });
}

function usualChoice({ name, title, parameters }: Model, hasVersions: boolean): SegmenterChoice {
  const choice = { model: name, version: null };
  const label = hasVersions ? `${title}, as supplied` : title;
  return { ...choice, key: keyOf(choice), label, group: title, parameters };
}

function versionChoice({ id, model, name, title, parameters }: ModelVersion): SegmenterChoice {
  const choice = { model, version: id };
  return { ...choice, key: keyOf(choice), label: name, group: title, parameters };
}

/** The line that is chosen; undefined where it cannot run (any more). */
export function chosenSegmenter(state: Catalogue & { segmenter: ModelChoice }): SegmenterChoice | undefined {
  const key = keyOf(state.segmenter);
  return segmenterChoices(state).find((choice) => choice.key === key);
}

/** What the model is called that a mask came from; null for masks drawn by hand. */
export function originName({ models, versions }: Catalogue, origin: Origin): string | null {
  if (origin.model === null) return null;
  const version = versions.find(
    ({ model, sha256 }) => model === origin.model && sha256 === origin.model_hash,
  );
  return version?.name ?? models.find(({ name }) => name === origin.model)?.title ?? origin.model;
}

/** No object of the segmenter scores less: where a choice by score begins. */
export function leastScore(choice: SegmenterChoice | undefined, given: Segmenter["parameters"]): number {
  for (const name of LIMITS_OF_SCORE) {
    const parameter = choice?.parameters.find((each) => each.name === name);
    const value = given[name] ?? parameter?.default;
    if (parameter?.kind === "float" && typeof value === "number" && value >= 0 && value <= 1) return value;
  }
  return 0;
}

// Detectors drop objects below a score; networks that score by mean probability drop pixels below a threshold.
const LIMITS_OF_SCORE = ["min_score", "threshold"];

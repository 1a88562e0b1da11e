// The models and versions of the open project, and which frames of its series are annotated.

import { signal } from "@preact/signals";
import type { Catalogue, ModelChoice, ModelVersion, ProjectModel } from "../../protocol/models";
import { loading, type Remote } from "../remote";

export const catalogue = signal<Remote<Catalogue>>(loading);

/** The frames with accepted masks, by series and version ("ID@VERSION"). */
export const annotated = signal<ReadonlyMap<string, Remote<readonly number[]>>>(new Map());

export const annotatedKey = (series: string, version: number) => `${series}@${version}`;

/** What a choice is called on screen. */
export function choiceTitle({ models, versions }: Catalogue, { model, version }: ModelChoice): string {
  if (version !== null) return versions.find((one) => one.id === version)?.name ?? "a version that is gone";
  return models.find((one) => one.name === model)?.title ?? model;
}

/** One string per choice, for lists that choose among strings. */
export const choiceKey = ({ model, version }: ModelChoice) => `${model}/${version ?? ""}`;

export function choiceOf(key: string): ModelChoice {
  const [model = "", version = ""] = key.split("/");
  return { model, version: version === "" ? null : version };
}

export const sameChoice = (one: ModelChoice, other: ModelChoice) => choiceKey(one) === choiceKey(other);

/** What can segment a frame now: usual weights that are there, then versions that are not archived. */
export function usable({
  models,
  versions,
}: Catalogue): { choice: ModelChoice; title: string; about: string }[] {
  const usual = models
    .filter((model) => model.available)
    .map((model) => ({
      choice: { model: model.name, version: null },
      title: model.title,
      about: model.bundled === null ? "" : "usual weights",
    }));
  const own = versions
    .filter((version) => version.available && !version.archived)
    .map((version) => ({
      choice: { model: version.model, version: version.id },
      title: version.name,
      about: version.title,
    }));
  return [...usual, ...own];
}

/** How many weights a network has; null where it has none or nobody has said. */
export function weightCount(metadata: ModelVersion["metadata"] | undefined): number | null {
  const count = Number(metadata?.parameters);
  return typeof metadata?.parameters !== "object" && Number.isFinite(count) && count > 0 ? count : null;
}

export const trainable = ({ models }: Catalogue): ProjectModel[] => models.filter((model) => model.trainable);

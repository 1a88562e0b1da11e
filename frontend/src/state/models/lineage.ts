// What versions have seen of a series, by themselves or through the version that their training started from. Pure.

import type { ModelVersion } from "../../protocol/models";

export interface Seen {
  /** The names of the versions that were fitted to a frame. */
  readonly trainedOn: ReadonlyMap<number, readonly string[]>;
  /** Of those whose kept epoch was chosen by its scores on a frame. */
  readonly chosenBy: ReadonlyMap<number, readonly string[]>;
}

/** `series`: the ids of all that show the same images. */
export function seenFrames(
  chosen: readonly ModelVersion[],
  all: readonly ModelVersion[],
  series: readonly string[],
): Seen {
  const trainedOn = new Map<number, string[]>();
  const chosenBy = new Map<number, string[]>();
  for (const version of chosen) {
    const kin = lineage(version, all);
    const trained = framesOf(kin, "training", series);
    // A threshold is fitted to its training frames alone.
    const validated = framesOf(
      kin.filter((one) => one.model !== "threshold"),
      "validation",
      series,
    );
    for (const frame of trained) add(trainedOn, frame, version.name);
    for (const frame of validated) if (!trained.has(frame)) add(chosenBy, frame, version.name);
  }
  return { trainedOn, chosenBy };
}

/** The version, the one that it started from, and so on. */
function lineage(version: ModelVersion, all: readonly ModelVersion[]): ModelVersion[] {
  const start = version.provenance.recipe?.start?.id;
  const earlier = all.find((one) => one.id === start);
  return earlier === undefined ? [version] : [version, ...lineage(earlier, all)];
}

function framesOf(
  versions: readonly ModelVersion[],
  side: "training" | "validation",
  series: readonly string[],
): Set<number> {
  return new Set(
    versions.flatMap(({ provenance }) => series.flatMap((id) => provenance.places?.[side]?.[id] ?? [])),
  );
}

function add(to: Map<number, string[]>, frame: number, name: string): void {
  to.set(frame, [...(to.get(frame) ?? []), name]);
}

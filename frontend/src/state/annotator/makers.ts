// Who and what made the masks of a track, in words, and which parts of its life belong together. Pure.

import type { Maker, MaskVersion } from "../../protocol/history";
import type { Annotator } from "./model";
import { originName } from "./segmenters";

type Known = Pick<Annotator, "models" | "versions" | "trackers">;

/** "Drawn by Lise", "EfficientSAM Ti, prompted by Ada, accepted by Lise". */
export function makerText(known: Known, maker: Maker): string {
  const { author, model, prompts, edited, tracker, job, accepted_by } = maker;
  const segmenter = known.models.find(({ name }) => name === model)?.title ?? model;
  const follower = known.trackers.find(({ name }) => name === tracker)?.title ?? tracker;
  const parts = [
    ...(segmenter === null ? (follower === null ? [`Drawn by ${author.name}`] : []) : [segmenter]),
    ...(follower === null ? [] : [`tracked by ${follower}`]),
    ...(segmenter !== null && follower === null
      ? [prompts ? `prompted by ${author.name}` : `run by ${author.name}`]
      : []),
    ...(follower === null || job === null ? [] : [`run by ${author.name}`]),
    ...(edited && segmenter !== null ? ["edited by hand"] : []),
    ...(accepted_by === null ? [] : [`accepted by ${accepted_by.name}`]),
  ];
  const text = parts.join(", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** What made one version of a mask. */
export function versionText(known: Known, { author, origin, sha256, state }: MaskVersion): string {
  if (sha256 === null) return `Deleted by ${author.name}`;
  const model = originName(known, origin);
  const follower = known.trackers.find(({ name }) => name === origin.tracker)?.title ?? origin.tracker;
  const how = [model ?? "Drawn by hand", ...(follower === null ? [] : [`tracked by ${follower}`])].join(", ");
  return `${how}; ${author.name}${state === "proposal" ? ", as a proposal" : ""}`;
}

/** The same for runs that are made by the same people and models: they get one colour. */
export function makerKey({ author, model, tracker, edited }: Maker): string {
  return [author.id, model ?? "", tracker ?? "", edited].join("/");
}

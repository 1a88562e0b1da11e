// What a list of series or projects shows: searched, narrowed down, in order. Pure.

import type { Person } from "../../protocol/messages";
import type { ProjectSummary, Series } from "../../protocol/rest";
import { naturally } from "../format";

/** What both kinds of card tell. */
export interface Listed {
  readonly name: string;
  readonly frames: number;
  readonly annotated_frames: number;
  readonly proposals: number;
  readonly created_at: string;
  readonly changed_at: string | null;
}

export const narrowings = ["all", "proposals", "untouched", "archived"] as const;
export type Narrowing = (typeof narrowings)[number];

export const orders = ["changed", "name", "created", "annotated"] as const;
export type Order = (typeof orders)[number];

export interface Listing {
  readonly search: string;
  readonly narrowing: Narrowing;
  readonly order: Order;
}

export const everything: Listing = { search: "", narrowing: "all", order: "changed" };

/** Those that match, in order. Which are in the archive the caller knows: it asked the server for them. */
export function listed<Item extends Listed>(
  all: readonly Item[],
  { search, narrowing, order }: Listing,
): Item[] {
  return all
    .filter((one) => matches(one, narrowing) && named(one, search))
    .sort((first, second) => inOrder(first, second, order));
}

export function matches({ proposals, annotated_frames }: Listed, narrowing: Narrowing): boolean {
  if (narrowing === "proposals") return proposals > 0;
  if (narrowing === "untouched") return annotated_frames === 0 && proposals === 0;
  return true;
}

/** Every word is in the name, wherever, in whatever case and with or without accents. */
function named({ name }: Listed, search: string): boolean {
  const plain = simple(name);
  return simple(search)
    .split(/\s+/)
    .every((word) => plain.includes(word));
}

const simple = (text: string) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function inOrder(first: Listed, second: Listed, order: Order): number {
  const byName = naturally(first.name, second.name);
  switch (order) {
    case "name":
      return byName;
    case "created":
      return Date.parse(second.created_at) - Date.parse(first.created_at) || byName;
    case "changed":
      return changed(second) - changed(first) || byName;
    case "annotated":
      return share(first) - share(second) || byName;
  }
}

const changed = ({ changed_at, created_at }: Listed) => Date.parse(changed_at ?? created_at);

/** The part of the frames that is annotated; 0 where there are none. */
export const share = ({ annotated_frames, frames }: Pick<Listed, "annotated_frames" | "frames">) =>
  frames === 0 ? 0 : annotated_frames / frames;

/** Who changed it last and when; whoever imported it where nobody has since. */
export function lastChange(one: Series | ProjectSummary): { at: string; by: Person | null; made: boolean } {
  const maker = "created_by" in one ? one.created_by : null;
  return one.changed_at === null
    ? { at: one.created_at, by: maker, made: true }
    : { at: one.changed_at, by: one.changed_by, made: false };
}

/** Frames to leaf through a series with, evenly spread from the first to the last. */
export function samples(frames: number, most = 12): number[] {
  const count = Math.min(frames, most);
  return Array.from({ length: count }, (_, index) =>
    count === 1 ? 0 : Math.round((index * (frames - 1)) / (count - 1)),
  );
}

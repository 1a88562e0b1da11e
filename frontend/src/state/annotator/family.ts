// What a track came from and what became of it, generation by generation. Pure.

import type { Joins, Occurrence } from "./occurrences";
import type { Track } from "./view";

export interface Relative {
  readonly track: Track;
  /** 0 is the track that was asked about; what it came from has negative ones. */
  readonly generation: number;
  /** From the top, in heights of a row: a track stands in the middle of those that lead to it. */
  readonly place: number;
  /** Relatives further out that are not shown. */
  readonly more: number;
}

export interface Family {
  readonly relatives: readonly Relative[];
  /** Those among the relatives, each once. */
  readonly joins: readonly Occurrence[];
  readonly ancestors: number;
  readonly descendants: number;
}

/** How many generations are shown on either side. */
export interface Reach {
  readonly earlier: number;
  readonly later: number;
}

export function familyOf(track: Track, joins: Joins, reach: Reach): Family {
  const parents = (id: string) => unique((joins.into.get(id) ?? []).flatMap((join) => join.parents));
  const children = (id: string) => unique((joins.outOf.get(id) ?? []).flatMap((join) => join.children));
  const earlier = generations(track, parents);
  const later = generations(track, children);
  const generation = new Map<string, number>();
  for (const [id, steps] of later) generation.set(id, steps);
  for (const [id, steps] of earlier) if (steps > 0) generation.set(id, -steps);
  const isShown = (id: string) => {
    const at = generation.get(id);
    return at !== undefined && at >= -reach.earlier && at <= reach.later;
  };
  const tracks = new Map([[track.track, track]]);
  for (const { parents: from, children: to } of joins.all) {
    for (const one of [...from, ...to]) tracks.set(one.track, one);
  }
  const before = placesOf(track.track, (id) => parents(id).filter((one) => isShown(one.track)));
  const after = placesOf(track.track, (id) => children(id).filter((one) => isShown(one.track)));
  const shift = (before.get(track.track) ?? 0) - (after.get(track.track) ?? 0);
  const places = new Map([...after].map(([id, place]) => [id, place + shift]));
  for (const [id, place] of before) places.set(id, place);
  const top = Math.min(...places.values());
  const relatives: Relative[] = [];
  for (const [id, place] of places) {
    const at = generation.get(id) ?? 0;
    const one = tracks.get(id);
    if (one === undefined) continue;
    const outer = at === 0 ? [] : at < 0 ? parents(id) : children(id);
    const more = outer.filter((next) => !isShown(next.track)).length;
    relatives.push({ track: one, generation: at, place: place - top, more });
  }
  relatives.sort((a, b) => a.generation - b.generation || a.place - b.place);
  const shown = joins.all.filter(
    (join) =>
      join.parents.some((one) => isShown(one.track)) && join.children.some((one) => isShown(one.track)),
  );
  return { relatives, joins: shown, ancestors: earlier.size - 1, descendants: later.size - 1 };
}

/** The longest way to each relative, so that a parent always stands before its child. */
function generations(track: Track, next: (id: string) => readonly Track[]): ReadonlyMap<string, number> {
  const steps = new Map([[track.track, 0]]);
  for (const id of ordered(track.track, next)) {
    const at = steps.get(id) ?? 0;
    for (const one of next(id)) steps.set(one.track, Math.max(steps.get(one.track) ?? 0, at + 1));
  }
  return steps;
}

/** Every relative on one side, each after all that lead to it. A ring, which events cannot make, would be cut. */
function ordered(start: string, next: (id: string) => readonly Track[]): readonly string[] {
  const entered = new Set<string>();
  const order: string[] = [];
  const open: { id: string; leave: boolean }[] = [{ id: start, leave: false }];
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (step.leave) {
      order.push(step.id);
    } else if (!entered.has(step.id)) {
      entered.add(step.id);
      open.push({ id: step.id, leave: true });
      for (const { track } of next(step.id)) if (!entered.has(track)) open.push({ id: track, leave: false });
    }
  }
  return order.reverse();
}

/** Rows for one side: each track without further relatives has its own, the others stand between those further out. */
function placesOf(centre: string, outer: (id: string) => readonly Track[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const entered = new Set([centre]);
  let next = 0;
  const place = (id: string): number => {
    const around = outer(id).filter(({ track }) => !entered.has(track));
    for (const { track } of around) entered.add(track);
    const ordered = around.toSorted((a, b) => (a.number ?? 0) - (b.number ?? 0));
    const rows = ordered.map(({ track }) => place(track));
    const row = rows.length === 0 ? next++ : ((rows[0] ?? 0) + (rows.at(-1) ?? 0)) / 2;
    places.set(id, row);
    return row;
  };
  place(centre);
  return places;
}

function unique(tracks: readonly Track[]): readonly Track[] {
  return [...new Map(tracks.map((track) => [track.track, track])).values()];
}

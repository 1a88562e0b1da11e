// What a track came from and what became of it, generation by generation. Pure.

import type { Joins, Occurrence } from "./occurrences";
import type { Track } from "./view";

export interface Relative {
  readonly track: Track;
  /** 0 is the track that was asked about; what it came from has negative ones. */
  readonly generation: number;
  /** From the top of its generation. */
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
  for (const [id, steps] of earlier) generation.set(id, -steps);
  const isShown = (id: string) => {
    const at = generation.get(id);
    return at !== undefined && at >= -reach.earlier && at <= reach.later;
  };
  const tracks = new Map([[track.track, track]]);
  for (const { parents: from, children: to } of joins.all) {
    for (const one of [...from, ...to]) tracks.set(one.track, one);
  }
  const layers = new Map<number, Track[]>();
  for (const [id, at] of generation) {
    const one = tracks.get(id);
    if (one !== undefined && isShown(id)) layers.set(at, [...(layers.get(at) ?? []), one]);
  }
  const relatives: Relative[] = [];
  const places = new Map<string, number>();
  const outwards = [...layers.keys()].sort((a, b) => Math.abs(a) - Math.abs(b));
  for (const at of outwards) {
    const inner = at < 0 ? children : parents;
    const outer = at < 0 ? parents : children;
    /** Beside the relatives that stand nearer to the middle, so that few lines cross. */
    const beside = (id: string) => {
      const known = inner(id).flatMap((one) => places.get(one.track) ?? []);
      return known.length === 0 ? 0 : known.reduce((sum, place) => sum + place, 0) / known.length;
    };
    const ordered = (layers.get(at) ?? [])
      .map((one) => ({ one, beside: beside(one.track) }))
      .sort((a, b) => a.beside - b.beside || (a.one.number ?? 0) - (b.one.number ?? 0));
    ordered.forEach(({ one }, place) => {
      places.set(one.track, place);
      const hidden = at === 0 ? [] : outer(one.track).filter((next) => !isShown(next.track));
      relatives.push({ track: one, generation: at, place, more: hidden.length });
    });
  }
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

function unique(tracks: readonly Track[]): readonly Track[] {
  return [...new Map(tracks.map((track) => [track.track, track])).values()];
}

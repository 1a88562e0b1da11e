// Where the cards of a family and the joins between them stand, in px. Time runs from left to right. Pure.

import type { Family, Relative } from "../../state/annotator/family";
import type { Occurrence } from "../../state/annotator/occurrences";
import type { Track } from "../../state/annotator/view";

export const CARD = { width: 222, height: 82 };
export const JOIN = { width: 104, height: 42 };
const GAP = { x: 188, y: 14 };
/** Room for the button that shows more, on either side. */
const MARGIN = { x: 96, y: 12 };

export interface PlacedRelative {
  readonly relative: Relative;
  readonly x: number;
  readonly y: number;
}

export interface PlacedFamilyJoin {
  readonly occurrence: Occurrence;
  /** Its middle. */
  readonly x: number;
  readonly y: number;
  /** Those of its tracks that have no card: they are neither ancestors nor descendants. */
  readonly others: readonly Track[];
  /** Paths of an SVG. */
  readonly lines: readonly string[];
}

export interface FamilyLayout {
  readonly width: number;
  readonly height: number;
  readonly cards: readonly PlacedRelative[];
  readonly joins: readonly PlacedFamilyJoin[];
}

export function layoutFamily({ relatives, joins }: Family): FamilyLayout {
  const first = Math.min(...relatives.map(({ generation }) => generation));
  const last = Math.max(...relatives.map(({ generation }) => generation));
  const lowest = Math.max(...relatives.map(({ place }) => place));
  const margin = relatives.some(({ more }) => more > 0) ? MARGIN.x : MARGIN.y;
  const row = CARD.height + GAP.y;
  const cards = relatives.map((relative) => ({
    relative,
    x: margin + (relative.generation - first) * (CARD.width + GAP.x),
    y: MARGIN.y + relative.place * row,
  }));
  const cardOf = new Map(cards.map((card) => [card.relative.track.track, card]));
  const placed = joins.map((occurrence) => placeJoin(occurrence, cardOf)).filter((join) => join !== null);
  return {
    width: 2 * margin + CARD.width + (last - first) * (CARD.width + GAP.x),
    height: 2 * MARGIN.y + lowest * row + CARD.height,
    cards,
    joins: placed,
  };
}

function placeJoin(
  occurrence: Occurrence,
  cardOf: ReadonlyMap<string, PlacedRelative>,
): PlacedFamilyJoin | null {
  const shown = (side: Occurrence["parents"]) => side.flatMap(({ track }) => cardOf.get(track) ?? []);
  const [parents, children] = [shown(occurrence.parents), shown(occurrence.children)];
  const [parent, child] = [parents[0], children[0]];
  if (parent === undefined || child === undefined) return null;
  const merge = occurrence.event.what === "merge";
  const middle = (card: PlacedRelative) => card.y + CARD.height / 2;
  const x = merge ? child.x - GAP.x / 2 : parent.x + CARD.width + GAP.x / 2;
  const y = middle(merge ? child : parent);
  const [left, right] = [x - JOIN.width / 2, x + JOIN.width / 2];
  return {
    occurrence,
    x,
    y,
    others: [...occurrence.parents, ...occurrence.children].filter(({ track }) => !cardOf.has(track)),
    lines: [
      ...parents.map((card) => curve(card.x + CARD.width, middle(card), left, y)),
      ...children.map((card) => curve(right, y, card.x, middle(card))),
    ],
  };
}

function curve(x0: number, y0: number, x1: number, y1: number): string {
  const bend = Math.max(12, (x1 - x0) / 2);
  return `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`;
}

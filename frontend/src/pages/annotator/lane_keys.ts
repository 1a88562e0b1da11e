// Where the keys lead in the lanes. Pure.

import { firstFrame, type LaneRow, lastFrame } from "../../state/annotator/lane_rows";

export type LaneMove = { readonly select: string } | { readonly show: number };

/** `at`: the selected row. Null: the key means nothing here. */
export function laneMove(rows: readonly LaneRow[], at: number | undefined, key: string): LaneMove | null {
  const row = at === undefined ? undefined : rows[at];
  switch (key) {
    case "ArrowDown":
    case "ArrowUp": {
      const next = at === undefined ? 0 : at + (key === "ArrowDown" ? 1 : -1);
      const neighbour = rows[Math.min(rows.length - 1, Math.max(0, next))];
      return neighbour === undefined ? null : { select: neighbour.track.track };
    }
    case "Enter":
    case "Home":
      return row === undefined ? null : { show: firstFrame(row) };
    case "End":
      return row === undefined ? null : { show: lastFrame(row) };
    default:
      return null;
  }
}

// Chooses objects, with Shift several; with proposals on offer, a click accepts the one under the pointer.

import { contains, decoded } from "../geometry/rle";
import type { Point } from "../geometry/stroke";
import { openProposals } from "../state/annotator/drafts";
import type { Annotator } from "../state/annotator/model";
import { objectAt } from "../state/annotator/view";
import type { Tool } from "./tool";

export const select: Tool = {
  name: "select",
  title: "Select",
  key: "V",
  cursor: "default",
  harmless: true,
  names: true,
  gesture({ state, dispatch, newId }, down) {
    const proposal = proposalAt(state, down.image);
    if (proposal !== undefined) {
      dispatch({ type: "proposals/accept", requestId: newId(), accepted: [[proposal, newId()]] });
      return null;
    }
    const object = objectAt(state, state.frame, down.image);
    if (down.shift) {
      if (object !== undefined) dispatch({ type: "mark", track: object.track.track });
      return null;
    }
    const selection = object === undefined ? null : { track: object.track.track, lasting: true };
    dispatch({ type: "selection", selection });
    return null;
  },
};

/** Index of the smallest proposal under a point: a core inside its shell stays within reach. */
export function proposalAt(state: Annotator, point: Point): number | undefined {
  if (state.proposals?.frame !== state.frame) return undefined;
  return openProposals(state)
    .filter(({ item }) => contains(decoded(item.mask), point.x, point.y))
    .sort((a, b) => a.item.area_px - b.item.area_px)[0]?.index;
}

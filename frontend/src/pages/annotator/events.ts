// Leads to an event of the tracks: its frame, and the object that it is about.

import { reveal } from "../../geometry/viewport";
import type { EventRevision } from "../../protocol/messages";
import { objectOf } from "../../state/annotator/view";
import type { Workspace } from "./workspace";

export function showEvent({ dispatch, state, viewport }: Workspace, event: EventRevision): void {
  const [child] = event.children;
  const track = child ?? event.parents[0];
  const frame = child === undefined ? event.first_frame : event.last_frame;
  dispatch({ type: "play", playing: false });
  dispatch({ type: "frame/show", frame });
  if (track === undefined) return;
  dispatch({ type: "selection", selection: { track, lasting: true } });
  const object = objectOf(state.peek(), track, frame);
  if (object === undefined) return; // not loaded yet; its row shows it
  const [x0, y0, x1, y1] = object.box;
  const centre = { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
  viewport.value = reveal(viewport.peek(), centre, state.peek().series);
}

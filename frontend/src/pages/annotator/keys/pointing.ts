// A pointer over the image that keys move: it does what the mouse does there.

import type { Signal } from "@preact/signals";
import type { Point } from "../../../geometry/stroke";
import { toImage, toScreen, type Viewport } from "../../../geometry/viewport";
import type { Store } from "../../../state/annotator/store";
import { objectAt } from "../../../state/annotator/view";
import type { CommandContext } from "../../../tools/commands";
import type { ToolHost } from "../../../tools/host";
import type { Pointer } from "../../../tools/tool";

/** An object that the next click names. */
interface Asked {
  readonly onPick: (track: string) => void;
}

interface Parts {
  store: Store;
  viewport: Signal<Viewport>;
  pointer: Signal<Pointer | null>;
  aimed: Signal<boolean>;
  picking: Signal<Asked | null>;
  host: ToolHost;
}

export function pointByKeys({
  store,
  viewport,
  pointer,
  aimed,
  picking,
  host,
}: Parts): CommandContext["pointing"] {
  const at = (screen: Point, alt = false): Pointer => ({
    screen,
    image: toImage(viewport.peek(), screen),
    alt,
    shift: false,
    pressure: null,
  });

  /** Where the mouse was last, else the middle. */
  function place(): Point {
    const { width, height } = viewport.peek();
    return pointer.peek()?.screen ?? { x: width / 2, y: height / 2 };
  }

  function show(screen: Point, alt = false): Pointer {
    const next = at(screen, alt);
    pointer.value = next;
    aimed.value = true;
    return next;
  }

  return {
    move(x, y) {
      const { width, height } = viewport.peek();
      const from = place();
      const next = show({
        x: Math.min(width, Math.max(0, from.x + x)),
        y: Math.min(height, Math.max(0, from.y + y)),
      });
      if (host.busy) host.move(next);
      else {
        const state = store.state.peek();
        const track = objectAt(state, state.frame, next.image)?.track.track ?? null;
        store.dispatch({ type: "hover", track });
      }
    },
    click({ alt }) {
      const next = show(place(), alt);
      if (pick(store, picking, next)) return;
      host.down({ ...next, button: "left" });
      host.up(next);
    },
    hold() {
      const next = show(place());
      if (host.busy) host.up(next);
      else if (!pick(store, picking, next)) host.down({ ...next, button: "left" });
    },
  };
}

/** Takes the click where an object is asked for. */
export function pick(
  { state }: Pick<Store, "state">,
  picking: Signal<Asked | null>,
  { image }: Pointer,
): boolean {
  const asked = picking.peek();
  if (asked === null) return false;
  const present = state.peek();
  const object = objectAt(present, present.frame, image);
  if (object !== undefined) {
    picking.value = null;
    asked.onPick(object.track.track);
  }
  return true;
}

/** The middle of a box of the image, in the window's pixels. */
export function placeOf(
  [x0, y0, x1, y1]: readonly [number, number, number, number],
  viewport: Viewport,
): Point {
  const stage = document.querySelector(".stage-canvas")?.getBoundingClientRect();
  const middle = toScreen(viewport, { x: (x0 + x1) / 2, y: (y0 + y1) / 2 });
  return { x: (stage?.left ?? 0) + middle.x, y: (stage?.top ?? 0) + middle.y };
}

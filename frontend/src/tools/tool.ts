// What a canvas tool is: a name, a key, and a gesture as one generator whose state is local variables.

import type { Point } from "../geometry/stroke";
import type { Viewport } from "../geometry/viewport";
import type { Annotator, ToolName } from "../state/annotator/model";
import type { Action } from "../state/annotator/reduce";

export interface Pointer {
  /** In image coordinates: pixel c spans c to c + 1. */
  readonly image: Point;
  /** In CSS pixels from the canvas's top left corner. */
  readonly screen: Point;
  readonly alt: boolean;
  readonly shift: boolean;
  /** 0 to 1; null where the device does not tell. */
  readonly pressure: number | null;
}

export interface PointerDown extends Pointer {
  readonly button: "left" | "middle" | "right";
}

export interface PointerMove extends Pointer {
  readonly released: boolean;
}

export interface ToolContext {
  readonly state: Annotator;
  readonly viewport: Viewport;
  dispatch(action: Action): void;
  look(viewport: Viewport): void;
  newId(): string;
  /** The way along the image's edges, both ends included; without pixels at hand the ends alone. */
  followEdge(from: Point, to: Point): readonly Point[];
}

/** Runs from press to release; each `yield` waits for the next movement. Ends early when it is cancelled. */
export type Gesture = Generator<void, void, PointerMove>;

export interface Tool {
  readonly name: ToolName;
  readonly title: string;
  readonly key: string;
  readonly cursor: string;
  /** Only looks, so that those who may not edit have it too. */
  readonly harmless: boolean;
  /** With it in hand the object under the pointer is named; of a brush that would hide what it paints. */
  readonly names?: boolean;
  /** Null: the press itself was all. */
  gesture(context: ToolContext, down: PointerDown): Gesture | null;
}

// Colours and keys for phases. Pure.

import type { Phase } from "../../protocol/rest";
import { confusedWith, type Vision } from "./colour_vision";

/** Seen on grey images, and told apart with every kind of colour vision, two by two (see colour_vision.ts). */
export const PALETTE = [
  "#56b4e9",
  "#e69f00",
  "#7744cc",
  "#88ffee",
  "#eeee55",
  "#bb0077",
  "#ff5588",
  "#997700",
  "#8877ff",
] as const;

type Coloured = Pick<Phase, "colour">;

/** The first colour of the palette that nobody confuses with a phase's; else one that none has; else any. */
export function nextColour(phases: readonly Coloured[]): string {
  const taken = phases.map((phase) => phase.colour.toLowerCase());
  return (
    PALETTE.find((colour) => taken.every((other) => confusedWith(colour, other) === undefined)) ??
    PALETTE.find((colour) => !taken.includes(colour)) ??
    PALETTE[phases.length % PALETTE.length] ??
    PALETTE[0]
  );
}

/** Two phases whose colours somebody confuses, and with which vision. */
export interface Alike<P extends Coloured> {
  readonly first: P;
  readonly second: P;
  readonly vision: Vision;
}

export function alike<P extends Coloured>(phases: readonly P[]): Alike<P>[] {
  return phases.flatMap((first, index) =>
    phases.slice(index + 1).flatMap((second) => {
      const vision = confusedWith(first.colour, second.colour);
      return vision === undefined ? [] : [{ first, second, vision }];
    }),
  );
}

/** The first free key from 1 to 9; "" when all are taken. */
export function freeKey(phases: readonly Pick<Phase, "key">[]): string {
  const taken = new Set(phases.map((phase) => phase.key));
  return "123456789".split("").find((key) => !taken.has(key)) ?? "";
}

// Colours and keys for a new phase. Pure.

import type { Phase } from "../../protocol/rest";

/** Told apart with every kind of colour vision, and seen on grey images (Okabe and Ito 2008, lightened). */
export const PALETTE = [
  "#56b4e9",
  "#e69f00",
  "#2fbf8f",
  "#f0e442",
  "#e8744a",
  "#d98cc0",
  "#4f8fe0",
  "#b8de6f",
  "#b39ddb",
] as const;

/** The first colour of the palette that no phase has; past its end it starts again. */
export function nextColour(phases: readonly Pick<Phase, "colour">[]): string {
  const taken = new Set(phases.map((phase) => phase.colour.toLowerCase()));
  return (
    PALETTE.find((colour) => !taken.has(colour)) ?? PALETTE[phases.length % PALETTE.length] ?? PALETTE[0]
  );
}

/** The first free key from 1 to 9; "" when all are taken. */
export function freeKey(phases: readonly Pick<Phase, "key">[]): string {
  const taken = new Set(phases.map((phase) => phase.key));
  return "123456789".split("").find((key) => !taken.has(key)) ?? "";
}

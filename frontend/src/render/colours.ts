// Which colour an object has on the canvas. Pure.

import type { Phase } from "../protocol/rest";
import type { Display } from "../state/annotator/model";
import type { Track } from "../state/annotator/view";

export type Colour = readonly [number, number, number];

/** Objects without a phase, and phases that the project no longer has. */
export const NO_PHASE: Colour = [190, 198, 208];

export function colourOf(track: Track, phases: readonly Phase[], colourBy: Display["colourBy"]): Colour {
  if (colourBy === "object") return colourOfNumber(track.number ?? hash(track.track));
  return colourOfPhase(track.phase, phases);
}

export function colourOfPhase(id: string | null, phases: readonly Phase[]): Colour {
  const phase = phases.find((candidate) => candidate.id === id);
  return phase === undefined ? NO_PHASE : parseColour(phase.colour);
}

/** "#rrggbb" as numbers. */
export function parseColour(text: string): Colour {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text);
  if (match === null) return NO_PHASE;
  const [, red = "0", green = "0", blue = "0"] = match;
  return [Number.parseInt(red, 16), Number.parseInt(green, 16), Number.parseInt(blue, 16)];
}

/** Neighbouring numbers get hues far apart (the golden angle), all light enough for a dark image. */
function colourOfNumber(number: number): Colour {
  const hue = (number * 137.508) % 360;
  const lightness = [0.62, 0.7, 0.56][number % 3] ?? 0.62;
  const reach = 0.85 * Math.min(lightness, 1 - lightness);
  const channel = (offset: number) => {
    const k = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

function hash(text: string): number {
  let value = 0;
  for (const letter of text) value = (value * 31 + (letter.codePointAt(0) ?? 0)) % 65_521;
  return value;
}

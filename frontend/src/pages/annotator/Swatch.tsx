// The colour of a phase, and the colour that an object has on the image.

import { type Colour, colourOf, colourOfPhase } from "../../render/colours";
import type { Track } from "../../state/annotator/view";
import { useView } from "./workspace";

const css = ([red, green, blue]: Colour) => `rgb(${red} ${green} ${blue})`;

export function Swatch({ phase }: { phase: string | null }) {
  const background = useView((state) => css(colourOfPhase(phase, state.phases)));
  return <span class="phase-swatch" style={{ background }} />;
}

export function TrackSwatch({ track }: { track: Track }) {
  const background = useView((state) => css(colourOf(track, state.phases, state.display.colourBy)));
  return <span class="phase-swatch" style={{ background }} />;
}

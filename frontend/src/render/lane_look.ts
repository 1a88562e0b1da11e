// How the lanes look: colours of the theme, and what is lit.

import type { Track } from "../state/annotator/view";
import type { Colour } from "./colours";

/** Colours of the theme by what they are for. */
export interface LaneColours {
  readonly surface: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly grid: string;
  readonly selected: string;
  readonly hovered: string;
  readonly accent: string;
  readonly join: string;
  readonly fair: string;
  readonly low: string;
}

export interface LaneLook {
  readonly colours: LaneColours;
  readonly font: string;
  readonly frame: number;
  readonly selected: string | null;
  /** Those that are meant together with the selected one. */
  readonly marked: ReadonlySet<string>;
  readonly hovered: string | null;
  readonly hoveredEvent: string | null;
  readonly rulerHeight: number;
  colourOf(track: Track): Colour;
  nameOf(track: Track): string;
}

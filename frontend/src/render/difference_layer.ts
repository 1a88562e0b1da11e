// What differs between two versions, on the image: blue and full what came, orange and striped what went, and pale
// what an object kept. Blue and orange are apart for every kind of colour vision (Okabe and Ito), stripes in greys too.

import type { Runs } from "../geometry/rle";
import type { Viewport } from "../geometry/viewport";
import { changesOn, type ObjectChange } from "../state/annotator/difference";
import type { Annotator } from "../state/annotator/model";
import type { Colour } from "./colours";
import { LabelTexture } from "./label_texture";
import { type LabelStyle, type MaskProgram, Palette } from "./mask_layer";

export const CAME: Colour = [86, 180, 233];
export const WENT: Colour = [230, 120, 0];
export const KEPT: Colour = [240, 228, 66];

const STYLES = {
  came: { colour: CAME, fill: 0.6, line: 1.5, dashes: "none" },
  went: { colour: WENT, fill: 0.85, line: 1.5, dashes: "gaps", hatched: true },
  kept: { colour: KEPT, fill: 0.12, line: 1, dashes: "none" },
  reviewed: { colour: KEPT, fill: 0, line: 2, dashes: "gaps" },
} satisfies Record<string, LabelStyle>;

/** Two textures: an object that came may lie where another went. */
export class DifferenceLayer {
  private readonly under: LabelTexture;
  private readonly over: LabelTexture;
  private readonly underPalette: Palette;
  private readonly overPalette: Palette;
  private composed: readonly ObjectChange[] | null = null;

  constructor(
    gl: WebGL2RenderingContext,
    height: number,
    width: number,
    private readonly program: MaskProgram,
  ) {
    this.under = new LabelTexture(gl, height, width);
    this.over = new LabelTexture(gl, height, width);
    this.underPalette = new Palette(gl);
    this.overPalette = new Palette(gl);
  }

  draw(state: Annotator, frame: number, viewport: Viewport, devicePixelRatio: number): void {
    const changes = changesOn(state, frame);
    if (changes === null) return;
    if (changes !== this.composed) this.compose(changes);
    this.program.draw(this.under, this.underPalette, viewport, devicePixelRatio);
    this.program.draw(this.over, this.overPalette, viewport, devicePixelRatio);
  }

  private compose(changes: readonly ObjectChange[]): void {
    this.composed = changes;
    const kept = changes.map(
      (change): Part => [change.kept, change.what === "reviewed" ? "reviewed" : "kept"],
    );
    const came = changes.map((change): Part => [change.gained, "came"]);
    paint(this.under, this.underPalette, [...kept, ...came]);
    paint(
      this.over,
      this.overPalette,
      changes.map((change): Part => [change.lost, "went"]),
    );
  }
}

type Part = readonly [Runs | null, keyof typeof STYLES];

/** A label for each part, so that neighbours keep their outlines. */
function paint(labels: LabelTexture, palette: Palette, parts: readonly Part[]): void {
  const there = parts.filter((part): part is [Runs, keyof typeof STYLES] => part[0] !== null);
  const items = there.map(([runs], index) => ({ runs, label: index + 1 }));
  labels.show(items.filter(({ runs }) => runs.bounds.length > 0));
  palette.set(there.map(([, style]) => STYLES[style]));
}

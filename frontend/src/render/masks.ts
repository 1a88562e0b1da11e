// Puts the state's masks on the GPU: objects, proposals, and on top what is selected or being made.

import { decoded } from "../geometry/rle";
import type { Viewport } from "../geometry/viewport";
import type { MaskRle, MaskSet } from "../protocol/messages";
import { chosenCandidate, openProposals } from "../state/annotator/drafts";
import type { Annotator, Display, StrokeDraft } from "../state/annotator/model";
import { isLit } from "../state/annotator/review";
import { type ObjectOnFrame, objectOf, objectsOn } from "../state/annotator/view";
import { type Colour, colourOf, colourOfPhase } from "./colours";
import { DifferenceLayer } from "./difference_layer";
import { type Labelled, LabelTexture } from "./label_texture";
import { type LabelStyle, MaskProgram, Palette } from "./mask_layer";

const SELECTED = 1;
const DRAFT = 2;
const MARKED = 3; // the first of those that are marked; each has its own label, so that neighbours keep their outlines
const WHITE: Colour = [255, 255, 255];
const LOST: Colour = [255, 92, 92];
const LINE = 1.5;
/** Outlines of the frames before and after: blue from the past, orange to come. */
export const NEIGHBOUR_COLOURS: readonly (readonly [step: number, colour: Colour])[] = [
  [-1, [86, 180, 233]],
  [1, [230, 159, 0]],
];

export class MaskLayers {
  private readonly program: MaskProgram;
  private readonly objects: Layer;
  private readonly top: Layer;
  private proposals: Layer | null = null;
  private lost: Layer | null = null;
  private difference: DifferenceLayer | null = null;
  private readonly neighbours = new Map<number, Layer>();
  private painted: { stroke: StrokeDraft; points: number } | null = null;

  constructor(
    private readonly gl: WebGL2RenderingContext,
    height: number,
    width: number,
  ) {
    this.program = new MaskProgram(gl);
    this.objects = new Layer(gl, height, width);
    this.top = new Layer(gl, height, width);
  }

  /** `frame` is the one whose image is on screen. */
  draw(state: Annotator, frame: number, viewport: Viewport, devicePixelRatio: number): void {
    if (state.difference !== null) {
      this.difference ??= new DifferenceLayer(
        this.gl,
        this.objects.labels.height,
        this.objects.labels.width,
        this.program,
      );
      this.difference.draw(state, frame, viewport, devicePixelRatio);
      return;
    }
    if (state.display.masks) {
      this.composeObjects(state, frame);
      this.program.draw(this.objects.labels, this.objects.palette, viewport, devicePixelRatio);
    }
    if (state.display.neighbours) this.drawNeighbours(state, frame, viewport, devicePixelRatio);
    if (state.proposals?.frame === frame && state.proposals.answer !== null) {
      this.proposals ??= new Layer(this.gl, this.objects.labels.height, this.objects.labels.width);
      this.composeProposals(this.proposals, state);
      this.program.draw(this.proposals.labels, this.proposals.palette, viewport, devicePixelRatio);
    }
    const lost = lostMasks(state, frame);
    if (lost.length > 0) {
      this.lost ??= new Layer(this.gl, this.objects.labels.height, this.objects.labels.width);
      composeLost(this.lost, lost);
      this.program.draw(this.lost.labels, this.lost.palette, viewport, devicePixelRatio);
    }
    this.composeTop(state, frame);
    this.program.draw(this.top.labels, this.top.palette, viewport, devicePixelRatio);
  }

  private composeObjects(state: Annotator, frame: number): void {
    const objects = objectsOn(state, frame);
    const { hidden, display, phases, hovered, selection, past } = state;
    const minimum = past === null ? state.review.minimumScore : 0;
    const stroked = state.stroke?.track ?? null; // drawn on top while it changes
    this.objects.update("labels", [objects, hidden, stroked], () => {
      this.objects.labels.show(
        objects
          .map(({ mask, track: { track } }, index) => ({ mask, track, label: index + 1 }))
          .filter(({ track }) => !hidden.has(track) && track !== stroked)
          .map(({ mask, label }) => ({ runs: decoded(mask), label })),
      );
    });
    this.objects.update("styles", [objects, display, phases, hovered, selection, minimum], () => {
      this.objects.palette.set(
        objects.map((object): LabelStyle => {
          const { track } = object;
          const pointed = track.track === hovered || track.track === selection?.track;
          const colour = colourOf(track, phases, display.colourBy);
          if (object.state === "accepted") return acceptedStyle(colour, display, pointed);
          return proposalStyle(colour, display, pointed, isLit(object, minimum));
        }),
      );
    });
  }

  private drawNeighbours(
    state: Annotator,
    frame: number,
    viewport: Viewport,
    devicePixelRatio: number,
  ): void {
    for (const [step, colour] of NEIGHBOUR_COLOURS) {
      const there = frame + step;
      if (there < 0 || there >= state.series.frames) continue;
      const { height, width } = this.objects.labels;
      const layer = this.neighbours.get(step) ?? new Layer(this.gl, height, width);
      this.neighbours.set(step, layer);
      const objects = objectsOn(state, there);
      layer.update("all", [objects, state.hidden], () => {
        const shown = objects.filter(({ track }) => !state.hidden.has(track.track));
        layer.labels.show(shown.map(({ mask }, index) => ({ runs: decoded(mask), label: index + 1 })));
        layer.palette.set(shown.map(() => ({ colour, fill: 0, line: LINE, dashes: "open" as const })));
      });
      this.program.draw(layer.labels, layer.palette, viewport, devicePixelRatio);
    }
  }

  private composeProposals(layer: Layer, state: Annotator): void {
    const { proposals, frames, pending, tracks, phase, phases, display } = state;
    layer.update("labels", [proposals, frames, pending, tracks, phase, display], () => {
      const open = openProposals(state).toSorted((a, b) => b.item.area_px - a.item.area_px);
      layer.labels.show(open.map(({ item }, index) => ({ runs: decoded(item.mask), label: index + 1 })));
      const colour = colourOfPhase(phase, phases);
      layer.palette.set(open.map(() => proposalStyle(colour, display, false, true)));
    });
  }

  private composeTop(state: Annotator, frame: number): void {
    const { stroke, selection, display } = state;
    const selected =
      selection === null || state.hidden.has(selection.track)
        ? undefined
        : objectOf(state, selection.track, frame);
    const candidate = frame === state.frame ? chosenCandidate(state) : null;
    const colour = draftColour(state);
    const proposed = selected?.state === "proposal";
    const marked = markedObjects(state, frame);
    this.top.update("styles", [colour.join(), display.opacity, proposed, marked.length], () => {
      this.top.palette.set([
        { colour: WHITE, fill: 0, line: 2, dashes: proposed ? "gaps" : "none" },
        { colour, fill: Math.min(1, display.opacity + 0.15), line: 2, dashes: "ants" },
        ...marked.map((): LabelStyle => ({ colour: WHITE, fill: 0, line: 2, dashes: "none" })),
      ]);
    });
    if (stroke !== null && stroke.frame === frame && this.continueStroke(stroke)) return;
    this.top.update("labels", [stroke, selected?.mask, candidate?.mask, ...marked], () => {
      const items: Labelled[] = marked.map(({ mask }, index) => ({
        runs: decoded(mask),
        label: MARKED + index,
      }));
      const put = (mask: MaskRle, label: number) => items.push({ runs: decoded(mask), label });
      if (selected !== undefined && stroke?.track !== selected.track.track) put(selected.mask, SELECTED);
      if (candidate !== null) put(candidate.mask, DRAFT);
      const stroked = stroke?.frame === frame ? stroke : null;
      const base = stroked?.track == null ? undefined : objectOf(state, stroked.track, frame);
      if (base !== undefined) put(base.mask, DRAFT);
      this.top.labels.show(items);
      this.painted = null;
      if (stroked === null) return;
      this.painted = { stroke: stroked, points: 0 };
      this.continueStroke(stroked);
    });
  }

  /** Paints only what the pointer added since the last time. False: this stroke was not begun here. */
  private continueStroke(stroke: StrokeDraft): boolean {
    const { painted } = this;
    if (painted === null || painted.stroke.path[0] !== stroke.path[0]) return false;
    const label = stroke.mode === "paint" ? DRAFT : 0;
    for (let index = painted.points; index < stroke.path.length; index++) {
      const to = stroke.path[index];
      const from = stroke.path[Math.max(0, index - 1)];
      if (from !== undefined && to !== undefined) this.top.labels.sweep(from, to, stroke.diameter, label);
    }
    this.painted = { stroke, points: stroke.path.length };
    return true;
  }
}

function acceptedStyle(colour: Colour, { opacity, outline }: Display, pointed: boolean): LabelStyle {
  const fill = pointed ? Math.min(1, opacity + 0.2) : opacity;
  return { colour, fill, line: outline || pointed ? LINE : 0, dashes: "none" };
}

/** Hatched and dashed, so that nobody takes it for accepted; a trace where the score slider holds it back. */
function proposalStyle(colour: Colour, { opacity }: Display, pointed: boolean, lit: boolean): LabelStyle {
  const hatched = true;
  if (!lit && !pointed) return { colour, fill: 0.08, line: 1, dashes: "gaps", lineOpacity: 0.3, hatched };
  const fill = Math.min(1, Math.max(0.3, opacity) + (pointed ? 0.25 : 0));
  return { colour, fill, line: pointed ? 2 : LINE, dashes: "gaps", hatched };
}

/** Those that are meant beside the selected object. */
function markedObjects(state: Annotator, frame: number): readonly ObjectOnFrame[] {
  const { marked, hidden, selection } = state;
  if (marked.size === 0) return [];
  return objectsOn(state, frame).filter(
    ({ track: { track } }) => marked.has(track) && !hidden.has(track) && track !== selection?.track,
  );
}

/** Masks of changes that the server did not take and their author has not decided about. */
function lostMasks(state: Annotator, frame: number): MaskRle[] {
  return state.pending
    .filter((commit) => commit.problem !== null)
    .flatMap((commit) => commit.operations)
    .filter((operation) => operation.op === "mask.set" && operation.frame === frame)
    .map((operation) => (operation as MaskSet).mask);
}

function composeLost(layer: Layer, masks: readonly MaskRle[]): void {
  layer.update("labels", masks, () => {
    layer.labels.show(masks.map((mask, index) => ({ runs: decoded(mask), label: index + 1 })));
    layer.palette.set(masks.map(() => ({ colour: LOST, fill: 0.1, line: 2, dashes: "ants" as const })));
  });
}

/** A draft looks like what it will become. */
function draftColour(state: Annotator): Colour {
  const { stroke, phases, phase, frame, display } = state;
  const object = stroke === null || stroke.track === null ? undefined : objectOf(state, stroke.track, frame);
  return object === undefined
    ? colourOfPhase(phase, phases)
    : colourOf(object.track, phases, display.colourBy);
}

/** Labels and their palette, and what they were last made from. */
class Layer {
  readonly labels: LabelTexture;
  readonly palette: Palette;
  private readonly made = new Map<string, { from: readonly unknown[]; value: unknown }>();

  constructor(gl: WebGL2RenderingContext, height: number, width: number) {
    this.labels = new LabelTexture(gl, height, width);
    this.palette = new Palette(gl);
  }

  remember<T>(name: string, from: readonly unknown[], make: () => T): T {
    const before = this.made.get(name);
    const same =
      before?.from.length === from.length && before.from.every((value, index) => value === from[index]);
    if (before !== undefined && same) return before.value as T;
    const value = make();
    this.made.set(name, { from, value });
    return value;
  }

  update(name: string, from: readonly unknown[], make: () => void): void {
    this.remember(name, from, make);
  }
}

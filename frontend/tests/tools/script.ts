// Drives the canvas tools as a person would, without a canvas: press, move, release, press a key.

import type { Point } from "../../src/geometry/stroke";
import { fitView, type Viewport } from "../../src/geometry/viewport";
import type { TrackingRequest } from "../../src/protocol/tracking";
import type { Annotator } from "../../src/state/annotator/model";
import { type Action, reduce } from "../../src/state/annotator/reduce";
import type { KeyChanges } from "../../src/state/keymap/keymap";
import { type CommandContext, pressKey } from "../../src/tools/commands";
import { ToolHost } from "../../src/tools/host";
import type { Pointer, PointerDown } from "../../src/tools/tool";
import { HEIGHT, settle, WIDTH } from "../annotator";

interface Modifiers {
  alt?: boolean;
  shift?: boolean;
  button?: PointerDown["button"];
  pressure?: number;
}

export class Script implements CommandContext {
  viewport: Viewport = fitView(
    { width: WIDTH * 10, height: HEIGHT * 10 },
    { width: WIDTH, height: HEIGHT },
    0,
  );
  helpShown = false;
  /** What was opened: a dialog, or "track". */
  opened: string | null = null;
  keyChanges: KeyChanges = {};
  readonly tracked: TrackingRequest[] = [];
  lineageShown: string | null = null;
  lifeShown: string | null = null;
  readonly host: ToolHost = new ToolHost(this);
  private ids = 0;

  constructor(public state: Annotator) {}

  dispatch = (action: Action): void => {
    this.state = reduce(this.state, action);
  };
  /** Where the magnetic contour goes; straight unless a test says otherwise. */
  followEdge = (from: Point, to: Point): readonly Point[] => [from, to];
  interpolations = 0;
  interpolate = (): void => {
    this.interpolations++;
  };
  openTracking = (): void => {
    this.opened = "track";
  };
  openDialog: CommandContext["openDialog"] = (dialog) => {
    this.opened = dialog;
  };
  openPanel: CommandContext["openPanel"] = (panel) => {
    this.opened = panel;
  };
  openMenu = (): void => {
    this.opened = "menu";
  };
  /** What keys did with the pointer. */
  readonly pointed: string[] = [];
  readonly pointing = {
    move: (x: number, y: number) => void this.pointed.push(`${x},${y}`),
    click: ({ alt }: { alt: boolean }) => void this.pointed.push(alt ? "alt click" : "click"),
    hold: () => void this.pointed.push("hold"),
  };
  track = (request: TrackingRequest): void => {
    this.tracked.push(request);
  };
  look = (viewport: Viewport): void => {
    this.viewport = viewport;
  };
  get busy(): boolean {
    return this.host.busy;
  }
  newId = (): string => `id${++this.ids}`;
  cancelGesture = (): boolean => {
    const { busy } = this.host;
    this.host.cancel();
    return busy;
  };
  openLineage = (track: string): void => {
    this.lineageShown = track;
  };
  openLife = (track: string): void => {
    this.lifeShown = track;
  };
  /** What the page was asked to do: "contrast" or "picture". */
  readonly looked: string[] = [];
  view = {
    autoContrast: () => void this.looked.push("contrast"),
    savePicture: () => void this.looked.push("picture"),
  };
  toggleHelp = (): void => {
    this.helpShown = !this.helpShown;
  };

  press(x: number, y: number, modifiers: Modifiers = {}): this {
    this.host.down({ ...at(x, y, modifiers), button: modifiers.button ?? "left" });
    return this;
  }
  move(x: number, y: number, modifiers: Modifiers = {}): this {
    this.host.move(at(x, y, modifiers));
    return this;
  }
  release(x: number, y: number): this {
    this.host.up(at(x, y));
    return this;
  }
  click(x: number, y: number, modifiers: Modifiers = {}): this {
    return this.press(x, y, modifiers).release(x, y);
  }
  drag(from: [number, number], ...path: [number, number][]): this {
    this.press(...from);
    for (const point of path) this.move(...point);
    return this.release(...(path.at(-1) ?? from));
  }
  /** Says whether the key meant anything. */
  key(key: string, modifiers: { ctrl?: boolean; shift?: boolean; alt?: boolean } = {}): boolean {
    return pressKey(this, { key, ctrl: false, shift: false, alt: false, ...modifiers });
  }
  tool(tool: Annotator["tool"]): this {
    this.dispatch({ type: "tool", tool });
    return this;
  }
  settled(): this {
    this.state = settle(this.state);
    return this;
  }
}

/** One image pixel is ten on screen. */
function at(x: number, y: number, { alt = false, shift = false, pressure }: Modifiers = {}): Pointer {
  return { image: { x, y }, screen: { x: x * 10, y: y * 10 }, alt, shift, pressure: pressure ?? null };
}

// What a command is: something that a key, a button and a menu do in the same way.

import type { TrackingRequest } from "../../protocol/tracking";
import type { KeyChanges } from "../../state/keymap/keymap";
import type { ToolContext } from "../tool";

export interface CommandContext extends ToolContext {
  /** Where this person's keys differ from the usual ones. */
  readonly keyChanges: KeyChanges;
  /** A gesture is under way: the pointer is pressed. */
  readonly busy: boolean;
  /** Ends a gesture under way; false when there was none. */
  cancelGesture(): boolean;
  toggleHelp(): void;
  openTracking(): void;
  openDialog(dialog: TrackDialog | "calibration" | "export" | "problems"): void;
  openPanel(panel: "objects" | "segment" | "history" | "display"): void;
  /** Opens the menu of the selected object. */
  openMenu(): void;
  /** The pointer over the image, moved by keys. */
  readonly pointing: Pointing;
  /** Starts a tracking, and says where that fails. */
  track(request: TrackingRequest): void;
  openLineage(track: string): void;
  openLife(track: string): void;
  readonly view: ViewActions;
  /** Proposes masks between key frames of the selected track, and says where that fails. */
  interpolate(): void;
}

/** What the page does to be looked at. */
export interface ViewActions {
  /** The window that suits this frame. */
  autoContrast(): void;
  /** Opens the dialog that saves the view as a picture. */
  savePicture(): void;
}

/** Distances on the screen, in CSS pixels. */
export interface Pointing {
  move(x: number, y: number): void;
  click(held: { alt: boolean }): void;
  /** Presses; the next time releases. */
  hold(): void;
}

/** What is asked about the objects that are meant. */
export type TrackDialog = "change-id" | "join" | "exchange" | "merge" | "split" | "phase-from";

export type Group =
  | "Tools"
  | "Prompts"
  | "Proposals"
  | "Objects"
  | "Shapes"
  | "Tracks"
  | "Frames"
  | "View"
  | "Panels"
  | "Pointer";

export interface Command {
  readonly group: Group;
  readonly title: string;
  /** The usual keys, by their printed names: "Shift+T". */
  readonly keys: readonly string[];
  /** Its keys are no choice of the person's. */
  readonly fixed?: boolean;
  /** Only looks, although its group edits. */
  readonly harmless?: boolean;
  /** Whether it means anything now; without it always. */
  when?(context: CommandContext, key: string): boolean;
  /** `key` is the name of the one that was pressed. */
  run(context: CommandContext, key: string): void;
}

/** Commands by their names, which never change: people's own keys are kept under them. */
export type CommandTable = Readonly<Record<string, Command>>;

// What a command is: something that a key, a button and a menu do in the same way.

import type { TrackingRequest } from "../../protocol/tracking";
import type { KeyChanges } from "../../state/keymap/keymap";
import type { ToolContext } from "../tool";

export interface CommandContext extends ToolContext {
  /** Where this person's keys differ from the usual ones. */
  readonly keyChanges: KeyChanges;
  /** Ends a gesture under way; false when there was none. */
  cancelGesture(): boolean;
  toggleHelp(): void;
  openTracking(): void;
  openDialog(dialog: TrackDialog): void;
  /** Starts a tracking, and says where that fails. */
  track(request: TrackingRequest): void;
  openLineage(track: string): void;
  openLife(track: string): void;
}

/** What is asked about the objects that are meant. */
export type TrackDialog = "change-id" | "join" | "exchange" | "merge" | "split" | "phase-from";

export type Group = "Tools" | "Prompts" | "Proposals" | "Objects" | "Tracks" | "Frames" | "View";

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

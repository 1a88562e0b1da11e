// The present key of a command, for the buttons and menus that do the same.

import { keysFor } from "../../state/keymap/keymap";
import { keyChanges } from "../../state/keymap/store";
import { type CommandId, commands } from "../../tools/commands";
import { Kbd } from "../../ui/Kbd";

/** Undefined where the person took it away. Whoever renders it renders again when it changes. */
export function keyOfCommand(id: CommandId): string | undefined {
  return keysFor(commands, id, keyChanges.value)[0];
}

/** For buttons and menus that take a `shortcut`. */
export function shortcut(id: CommandId): { shortcut?: string } {
  const key = keyOfCommand(id);
  return key === undefined ? {} : { shortcut: key };
}

export function CommandKey({ id }: { id: CommandId }) {
  const key = keyOfCommand(id);
  return key === undefined ? null : <Kbd keys={key} />;
}

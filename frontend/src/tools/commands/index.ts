// Everything the keyboard can do, in one table: it runs the commands and it is the list that "?" shows.

import { mayEdit } from "../../state/annotator/view";
import { keysFor } from "../../state/keymap/keymap";
import type { Command, CommandContext, Group } from "./command";
import { frameCommands } from "./frames";
import { historyCommands } from "./history";
import { type Key, keyName } from "./keys";
import { lookingCommands } from "./looking";
import { objectCommands } from "./objects";
import { panelCommands } from "./panels";
import { pointerCommands } from "./pointer";
import { promptCommands } from "./prompts";
import { proposalCommands } from "./proposals";
import { shapeCommands } from "./shapes";
import { brushCommands, toolCommands } from "./tools";
import { trackCommands } from "./tracks";
import { viewCommands } from "./view";

export type { Command, CommandContext, Group, TrackDialog } from "./command";
export { type Key, keyName, keyOf } from "./keys";
export { plan } from "./tracks";

/** Of those that share a key, the first that means anything and is allowed runs. */
const table = {
  ...historyCommands,
  ...lookingCommands,
  ...shapeCommands,
  ...toolCommands,
  ...brushCommands,
  ...promptCommands,
  ...proposalCommands,
  ...objectCommands,
  ...trackCommands,
  ...frameCommands,
  ...viewCommands,
  ...panelCommands,
  ...pointerCommands,
};

export type CommandId = keyof typeof table;

export const commands: Readonly<Record<CommandId, Command>> = table;
export const commandIds = Object.keys(table) as CommandId[];

/** Runs the command of a key. False: the key means nothing here and goes on to the browser. */
export function pressKey(context: CommandContext, key: Key): boolean {
  const name = keyName(key);
  if (name === null) return false;
  const found = commandIds.find(
    (id) => keysFor(commands, id, context.keyChanges).includes(name) && means(commands[id], context, name),
  );
  if (found === undefined) return false;
  commands[found].run(context, name);
  return true;
}

/** Does what a command's key does. False: it means nothing here. */
export function runCommand(context: CommandContext, id: CommandId): boolean {
  const command = commands[id];
  if (!means(command, context, "")) return false;
  command.run(context, "");
  return true;
}

function means(command: Command, context: CommandContext, key: string): boolean {
  const edits = EDITING.has(command.group) && command.harmless !== true;
  if (edits && !mayEdit(context.state)) return false;
  return command.when?.(context, key) ?? true;
}

const EDITING: ReadonlySet<Group> = new Set<Group>(["Prompts", "Proposals", "Objects", "Shapes", "Tracks"]);

// One command and its keys: press a new one, see whose it is already, take it from there or leave it.

import type { Signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { changeKeys } from "../../../state/keymap/effects";
import { assignKey, keysFor, MOST_KEYS, ownersOf, whyTaken, withKeys } from "../../../state/keymap/keymap";
import { keyChanges } from "../../../state/keymap/store";
import { type CommandId, commands, keyName, keyOf } from "../../../tools/commands";
import { Button, IconButton } from "../../../ui/Button";
import { Kbd, singleKeys } from "../../../ui/Kbd";

/** The key that is being replaced, or null for one more; and what was pressed that cannot simply be taken. */
export interface Editing {
  readonly id: CommandId;
  readonly before: string | null;
  readonly pressed: { readonly key: string; readonly why: string; readonly owners: number } | null;
}

interface KeyRowProps {
  id: CommandId;
  editing: Signal<Editing | null>;
}

export function KeyRow({ id, editing }: KeyRowProps) {
  const command = commands[id];
  const changes = keyChanges.value;
  const keys = keysFor(commands, id, changes);
  const mine = editing.value?.id === id ? editing.value : null;
  const edit = (before: string | null) => {
    editing.value = { id, before, pressed: null };
  };
  if (command.fixed === true) {
    return (
      <div class="key-row">
        <dt>{command.title}</dt>
        <dd title="These keys cannot be changed">
          {keys.length > 3 ? (
            <>
              <Kbd keys={keys[0] ?? ""} /> to <Kbd keys={keys.at(-1) ?? ""} />
            </>
          ) : (
            keys.map((key) => <Kbd key={key} keys={key} />)
          )}
          <span class="key-more" />
        </dd>
      </div>
    );
  }
  return (
    <div class={mine === null ? "key-row" : "key-row editing"}>
      <dt>{command.title}</dt>
      <dd>
        {keys.map((key) => (
          <button
            key={key}
            type="button"
            class="key-button"
            aria-label={`${singleKeys(key).join(" ")}: change this key of “${command.title}”`}
            aria-pressed={mine?.before === key}
            onClick={() => edit(key)}
          >
            <Kbd keys={key} />
          </button>
        ))}
        {keys.length === 0 && <span class="muted">no key</span>}
        <span class="key-more">
          {keys.length < MOST_KEYS && (
            <IconButton
              icon="plus"
              data-adds
              label={`Add a key to “${command.title}”`}
              onClick={() => edit(null)}
            />
          )}
          {changes[id] !== undefined && (
            <IconButton
              icon="undo"
              label={`Reset to ${command.keys.join(" or ") || "no key"}`}
              onClick={() => {
                editing.value = null;
                changeKeys(withUsual(id));
              }}
            />
          )}
        </span>
      </dd>
      {mine !== null && <Press editing={editing} present={mine} />}
    </div>
  );
}

/** The usual keys again, taken back from whoever has them now. */
function withUsual(id: CommandId) {
  const without = withKeys(commands, id, commands[id].keys, keyChanges.value);
  return commands[id].keys.reduce((all, key) => assignKey(commands, id, key, key, all), without);
}

function Press({ editing, present }: { editing: Signal<Editing | null>; present: Editing }) {
  const { id, before, pressed } = present;
  const done = () => {
    editing.value = null;
  };
  useLayoutEffect(() => {
    const take = (event: KeyboardEvent) => {
      if (event.target instanceof Element && event.target.closest(".key-answer") !== null) return;
      const key = keyName(keyOf(event));
      event.preventDefault();
      event.stopPropagation();
      if (key === null) return;
      if (key === "Esc") done();
      else editing.value = { id, before, pressed: pressedKey(id, before, key) };
      if (editing.peek()?.pressed === null) {
        changeKeys(assignKey(commands, id, key, before, keyChanges.peek()));
        done();
      }
    };
    window.addEventListener("keydown", take, { capture: true });
    return () => window.removeEventListener("keydown", take, { capture: true });
  }, [id, before]);
  return (
    <div class="key-press" role="status">
      <span>
        {pressed === null ? `Press the new key of “${commands[id].title}”. Esc leaves it.` : pressed.why}
      </span>
      <span class="key-answer">
        {pressed !== null && pressed.owners > 0 && (
          <Button
            tone="primary"
            onClick={() => {
              changeKeys(assignKey(commands, id, pressed.key, before, keyChanges.peek()));
              done();
            }}
          >
            Use it here instead
          </Button>
        )}
        {before !== null && (
          <Button
            onClick={() => {
              const left = keysFor(commands, id, keyChanges.peek()).filter((key) => key !== before);
              changeKeys(withKeys(commands, id, left, keyChanges.peek()));
              done();
            }}
          >
            Remove {before}
          </Button>
        )}
        <Button tone="quiet" onClick={done}>
          Leave it
        </Button>
      </span>
    </div>
  );
}

/** Null: the key can be given at once. */
function pressedKey(id: CommandId, before: string | null, key: string): Editing["pressed"] {
  const changes = keyChanges.peek();
  const taken = whyTaken(commands, key);
  if (taken !== null) return { key, why: taken, owners: 0 };
  const owners = ownersOf(commands, id, key, changes);
  if (owners.length > 0) {
    const names = owners.map((owner) => `“${commands[owner].title}”`).join(" and ");
    return {
      key,
      why: `${key} is the key of ${names}. Press another, or take it from there.`,
      owners: owners.length,
    };
  }
  if (before !== key && keysFor(commands, id, changes).includes(key)) {
    return { key, why: `${key} is a key of this command already. Press another.`, owners: 0 };
  }
  return null;
}

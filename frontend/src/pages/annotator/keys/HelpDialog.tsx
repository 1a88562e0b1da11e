// Every key, from the table that runs them; a click on one gives the command another.

import { useSignal } from "@preact/signals";
import { mayEdit } from "../../../state/annotator/view";
import { changeKeys } from "../../../state/keymap/effects";
import { keysFor } from "../../../state/keymap/keymap";
import { keyChanges, unsavedKeys } from "../../../state/keymap/store";
import { tourAsked } from "../../../state/session/tour";
import { type CommandId, commandIds, commands } from "../../../tools/commands";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Field } from "../../../ui/Field";
import { Kbd } from "../../../ui/Kbd";
import { useView } from "../workspace";
import { type Editing, KeyRow } from "./KeyRow";
import "./keys.css";

const POINTER: readonly (readonly [keys: string, title: string])[] = [
  ["Wheel", "Zoom to the pointer"],
  ["Space drag", "Move the image; the middle button does the same"],
  ["Shift click", "Select: mark one object more; click: a new object; outlines: add"],
  ["Alt click", "With click: this does not belong; with brush: erase; with outlines: cut out"],
  ["Alt wheel", "With brush: its size"],
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const search = useSignal("");
  const editing = useSignal<Editing | null>(null);
  const words = search.value.trim().toLowerCase();
  const found = commandIds.filter((id) => isMeant(id, words));
  const groups = [...new Set(found.map((id) => commands[id].group))];
  const pointer = POINTER.filter((row) => words === "" || row.join(" ").toLowerCase().includes(words));
  const changed = Object.keys(keyChanges.value).length > 0;
  return (
    <Dialog
      title="Keys"
      wide
      onClose={onClose}
      footer={
        <>
          {unsavedKeys.value !== null && (
            <span class="keys-note" role="status">
              {unsavedKeys.value}
            </span>
          )}
          <Button
            disabled={!changed}
            onClick={() => {
              editing.value = null;
              changeKeys({});
            }}
          >
            Reset all
          </Button>
          <TourButton onClose={onClose} />
          <Button tone="primary" onClick={onClose}>
            Close
          </Button>
        </>
      }
    >
      <div class="keys-search">
        <Field
          label="Search for a command or a key"
          hideLabel
          placeholder="Search for a command or a key"
          autocomplete="off"
          autofocus
          value={search.value}
          onValue={(text) => {
            search.value = text;
          }}
        />
        <span class="muted">A click on a key changes it.</span>
      </div>
      <div class="help">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {found
                .filter((id) => commands[id].group === group)
                .map((id) => (
                  <KeyRow key={id} id={id} editing={editing} />
                ))}
            </dl>
          </section>
        ))}
        {pointer.length > 0 && (
          <section>
            <h3>Mouse</h3>
            <dl>
              {pointer.map(([keys, title]) => (
                <div key={title} class="key-row">
                  <dt>{title}</dt>
                  <dd>
                    {keys.split(" ").map((one) => (
                      <Kbd key={one} keys={one} />
                    ))}
                    <span class="key-more" />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )}
        {groups.length === 0 && pointer.length === 0 && (
          <p class="muted">No command has such a name or key.</p>
        )}
      </div>
    </Dialog>
  );
}

/** By its title, its group, or the whole of one of its keys. */
function isMeant(id: CommandId, words: string): boolean {
  if (words === "") return true;
  const { title, group } = commands[id];
  const keys = keysFor(commands, id, keyChanges.value).map((key) => key.toLowerCase());
  return `${title} ${group}`.toLowerCase().includes(words) || keys.includes(words);
}

function TourButton({ onClose }: { onClose: () => void }) {
  const editable = useView(mayEdit);
  const begin = () => {
    onClose();
    tourAsked.value = true;
  };
  return (
    <Button disabled={!editable} onClick={begin}>
      Take the tour
    </Button>
  );
}

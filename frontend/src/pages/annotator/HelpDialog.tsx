// Every key, from the table that runs them.

import { type Command, commands } from "../../tools/commands";
import { Dialog } from "../../ui/Dialog";
import { Kbd } from "../../ui/Kbd";

const POINTER: readonly (readonly [string, string])[] = [
  ["Wheel", "Zoom to the pointer"],
  ["Space drag", "Move the image; the middle button does the same"],
  ["Shift click", "Select: mark one object more; click: a new object; outlines: add"],
  ["Alt click", "With click: this does not belong; with brush: erase; with outlines: cut out"],
  ["Alt wheel", "With brush: its size"],
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const groups = [...new Set(commands.map((command) => command.group))];
  return (
    <Dialog title="Keys" wide onClose={onClose}>
      <div class="help">
        {groups.map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {commands
                .filter((command) => command.group === group)
                .map((command) => (
                  <Row key={command.title} command={command} />
                ))}
            </dl>
          </section>
        ))}
        <section>
          <h3>Pointer</h3>
          <dl>
            {POINTER.map(([keys, title]) => (
              <div key={title}>
                <dt>{title}</dt>
                <dd>
                  <Keys keys={keys} />
                </dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}

function Row({ command }: { command: Command }) {
  return (
    <div>
      <dt>{command.title}</dt>
      <dd>
        <Keys keys={command.keys} />
      </dd>
    </div>
  );
}

function Keys({ keys }: { keys: string }) {
  return (
    <>
      {keys.split(" ").map((one) => (one === "…" ? <span key={one}>to</span> : <Kbd key={one} keys={one} />))}
    </>
  );
}

// Keys as they are printed on a keyboard.

import { Fragment } from "preact";
import "./controls.css";

export function Kbd({ keys }: { keys: string }) {
  return (
    <span class="keys">
      {singleKeys(keys).map((key, index) => (
        <Fragment key={key}>
          {index > 0 && " "}
          <kbd>{key}</kbd>
        </Fragment>
      ))}
    </span>
  );
}

/** Of "Ctrl+Z" each part is one key, and a plus without anything before it is the plus key. */
export const singleKeys = (keys: string): string[] => keys.split(/(?<=[^+])\+/);

// Keys as they are printed on a keyboard.

import "./controls.css";

/** `keys` like "Ctrl+Z"; each part is one key, and a plus without anything before it is the plus key. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span class="keys">
      {keys.split(/(?<=[^+])\+/).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  );
}

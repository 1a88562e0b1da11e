// Stands where something will be; unseen at first, because most answers come at once.

import type { ComponentChildren } from "preact";
import "./data.css";

export function Waiting({ children }: { children: ComponentChildren }) {
  return (
    <p class="waiting muted" role="status">
      <span class="spinner" />
      {children}
    </p>
  );
}

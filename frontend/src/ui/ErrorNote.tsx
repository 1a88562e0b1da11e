// A failure in place: what happened, and what can be done.

import type { ComponentChildren } from "preact";
import { Icon } from "./icons";
import "./data.css";

export function ErrorNote({ message, action }: { message: string; action?: ComponentChildren }) {
  return (
    <div class="error-note" role="alert">
      <Icon name="warning" />
      <span>{message}</span>
      {action}
    </div>
  );
}

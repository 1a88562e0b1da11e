// What somebody should know before going on.

import type { ComponentChildren } from "preact";
import { Icon } from "../../ui/icons";

export function Caution({ children }: { children: ComponentChildren }) {
  return (
    <p class="caution">
      <Icon name="warning" />
      <span>{children}</span>
    </p>
  );
}

// What stands where there is nothing yet: what belongs here and how to get it.

import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons";
import "./data.css";

export interface EmptyStateProps {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
}

export function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div class="empty-state">
      <span class="empty-state-icon">
        <Icon name={icon} size={24} />
      </span>
      <h2>{title}</h2>
      {children !== undefined && <p class="muted">{children}</p>}
      {action}
    </div>
  );
}

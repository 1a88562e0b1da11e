// A short state in a word or two.

import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons";
import "./data.css";

export type BadgeTone = "neutral" | "accent" | "success" | "warning" | "danger";

export interface BadgeProps {
  tone?: BadgeTone;
  icon?: IconName;
  title?: string;
  children: ComponentChildren;
}

export function Badge({ tone = "neutral", icon, title, children }: BadgeProps) {
  return (
    <span class={`badge ${tone}`} {...(title === undefined ? {} : { title })}>
      {icon !== undefined && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}

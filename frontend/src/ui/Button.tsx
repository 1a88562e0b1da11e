// Buttons and links that look like buttons.

import type { ComponentChildren, JSX, Ref } from "preact";
import { Icon, type IconName } from "./icons";
import { Tooltip } from "./Tooltip";
import "./controls.css";

export type ButtonTone = "default" | "primary" | "quiet" | "danger";

type ButtonAttributes = Omit<JSX.IntrinsicElements["button"], "class" | "className" | "ref" | "icon">;

export interface ButtonProps extends ButtonAttributes {
  tone?: ButtonTone;
  icon?: IconName;
  busy?: boolean;
  children?: ComponentChildren;
  buttonRef?: Ref<HTMLButtonElement>;
}

export function Button({ tone = "default", icon, busy = false, children, buttonRef, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      {...(buttonRef === undefined ? {} : { ref: buttonRef })}
      class={`button ${tone}`}
      aria-busy={busy}
      disabled={busy || rest.disabled}
    >
      {busy ? <span class="spinner" /> : icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

export interface LinkButtonProps {
  href: string;
  tone?: ButtonTone;
  icon?: IconName;
  download?: string;
  children: ComponentChildren;
}

export function LinkButton({ href, tone = "default", icon, download, children }: LinkButtonProps) {
  return (
    <a class={`button ${tone}`} href={href} {...(download === undefined ? {} : { download })}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </a>
  );
}

export interface IconButtonProps extends ButtonAttributes {
  icon: IconName;
  /** Read by screen readers and shown as the tooltip. */
  label: string;
  shortcut?: string;
  tone?: ButtonTone;
  pressed?: boolean;
  buttonRef?: Ref<HTMLButtonElement>;
}

export function IconButton({
  icon,
  label,
  shortcut,
  tone = "quiet",
  pressed,
  buttonRef,
  ...rest
}: IconButtonProps) {
  return (
    <Tooltip text={label} {...(shortcut === undefined ? {} : { shortcut })}>
      <button
        type="button"
        {...rest}
        {...(buttonRef === undefined ? {} : { ref: buttonRef })}
        class={`button icon-button ${tone}`}
        aria-label={label}
        {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
        {...(shortcut === undefined ? {} : { "aria-keyshortcuts": shortcut })}
      >
        <Icon name={icon} />
      </button>
    </Tooltip>
  );
}

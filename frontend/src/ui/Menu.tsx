// A button that opens a list of commands: arrow keys move, Escape closes, focus returns to the button.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Icon, type IconName } from "./icons";
import { Kbd } from "./Kbd";
import { placeBeside } from "./placement";
import "./overlays.css";

export interface MenuItem {
  label: string;
  icon?: IconName;
  onChoose?: () => void;
  /** The item is a link instead. */
  href?: string;
  shortcut?: string;
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
}

export type MenuEntry = MenuItem | "separator" | { heading: string };

export interface MenuProps {
  label: string;
  /** As a function: made anew each time that the menu opens. */
  entries: readonly MenuEntry[] | (() => readonly MenuEntry[]);
  align?: "start" | "end";
  buttonClass?: string;
  /** What the button shows. */
  children: ComponentChildren;
}

export function Menu({
  label,
  entries,
  align = "end",
  buttonClass = "button icon-button quiet",
  children,
}: MenuProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const open = useSignal(false);
  const place = (list: HTMLElement, opens: boolean) => {
    button.current?.setAttribute("aria-expanded", String(opens));
    if (opens && button.current !== null) {
      placeBeside(list, button.current.getBoundingClientRect(), align);
    }
  };
  const shown = typeof entries === "function" ? (open.value ? entries() : []) : entries;
  return (
    <>
      <button
        ref={button}
        type="button"
        class={buttonClass}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded="false"
        popovertarget={id}
      >
        {children}
      </button>
      <List
        id={id}
        label={label}
        entries={shown}
        onToggle={place}
        onBeforeToggle={(opens) => {
          open.value = opens; // so that the entries are there when the menu is placed
        }}
      />
    </>
  );
}

export interface ContextMenuProps {
  label: string;
  entries: readonly MenuEntry[];
  /** In the window's pixels. */
  at: { x: number; y: number };
  onClose: () => void;
}

/** A menu without a button, open as long as it is rendered. */
export function ContextMenu({ label, entries, at, onClose }: ContextMenuProps) {
  const id = useId();
  useEffect(() => document.getElementById(id)?.showPopover(), []);
  const place = (list: HTMLElement, opens: boolean) => {
    if (opens) placeBeside(list, { left: at.x, right: at.x, top: at.y, bottom: at.y }, "start");
    else onClose();
  };
  return <List id={id} label={label} entries={entries} onToggle={place} />;
}

interface ListProps {
  id: string;
  label: string;
  entries: readonly MenuEntry[];
  onToggle: (list: HTMLElement, opens: boolean) => void;
  onBeforeToggle?: (opens: boolean) => void;
}

function List({ id, label, entries, onToggle, onBeforeToggle }: ListProps) {
  const list = useRef<HTMLDivElement>(null);
  const items = () => [
    ...(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)') ?? []),
  ];
  const close = () => list.current?.hidePopover();
  const toggle = (event: ToggleEvent) => {
    const opens = event.newState === "open";
    if (list.current === null) return;
    onToggle(list.current, opens);
    if (opens) items()[0]?.focus();
  };
  const move = (event: KeyboardEvent) => {
    const all = items();
    const present = all.findIndex((item) => item.matches(":focus"));
    const next = nextIndex(event.key, present, all.length);
    if (event.key === "Tab") close();
    if (next === undefined) return;
    event.preventDefault();
    all[next]?.focus();
  };
  return (
    <div
      ref={list}
      id={id}
      class="menu"
      popover="auto"
      role="menu"
      aria-label={label}
      tabIndex={-1}
      autofocus // takes the keys as it opens: `toggle` is told a moment later
      onToggle={toggle}
      onBeforeToggle={(event) => onBeforeToggle?.(event.newState === "open")}
      onKeyDown={move}
    >
      {entries.map((entry, index) => (
        <Entry key={index} entry={entry} close={close} />
      ))}
    </div>
  );
}

function Entry({ entry, close }: { entry: MenuEntry; close: () => void }) {
  if (entry === "separator") return <hr class="menu-separator" />;
  if ("heading" in entry) return <div class="menu-heading">{entry.heading}</div>;
  const content = (
    <>
      {entry.icon === undefined ? <span class="icon" /> : <Icon name={entry.icon} />}
      <span>{entry.label}</span>
      {entry.shortcut !== undefined && <Kbd keys={entry.shortcut} />}
      {entry.checked === true && <Icon name="check" />}
    </>
  );
  const look = entry.danger === true ? "menu-item danger" : "menu-item";
  if (entry.href !== undefined) {
    return (
      <a class={look} role="menuitem" href={entry.href} onClick={close}>
        {content}
      </a>
    );
  }
  const choose = () => {
    close();
    entry.onChoose?.();
  };
  const radio = entry.checked !== undefined;
  return (
    <button
      type="button"
      class={look}
      role={radio ? "menuitemradio" : "menuitem"}
      {...(radio ? { "aria-checked": entry.checked === true } : {})}
      disabled={entry.disabled === true}
      onClick={choose}
    >
      {content}
    </button>
  );
}

/** Which item a key leads to; undefined when the key does not move. */
export function nextIndex(key: string, present: number, count: number): number | undefined {
  if (count === 0) return undefined;
  switch (key) {
    case "ArrowDown":
      return (present + 1) % count;
    case "ArrowUp":
      return (Math.max(present, 0) - 1 + count) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return undefined;
  }
}

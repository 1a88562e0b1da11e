// A button that opens a list of commands: arrow keys move, Escape closes, focus returns to the button.

import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { Icon, type IconName } from "./icons";
import { placeBeside } from "./placement";
import "./overlays.css";

export interface MenuItem {
  label: string;
  icon?: IconName;
  onChoose?: () => void;
  /** The item is a link instead. */
  href?: string;
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
}

export type MenuEntry = MenuItem | "separator" | { heading: string };

export interface MenuProps {
  label: string;
  entries: readonly MenuEntry[];
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
  const list = useRef<HTMLDivElement>(null);

  const items = () => [
    ...(list.current?.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)') ?? []),
  ];
  const close = () => list.current?.hidePopover();
  const place = (event: ToggleEvent) => {
    const opens = event.newState === "open";
    button.current?.setAttribute("aria-expanded", String(opens));
    if (!opens || list.current === null || button.current === null) return;
    placeBeside(list.current, button.current.getBoundingClientRect(), align);
    items()[0]?.focus();
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
      <div
        ref={list}
        id={id}
        class="menu"
        popover="auto"
        role="menu"
        aria-label={label}
        tabIndex={-1}
        onToggle={place}
        onKeyDown={move}
      >
        {entries.map((entry, index) => (
          <Entry key={index} entry={entry} close={close} />
        ))}
      </div>
    </>
  );
}

function Entry({ entry, close }: { entry: MenuEntry; close: () => void }) {
  if (entry === "separator") return <hr class="menu-separator" />;
  if ("heading" in entry) return <div class="menu-heading">{entry.heading}</div>;
  const content = (
    <>
      {entry.icon === undefined ? <span class="icon" /> : <Icon name={entry.icon} />}
      <span>{entry.label}</span>
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

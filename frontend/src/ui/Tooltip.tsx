// A short name that appears beside a control on hover or keyboard focus. In the top layer, so nothing clips it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Kbd } from "./Kbd";
import { placeBeside } from "./placement";
import "./overlays.css";

const DELAY_MS = 450;

export interface TooltipProps {
  text: string;
  shortcut?: string;
  children: ComponentChildren;
}

export function Tooltip({ text, shortcut, children }: TooltipProps) {
  const anchor = useRef<HTMLSpanElement>(null);
  const bubble = useRef<HTMLSpanElement>(null);
  const timer = useRef<number>(undefined);

  const show = () => {
    const target = anchor.current?.firstElementChild;
    if (!target || bubble.current === null) return;
    bubble.current.showPopover();
    const inColumn = target.closest('[aria-orientation="vertical"]') !== null;
    placeBeside(bubble.current, target.getBoundingClientRect(), inColumn ? "beside" : "centre");
  };
  const hide = () => {
    window.clearTimeout(timer.current);
    if (bubble.current?.matches(":popover-open")) bubble.current.hidePopover();
  };
  const showLater = () => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(show, DELAY_MS);
  };
  const showOnKeyboardFocus = (event: FocusEvent) => {
    if (event.target instanceof Element && event.target.matches(":focus-visible")) showLater();
  };
  useEffect(() => () => window.clearTimeout(timer.current), []);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only watches the control inside it
    <span
      ref={anchor}
      class="tooltip-anchor"
      onPointerEnter={showLater}
      onPointerLeave={hide}
      onPointerDown={hide}
      onFocusIn={showOnKeyboardFocus}
      onFocusOut={hide}
      onKeyDown={hide}
    >
      {children}
      <span ref={bubble} class="tooltip" popover="manual" role="tooltip">
        {text}
        {shortcut !== undefined && <Kbd keys={shortcut} />}
      </span>
    </span>
  );
}

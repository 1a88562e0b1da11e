// A modal dialog: the browser's own, so focus stays inside, Escape closes and focus returns.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { IconButton } from "./Button";
import "./overlays.css";

export interface DialogProps {
  title: string;
  onClose: () => void;
  /** What Enter does; with it the body is a form. */
  onSubmit?: () => void;
  footer?: ComponentChildren;
  wide?: boolean;
  children: ComponentChildren;
}

/** Open as long as it is rendered. */
export function Dialog({ title, onClose, onSubmit, footer, wide = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const titleId = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    if (element !== null) focusFirst(element);
    return () => element?.close();
  }, []);
  useEffect(() => {
    if (body.current !== null) letKeysScroll(body.current);
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit?.();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard closes with Escape
    <dialog
      ref={dialog}
      class={wide ? "dialog wide" : "dialog"}
      tabIndex={-1}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <form class="dialog-box" noValidate onSubmit={submit}>
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <IconButton icon="close" label="Close" onClick={onClose} />
        </header>
        <div ref={body} class="dialog-body">
          {children}
        </div>
        {footer !== undefined && <footer class="dialog-foot">{footer}</footer>}
      </form>
    </dialog>
  );
}

/** What is longer than the window and has no control to lead further down takes the focus itself. */
function letKeysScroll(body: HTMLElement): void {
  const long = body.scrollHeight > body.clientHeight;
  if (long && body.querySelector("a, input, select, textarea, button, [tabindex]") === null)
    body.tabIndex = 0;
  else body.removeAttribute("tabindex");
}

/** The field that asks for it, else the first control of the body, else the dialog: not the button that closes it. */
function focusFirst(dialog: HTMLElement): void {
  if (dialog.querySelector("[autofocus]") !== null) return; // the browser has seen to it
  const first = dialog.querySelector<HTMLElement>(
    ".dialog-body :is(input, select, textarea, button):not(:disabled)",
  );
  (first ?? dialog).focus();
}

// Short notices at the bottom of the window. Errors stay until they are closed; others go by themselves.

import { signal } from "@preact/signals";
import { IconButton } from "./Button";
import { Icon, type IconName } from "./icons";
import "./overlays.css";

export type Tone = "info" | "success" | "warning" | "danger";

export interface ToastAction {
  label: string;
  onChoose: () => void;
}

export interface Toast {
  id: number;
  tone: Tone;
  message: string;
  action: ToastAction | undefined;
}

const SHOWN_MS = 6000;
const MOST = 4;
let nextId = 1;

export const toasts = signal<readonly Toast[]>([]);

export function showToast(tone: Tone, message: string, action?: ToastAction): void {
  const toast = { id: nextId++, tone, message, action };
  // A failure that repeats is shown once.
  const others = toasts.value.filter((shown) => shown.message !== message);
  toasts.value = [...others, toast].slice(-MOST);
  if (tone !== "danger") setTimeout(() => closeToast(toast.id), SHOWN_MS);
}

export function closeToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

const icons: Record<Tone, IconName> = {
  info: "info",
  success: "check",
  warning: "warning",
  danger: "warning",
};

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, tone, message, action }) => (
        <div key={id} class={`toast ${tone}`}>
          <Icon name={icons[tone]} />
          <span class="toast-message">{message}</span>
          {action !== undefined && (
            <button
              type="button"
              class="button quiet"
              onClick={() => {
                closeToast(id);
                action.onChoose();
              }}
            >
              {action.label}
            </button>
          )}
          <IconButton icon="close" label="Dismiss" onClick={() => closeToast(id)} />
        </div>
      ))}
    </div>
  );
}

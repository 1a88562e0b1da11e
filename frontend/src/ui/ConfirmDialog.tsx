// Asks before something that cannot be taken back by a click. With `typed`, the name must be typed first.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useAction } from "./action";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { ErrorNote } from "./ErrorNote";
import { Field } from "./Field";

export interface ConfirmDialogProps {
  title: string;
  confirm: string;
  typed?: string;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
  children: ComponentChildren;
}

export function ConfirmDialog({ title, confirm, typed, onConfirm, onClose, children }: ConfirmDialogProps) {
  const text = useSignal("");
  const { busy, error, run } = useAction();
  const allowed = typed === undefined || text.value.trim() === typed;
  const submit = async () => {
    if (allowed && (await run(onConfirm))) onClose();
  };
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="danger" busy={busy.value} disabled={!allowed}>
            {confirm}
          </Button>
        </>
      }
    >
      <div>{children}</div>
      {typed !== undefined && (
        <Field
          label={`Type “${typed}” to confirm`}
          value={text.value}
          autocomplete="off"
          autofocus
          onValue={(value) => {
            text.value = value;
          }}
        />
      )}
      {error.value !== null && <ErrorNote message={error.value.message} />}
    </Dialog>
  );
}

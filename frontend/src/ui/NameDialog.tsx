// Asks for a name: renaming, or naming something new.

import { useSignal } from "@preact/signals";
import { fieldError, formError, useAction } from "./action";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { ErrorNote } from "./ErrorNote";
import { Field } from "./Field";

export interface NameDialogProps {
  title: string;
  label: string;
  confirm: string;
  name: string;
  onName: (name: string) => Promise<unknown>;
  onClose: () => void;
}

export function NameDialog({ title, label, confirm, name, onName, onClose }: NameDialogProps) {
  const text = useSignal(name);
  const { busy, error, run } = useAction();
  const trimmed = text.value.trim();
  const submit = async () => {
    if (trimmed !== "" && (await run(() => onName(trimmed)))) onClose();
  };
  const failure = formError(error.value, ["name"]);
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy.value} disabled={trimmed === ""}>
            {confirm}
          </Button>
        </>
      }
    >
      <Field
        label={label}
        value={text.value}
        maxLength={200}
        autofocus
        autocomplete="off"
        error={fieldError(error.value, "name")}
        onValue={(value) => {
          text.value = value;
        }}
      />
      {failure !== undefined && <ErrorNote message={failure} />}
    </Dialog>
  );
}

// Makes a model or version what chosen series are segmented with unless somebody chooses otherwise.

import { useSignal } from "@preact/signals";
import type { ModelChoice } from "../../../protocol/models";
import { counted } from "../../../state/format";
import { setDefaults } from "../../../state/models/effects";
import { catalogue, choiceTitle, sameChoice } from "../../../state/models/store";
import { series } from "../../../state/projects/store";
import { readyValue } from "../../../state/remote";
import { useAction } from "../../../ui/action";
import { Button } from "../../../ui/Button";
import { Checkbox } from "../../../ui/Checkbox";
import { Dialog } from "../../../ui/Dialog";
import { ErrorNote } from "../../../ui/ErrorNote";
import { showToast } from "../../../ui/Toast";

export interface DefaultDialogProps {
  title: string;
  choice: ModelChoice;
  onClose: () => void;
}

export function DefaultDialog({ title, choice, onClose }: DefaultDialogProps) {
  const all = readyValue(series.value) ?? [];
  const models = readyValue(catalogue.value);
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const { busy, error, run } = useAction();
  const open = all.filter((one) => one.model === undefined || !sameChoice(one.model, choice));
  const submit = async () => {
    if (!(await run(() => setDefaults([...chosen.value], choice)))) return;
    showToast(
      "success",
      `${title} is now what ${counted(chosen.value.size, "series", "series")} start with.`,
    );
    onClose();
  };
  return (
    <Dialog
      title={`Use ${title} for series`}
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy.value} disabled={chosen.value.size === 0}>
            {chosen.value.size === 0 ? "Use" : `Use for ${counted(chosen.value.size, "series", "series")}`}
          </Button>
        </>
      }
    >
      <p class="muted">
        The annotator then starts with it, and “Segment” offers it first. Masks that are there stay as they
        are.
      </p>
      {all.length === 0 && <p>This project has no series yet.</p>}
      {open.length > 1 && (
        <Checkbox
          label="All series"
          checked={chosen.value.size === open.length}
          onValue={(checked) => {
            chosen.value = new Set(checked ? open.map((one) => one.id) : []);
          }}
        />
      )}
      <div class="choices">
        {all.map((one) => {
          const already = !open.includes(one);
          const present =
            one.model === undefined || models === undefined ? null : choiceTitle(models, one.model);
          return (
            <Checkbox
              key={one.id}
              label={one.name}
              hint={already ? "uses it already" : present === null ? undefined : `now: ${present}`}
              checked={already || chosen.value.has(one.id)}
              disabled={already}
              onValue={(checked) => {
                const next = new Set(chosen.value);
                if (checked) next.add(one.id);
                else next.delete(one.id);
                chosen.value = next;
              }}
            />
          );
        })}
      </div>
      {error.value !== null && <ErrorNote message={error.value.message} />}
    </Dialog>
  );
}

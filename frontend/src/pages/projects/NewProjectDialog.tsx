// Makes a project and opens it.

import { useSignal } from "@preact/signals";
import { createProject } from "../../state/projects/effects";
import { fieldError, formError, useAction } from "../../ui/action";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ErrorNote } from "../../ui/ErrorNote";
import { Field, TextArea } from "../../ui/Field";
import { navigate } from "../../ui/router";

export function NewProjectDialog({ onClose }: { onClose: () => void }) {
  const name = useSignal("");
  const description = useSignal("");
  const { busy, error, run } = useAction();
  const wanted = name.value.trim();
  const submit = async () => {
    if (wanted === "") return;
    await run(async () => {
      const project = await createProject(wanted, description.value.trim());
      navigate({ page: "project", project: project.id, tab: "series" });
    });
  };
  const failure = formError(error.value, ["name", "description"]);
  return (
    <Dialog
      title="New project"
      onClose={onClose}
      onSubmit={submit}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" busy={busy.value} disabled={wanted === ""}>
            Create project
          </Button>
        </>
      }
    >
      <Field
        label="Name"
        placeholder="Au on TiO₂, sintering at 800 °C"
        value={name.value}
        maxLength={200}
        autofocus
        autocomplete="off"
        error={fieldError(error.value, "name")}
        onValue={(value) => {
          name.value = value;
        }}
      />
      <TextArea
        label="Description"
        hint="Optional. What was imaged, how, and what is to be measured."
        value={description.value}
        error={fieldError(error.value, "description")}
        onValue={(value) => {
          description.value = value;
        }}
      />
      {failure !== undefined && <ErrorNote message={failure} />}
    </Dialog>
  );
}

// The project's name and description, its archive, and its end.

import { useSignal } from "@preact/signals";
import type { Project } from "../../protocol/rest";
import { counted } from "../../state/format";
import { archiveProject, deleteProject, updateProject } from "../../state/projects/effects";
import { mayAs, series } from "../../state/projects/store";
import { readyValue } from "../../state/remote";
import { fieldError, formError, useAction } from "../../ui/action";
import { Button } from "../../ui/Button";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorNote } from "../../ui/ErrorNote";
import { Field, TextArea } from "../../ui/Field";
import { navigate } from "../../ui/router";
import { showToast } from "../../ui/Toast";

export function SettingsTab({ project }: { project: Project }) {
  if (!mayAs(project.role, "manager")) {
    return (
      <EmptyState icon="lock" title="Settings are for managers">
        Your role here is {project.role}. A manager or an owner, listed under Members, can change it.
      </EmptyState>
    );
  }
  return (
    <div class="narrow">
      {project.archived_at === null ? (
        <>
          <About project={project} />
          <Archive project={project} />
        </>
      ) : (
        project.role === "owner" && <End project={project} />
      )}
    </div>
  );
}

function About({ project }: { project: Project }) {
  const name = useSignal(project.name);
  const description = useSignal(project.description);
  const { busy, error, run } = useAction();
  const values = { name: name.value.trim(), description: description.value.trim() };
  const changed = values.name !== project.name || values.description !== project.description;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (changed && (await run(() => updateProject(project.id, values)))) showToast("success", "Saved.");
  };
  const failure = formError(error.value, ["name", "description"]);
  return (
    <form class="panel settings" noValidate onSubmit={submit}>
      <h2>About</h2>
      <Field
        label="Name"
        maxLength={200}
        autocomplete="off"
        value={name.value}
        error={fieldError(error.value, "name")}
        onValue={(value) => {
          name.value = value;
        }}
      />
      <TextArea
        label="Description"
        maxLength={10_000}
        value={description.value}
        error={fieldError(error.value, "description")}
        onValue={(value) => {
          description.value = value;
        }}
      />
      {failure !== undefined && <ErrorNote message={failure} />}
      <div>
        <Button type="submit" tone="primary" busy={busy.value} disabled={!changed || values.name === ""}>
          Save changes
        </Button>
      </div>
    </form>
  );
}

function Archive({ project }: { project: Project }) {
  const { busy, error, run } = useAction();
  const archive = async () => {
    if (await run(() => archiveProject(project.id)))
      showToast("success", `${project.name} is in the archive.`);
  };
  return (
    <section class="panel settings">
      <h2>Archive this project</h2>
      <p class="muted">
        It leaves the list of projects, and nothing in it changes any more. Members still see and export it,
        and a manager can restore it at any time.{" "}
        {project.role === "owner" && "From the archive it can be deleted."}
      </p>
      {error.value !== null && <ErrorNote message={error.value.message} />}
      <div>
        <Button icon="archive" busy={busy.value} onClick={archive}>
          Archive project
        </Button>
      </div>
    </section>
  );
}

function End({ project }: { project: Project }) {
  const asks = useSignal(false);
  const end = async () => {
    await deleteProject(project.id);
    navigate({ page: "projects" }, { replace: true });
    showToast("success", `${project.name} was deleted.`);
  };
  const count = readyValue(series.value)?.length ?? 0;
  return (
    <section class="panel settings danger">
      <h2>Delete this project</h2>
      <p class="muted">
        Its series, annotations, versions and exports go with it, for everyone. Nobody can bring them back.
      </p>
      <div>
        <Button
          tone="danger"
          icon="trash"
          onClick={() => {
            asks.value = true;
          }}
        >
          Delete project…
        </Button>
      </div>
      {asks.value && (
        <ConfirmDialog
          title="Delete project"
          confirm="Delete project"
          typed={project.name}
          onConfirm={end}
          onClose={() => {
            asks.value = false;
          }}
        >
          <p>
            {counted(count, "series", "series")} with every annotation and version go for good, for every
            member.
          </p>
        </ConfirmDialog>
      )}
    </section>
  );
}

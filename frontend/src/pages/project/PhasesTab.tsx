// The project's label classes: colour, key, name, description. Each change is saved when its field is left.

import { useSignal } from "@preact/signals";
import type { Phase, PhaseValues, Project } from "../../protocol/rest";
import type { Vision } from "../../state/projects/colour_vision";
import { createPhase, deletePhase, movePhase, updatePhase } from "../../state/projects/effects";
import { alike, freeKey, nextColour } from "../../state/projects/phases";
import { mayChange } from "../../state/projects/store";
import { fieldError, formError, useAction } from "../../ui/action";
import { Button, IconButton } from "../../ui/Button";
import { ConfirmDialog } from "../../ui/ConfirmDialog";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorNote } from "../../ui/ErrorNote";
import { Field, Select } from "../../ui/Field";
import { Kbd } from "../../ui/Kbd";

/** Keys of other phases are shown with their names, and cannot be taken. */
const keyChoices = (others: readonly Phase[]) => [
  { value: "", label: "none" },
  ..."123456789".split("").map((key) => {
    const owner = others.find((phase) => phase.key === key);
    return {
      value: key,
      label: owner === undefined ? key : `${key} ${owner.name}`,
      disabled: owner !== undefined,
    };
  }),
];

export function PhasesTab({ project }: { project: Project }) {
  const editable = mayChange(project, "manager");
  return (
    <div class="narrow">
      <div class="page-head">
        <div>
          <h2>Phases</h2>
          <p class="muted">
            The classes that objects belong to. In the annotator, a phase's key gives it to the selected
            object.
          </p>
        </div>
      </div>
      {project.phases.length === 0 && !editable && (
        <EmptyState icon="tag" title="No phases yet">
          A manager of the project can add them.
        </EmptyState>
      )}
      <ColourNotes project={project} editable={editable} />
      <div class="panel phases">
        {editable && <Heads />}
        {project.phases.map((phase, index) =>
          editable ? (
            <PhaseRow
              key={phase.id}
              project={project}
              phase={phase}
              first={index === 0}
              last={index === project.phases.length - 1}
            />
          ) : (
            <PhaseText key={phase.id} phase={phase} />
          ),
        )}
        {editable && <NewPhase project={project} />}
      </div>
    </div>
  );
}

const CONFUSED: Record<Vision, string> = {
  usual: "are hard to tell apart",
  protanopia: "look alike to people with red–green colour blindness, about one man in twelve",
  deuteranopia: "look alike to people with red–green colour blindness, about one man in twelve",
  tritanopia: "look alike to people with blue–yellow colour blindness",
};
const MOST_NOTES = 3;

/** Which phases somebody takes for one another, and a way out. */
function ColourNotes({ project, editable }: { project: Project; editable: boolean }) {
  const { busy, error, run } = useAction();
  const pairs = alike(project.phases);
  if (pairs.length === 0) return null;
  const change = ({ id }: Phase) => {
    const others = project.phases.filter((phase) => phase.id !== id);
    return run(() => updatePhase(project.id, id, { colour: nextColour(others) }));
  };
  return (
    <ul class="colour-notes" aria-label="Colours that are hard to tell apart">
      {pairs.slice(0, MOST_NOTES).map(({ first, second, vision }) => (
        <li key={`${first.id}/${second.id}`} class="colour-note">
          <span class="swatch" style={{ background: first.colour }} />
          <span class="swatch" style={{ background: second.colour }} />
          <span>
            <strong>{first.name}</strong> and <strong>{second.name}</strong> {CONFUSED[vision]}.
          </span>
          {editable && (
            <Button busy={busy.value} onClick={() => change(second)}>
              Another colour for {second.name}
            </Button>
          )}
        </li>
      ))}
      {pairs.length > MOST_NOTES && <li class="muted">and {pairs.length - MOST_NOTES} more pairs</li>}
      {error.value !== null && <ErrorNote message={error.value.message} />}
    </ul>
  );
}

/** For the eyes only: every field has its own label. */
function Heads() {
  return (
    <div class="phase-heads" aria-hidden="true">
      {["Colour", "Key", "Name", "Description"].map((title) => (
        <span key={title}>{title}</span>
      ))}
    </div>
  );
}

function PhaseText({ phase }: { phase: Phase }) {
  return (
    <div class="phase-text">
      <span class="swatch" style={{ background: phase.colour }} />
      <strong>{phase.name}</strong>
      {phase.key !== "" && <Kbd keys={phase.key} />}
      <span class="muted">{phase.description}</span>
    </div>
  );
}

interface PhaseRowProps {
  project: Project;
  phase: Phase;
  first: boolean;
  last: boolean;
}

function PhaseRow({ project, phase, first, last }: PhaseRowProps) {
  const draft = useSignal<PhaseValues>({});
  const deletes = useSignal(false);
  const { error, run } = useAction();
  const shown = { ...phase, ...draft.value };
  const edit = (values: PhaseValues) => {
    error.value = null;
    draft.value = { ...draft.value, ...values };
  };
  const save = async (values: PhaseValues = draft.value) => {
    const changed = Object.entries(values).some(([name, value]) => phase[name as keyof Phase] !== value);
    if (changed && (await run(() => updatePhase(project.id, phase.id, values)))) draft.value = {};
  };
  const failure = formError(error.value, ["name", "key"]);
  return (
    <div class="phase-row">
      <PhaseFields
        label={phase.name}
        values={shown}
        others={project.phases.filter((one) => one.id !== phase.id)}
        error={error.value}
        onEdit={edit}
        onSave={save}
      />
      <span class="phase-actions">
        <IconButton
          icon="chevron-up"
          label={`Move ${phase.name} up`}
          disabled={first}
          onClick={() => run(() => movePhase(project.id, phase.id, -1))}
        />
        <IconButton
          icon="chevron-down"
          label={`Move ${phase.name} down`}
          disabled={last}
          onClick={() => run(() => movePhase(project.id, phase.id, 1))}
        />
        <IconButton
          icon="trash"
          label={`Delete ${phase.name}`}
          onClick={() => {
            deletes.value = true;
          }}
        />
      </span>
      {failure !== undefined && <ErrorNote message={failure} />}
      {deletes.value && (
        <ConfirmDialog
          title={`Delete ${phase.name}`}
          confirm="Delete phase"
          onConfirm={() => deletePhase(project.id, phase.id)}
          onClose={() => {
            deletes.value = false;
          }}
        >
          <p>A phase can be deleted as long as no object has ever belonged to it.</p>
        </ConfirmDialog>
      )}
    </div>
  );
}

interface PhaseFieldsProps {
  label: string;
  values: Required<Pick<PhaseValues, "name" | "colour" | "key" | "description">>;
  others: readonly Phase[];
  error: Parameters<typeof fieldError>[0];
  onEdit: (values: PhaseValues) => void;
  /** Called when a field is left, or at once with the value of a choice. */
  onSave: (values?: PhaseValues) => void;
}

function PhaseFields({ label, values, others, error, onEdit, onSave }: PhaseFieldsProps) {
  const saveOnEnter = (event: KeyboardEvent) => {
    if (event.key === "Enter") onSave();
  };
  const text = {
    hideLabel: true,
    onBlur: () => onSave(),
    onKeyDown: saveOnEnter,
    autocomplete: "off",
  } as const;
  return (
    <>
      <Field
        label={`Colour of ${label}`}
        hideLabel
        type="color"
        value={values.colour}
        error={fieldError(error, "colour")}
        onBlur={() => onSave()}
        onValue={(colour) => onEdit({ colour })}
      />
      <Select
        label={`Key of ${label}`}
        hideLabel
        value={values.key}
        choices={keyChoices(others)}
        error={fieldError(error, "key")}
        onValue={(key) => {
          onEdit({ key });
          onSave({ key });
        }}
      />
      <Field
        {...text}
        label={`Name of ${label}`}
        placeholder="Name"
        maxLength={100}
        value={values.name}
        error={fieldError(error, "name")}
        onValue={(name) => onEdit({ name })}
      />
      <Field
        {...text}
        label={`Description of ${label}`}
        placeholder="What belongs to it, what does not"
        maxLength={2000}
        value={values.description}
        error={fieldError(error, "description")}
        onValue={(description) => onEdit({ description })}
      />
    </>
  );
}

function NewPhase({ project }: { project: Project }) {
  const draft = useSignal<PhaseValues>({});
  const { busy, error, run } = useAction();
  const values = {
    name: "",
    description: "",
    colour: nextColour(project.phases),
    key: freeKey(project.phases),
    ...draft.value,
  };
  const wanted = values.name.trim();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (wanted === "") return;
    if (await run(() => createPhase(project.id, { ...values, name: wanted }))) draft.value = {};
  };
  const failure = formError(error.value, ["name", "key", "colour"]);
  return (
    <form class="phase-row new" noValidate onSubmit={submit}>
      <PhaseFields
        label="the new phase"
        values={values}
        others={project.phases}
        error={error.value}
        onEdit={(change) => {
          error.value = null;
          draft.value = { ...draft.value, ...change };
        }}
        onSave={() => {}}
      />
      <span class="phase-actions">
        <Button type="submit" tone="primary" icon="plus" busy={busy.value} disabled={wanted === ""}>
          Add phase
        </Button>
      </span>
      {failure !== undefined && <ErrorNote message={failure} />}
    </form>
  );
}

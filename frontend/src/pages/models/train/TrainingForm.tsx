// What to train, on which frames, for how long.

import { useComputed, useSignal } from "@preact/signals";
import type { Catalogue, ProjectModel } from "../../../protocol/models";
import type { Project, Series } from "../../../protocol/rest";
import { startTraining } from "../../../state/models/effects";
import { trainable } from "../../../state/models/store";
import {
  emptyPlan,
  type TrainingPlan,
  trainingRequest,
  USUAL,
  usualStart,
} from "../../../state/models/training";
import { fieldError, formError, useAction } from "../../../ui/action";
import { Button } from "../../../ui/Button";
import { Checkbox } from "../../../ui/Checkbox";
import { ErrorNote } from "../../../ui/ErrorNote";
import { Field, Select } from "../../../ui/Field";
import { NumberField } from "../../../ui/NumberField";
import { navigate } from "../../../ui/router";
import { usePreview } from "./preview";
import { SeriesChoice } from "./SeriesChoice";
import { SplitChoice } from "./SplitChoice";
import { SplitStrips } from "./SplitStrips";

export interface TrainingFormProps {
  project: Project;
  catalogue: Catalogue;
  series: readonly Series[];
  /** The model to start with. */
  first: string | undefined;
}

const SHOWN = ["name", "time_budget_s", "epochs", "seed"];

export function TrainingForm({ project, catalogue, series, first }: TrainingFormProps) {
  const models = trainable(catalogue);
  const begin = models.find((one) => one.name === first) ?? models[0];
  const plan = useSignal<TrainingPlan>(withModel(firstPlan(project, series), begin, project));
  const { busy, error, run } = useAction();
  const change = (values: Partial<TrainingPlan>) => {
    error.value = null;
    plan.value = { ...plan.value, ...values };
  };
  const model = models.find((one) => one.name === plan.value.model) ?? models[0];
  const chooseModel = (name: string) => {
    error.value = null;
    plan.value = withModel(
      plan.value,
      models.find((one) => one.name === name),
      project,
    );
  };
  const request = useComputed(() => trainingRequest(plan.value));
  const preview = usePreview(project.id, request);
  const ready = plan.value.series.size > 0 && preview.value?.can_start === true;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!ready) return;
    await run(async () => {
      const job = await startTraining(project.id, request.value);
      navigate({ page: "models", project: project.id, place: { part: "train", job: job.id } });
    });
  };
  if (model === undefined) return <p class="muted">No model that can be trained is installed.</p>;
  const versions = catalogue.versions.filter(
    (one) => one.model === model.name && one.available && !one.archived && model.name !== "threshold",
  );
  const fits = model.name === "threshold";
  const starts = [
    ...(usualStart(model, plan.value.config) === null ? [] : [{ value: USUAL, label: "usual weights" }]),
    // What answers clicks cannot be begun anew here: only its automatic mode is trained.
    ...(fits || model.promptable ? [] : [{ value: "", label: "new weights" }]),
    ...versions.map((one) => ({ value: one.id, label: one.name })),
  ];
  const failure = formError(error.value, SHOWN);
  return (
    <form class="panel training-form" noValidate onSubmit={submit}>
      <section>
        <h2>Series</h2>
        <SeriesChoice all={series} plan={plan.value} onChange={change} />
      </section>
      {project.phases.length > 0 && (
        <section>
          <h2>Phases</h2>
          <p class="field-hint">
            {fits
              ? "A threshold finds the objects of one phase; without any, all objects."
              : "The model learns to tell the chosen phases apart. Without any, every object is of one phase."}
          </p>
          <div class="phase-choices">
            {project.phases.map((phase) => (
              <span key={phase.id} class="phase-choice">
                <span class="swatch" style={{ background: phase.colour }} />
                <Checkbox
                  label={phase.name}
                  checked={plan.value.phases.includes(phase.id)}
                  onValue={(checked) =>
                    change({
                      phases: project.phases
                        .map((one) => one.id)
                        .filter((id) => (id === phase.id ? checked : plan.value.phases.includes(id))),
                    })
                  }
                />
              </span>
            ))}
          </div>
        </section>
      )}
      <section>
        <h2>Split</h2>
        <SplitChoice plan={plan.value} onChange={change} />
        <SplitStrips preview={preview.value} series={series.filter((one) => plan.value.series.has(one.id))} />
      </section>
      <section>
        <h2>Model</h2>
        <div class="form-grid">
          <Select
            label="Model"
            value={model.name}
            choices={models.map(({ name, title }) => ({ value: name, label: title }))}
            onValue={chooseModel}
          />
          {model.configs.length > 0 && (
            <Select
              label="Configuration"
              hint={plan.value.config === "small" ? "Trains in minutes on a CPU." : "Meant for a GPU."}
              value={plan.value.config}
              choices={model.configs.map((name) => ({ value: name, label: name }))}
              onValue={(config) => change({ config, start: usualStart(model, config) })}
            />
          )}
          {starts.length > 0 && (
            <Select
              label="Start from"
              hint={plan.value.start === null ? "Needs many labels and a long time." : undefined}
              value={plan.value.start ?? ""}
              choices={starts}
              onValue={(id) => change({ start: id === "" ? null : id })}
            />
          )}
          <NumberField
            label="Time budget"
            unit="min"
            value={plan.value.minutes}
            minimum={0.02}
            maximum={20_160}
            hint={fits ? "Fitting usually takes seconds." : "It ends earlier when scores stop rising."}
            error={fieldError(error.value, "time_budget_s")}
            onValue={(minutes) => change({ minutes: minutes ?? emptyPlan.minutes })}
          />
          {!fits && (
            <NumberField
              label="Most epochs"
              value={plan.value.epochs}
              minimum={1}
              maximum={100_000}
              whole
              hint="Empty: as many as the time allows."
              error={fieldError(error.value, "epochs")}
              onValue={(epochs) => change({ epochs })}
            />
          )}
          <NumberField
            label="Seed"
            value={plan.value.seed}
            minimum={0}
            maximum={2_147_483_647}
            whole
            hint="The same seed repeats the same draw."
            error={fieldError(error.value, "seed")}
            onValue={(seed) => change({ seed: seed ?? 0 })}
          />
          <Field
            label="Name"
            hint="Of the version that it makes. Empty: a number."
            maxLength={200}
            autocomplete="off"
            value={plan.value.name}
            error={fieldError(error.value, "name")}
            onValue={(name) => change({ name })}
          />
        </div>
      </section>
      {failure !== undefined && <ErrorNote message={failure} />}
      <footer class="form-foot">
        <Button type="submit" tone="primary" icon="play" busy={busy.value} disabled={!ready}>
          {fits ? "Fit to the labels" : "Start training"}
        </Button>
        <span class="muted">
          {plan.value.series.size === 0
            ? "Choose at least one series."
            : "It runs beside your work; clicks stay quick."}
        </span>
      </footer>
    </form>
  );
}

/** Every annotated series; split by series where there are several, by blocks otherwise. */
function firstPlan(project: Project, series: readonly Series[]): TrainingPlan {
  const annotated = series.filter((one) => one.annotated_frames > 0);
  const frames = annotated.reduce((sum, one) => sum + one.annotated_frames, 0);
  return {
    ...emptyPlan,
    series: new Map(annotated.map((one) => [one.id, null])),
    phases: project.phases.map((phase) => phase.id),
    // Blocks of ten need some frames to be told apart.
    block: frames >= 40 ? 10 : Math.max(1, Math.floor(frames / 8)),
    gap: frames >= 12 ? 1 : 0,
  };
}

function withModel(plan: TrainingPlan, model: ProjectModel | undefined, { phases }: Project): TrainingPlan {
  if (model === undefined) return plan;
  const { name, configs } = model;
  const fits = name === "threshold";
  return {
    ...plan,
    model: name,
    config: configs[0] ?? "",
    start: usualStart(model, configs[0] ?? ""),
    minutes: fits ? 1 : 30,
    // A threshold cannot tell phases apart; a network shall learn all of them unless somebody says otherwise.
    ...(fits === (plan.model === "threshold") ? {} : { phases: fits ? [] : phases.map((one) => one.id) }),
  };
}

// Settings of `threshold` by hand: the masks on a frame follow the sliders; what is good becomes a version.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Catalogue } from "../../../protocol/models";
import type { Project, Series } from "../../../protocol/rest";
import type { Settings } from "../../../protocol/settings";
import { loadAnnotated, saveSettings } from "../../../state/models/effects";
import { annotated, annotatedKey } from "../../../state/models/store";
import { mayAs, series } from "../../../state/projects/store";
import { readyValue } from "../../../state/remote";
import { Button, LinkButton } from "../../../ui/Button";
import { EmptyState } from "../../../ui/EmptyState";
import { Select } from "../../../ui/Field";
import { NameDialog } from "../../../ui/NameDialog";
import { ParameterField } from "../../../ui/ParameterField";
import { type ModelsPlace, navigate, routePath } from "../../../ui/router";
import { showToast } from "../../../ui/Toast";
import { FrameSlider } from "../FrameSlider";
import { LiveFrame } from "./LiveFrame";

export type ThresholdPlace = Extract<ModelsPlace, { part: "threshold" }>;

export interface ThresholdPartProps {
  project: Project;
  catalogue: Catalogue;
  place: ThresholdPlace;
}

export function ThresholdPart({ project, catalogue, place }: ThresholdPartProps) {
  const all = readyValue(series.value);
  const model = catalogue.models.find((one) => one.name === "threshold");
  const shown =
    all?.find((one) => one.id === place.series) ?? all?.find((one) => one.annotated_frames > 0) ?? all?.[0];
  useEffect(() => {
    if (shown !== undefined) void loadAnnotated(shown.id, shown.version);
  }, [shown?.id, shown?.version]);
  if (all === undefined) return null;
  if (shown === undefined) {
    return (
      <EmptyState
        icon="film"
        title="No series to look at"
        action={
          <LinkButton
            tone="primary"
            href={routePath({ page: "project", project: project.id, tab: "series" })}
          >
            Import a series
          </LinkButton>
        }
      >
        The threshold needs no training: import a series, and move its sliders here.
      </EmptyState>
    );
  }
  if (model === undefined || !mayAs(project.role, "annotator")) {
    return (
      <EmptyState icon="lock" title={model === undefined ? "The threshold is not there" : "Annotators tune"}>
        {model === undefined
          ? "This server offers no model called threshold."
          : `Your role here is ${project.role}. Somebody with the role annotator can tune the threshold and save its settings.`}
      </EmptyState>
    );
  }
  return (
    <Tuner
      key={place.version ?? ""}
      project={project}
      catalogue={catalogue}
      place={place}
      all={all}
      shown={shown}
    />
  );
}

interface TunerProps extends ThresholdPartProps {
  all: readonly Series[];
  shown: Series;
}

function Tuner({ project, catalogue, place, all, shown }: TunerProps) {
  const parameters = catalogue.models.find((one) => one.name === "threshold")?.parameters ?? [];
  const versions = catalogue.versions.filter((one) => one.model === "threshold" && !one.archived);
  const start = settingsOf(versions.find((one) => one.id === place.version)?.parameters ?? parameters);
  const values = useSignal<Settings>(start);
  const naming = useSignal(false);
  const marked = readyValue(
    annotated.value.get(annotatedKey(shown.id, shown.version)) ?? { status: "loading" },
  );
  const frame = Math.min(place.frame ?? marked?.[0] ?? 0, shown.frames - 1);
  const go = (change: Partial<ThresholdPlace>) =>
    navigate(
      { page: "models", project: project.id, place: { ...place, ...change } },
      { replace: true, stay: true },
    );
  const changed = parameters.some(({ name }) => values.value[name] !== start[name]);
  const save = async (name: string) => {
    const made = await saveSettings(project.id, name, values.value);
    showToast("success", `${made.name} is a version of this project now.`);
    navigate({ page: "models", project: project.id, place: { part: "list", version: made.id } });
  };
  return (
    <div class="tuner">
      <section class="panel tuner-settings" aria-label="Settings">
        <Select
          label="Start from"
          value={place.version ?? ""}
          choices={[
            { value: "", label: "usual settings" },
            ...versions.map((one) => ({ value: one.id, label: one.name })),
          ]}
          onValue={(version) => go({ version: version === "" ? undefined : version })}
        />
        {parameters.map((parameter) => (
          <ParameterField
            key={parameter.name}
            parameter={parameter}
            value={values.value[parameter.name] ?? null}
            onValue={(value) => {
              values.value = { ...values.value, [parameter.name]: value };
            }}
          />
        ))}
        <div class="tuner-actions">
          <Button
            tone="primary"
            icon="plus"
            onClick={() => {
              naming.value = true;
            }}
          >
            Save these settings…
          </Button>
          <Button
            disabled={!changed}
            onClick={() => {
              values.value = start;
            }}
          >
            Reset
          </Button>
        </div>
        <p class="field-hint">
          Labelled frames know better than the eye:{" "}
          <a
            href={routePath({
              page: "models",
              project: project.id,
              place: { part: "train", job: undefined, model: "threshold" },
            })}
          >
            fit the settings to the labels
          </a>
          , which takes seconds.
        </p>
      </section>
      <section class="tuner-frame" aria-label="The frame">
        <div class="tuner-where">
          <Select
            label="Series"
            hideLabel
            value={shown.id}
            choices={all.map((one) => ({ value: one.id, label: one.name }))}
            onValue={(id) => go({ series: id, frame: undefined })}
          />
          <FrameSlider
            frames={shown.frames}
            frame={frame}
            marked={marked ?? []}
            onFrame={(next) => go({ series: shown.id, frame: next })}
          />
        </div>
        <LiveFrame key={shown.id} series={shown} frame={frame} parameters={values.value} />
      </section>
      {naming.value && (
        <NameDialog
          title="Save these settings"
          label="Name of the version"
          confirm="Save"
          name={`threshold for ${shown.name}`.slice(0, 200)}
          onName={save}
          onClose={() => {
            naming.value = false;
          }}
        />
      )}
    </div>
  );
}

const settingsOf = (parameters: readonly { name: string; default: Settings[string] }[]): Settings =>
  Object.fromEntries(parameters.map((one) => [one.name, one.default]));

// Which models to compare, on which annotated frames of which series.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Catalogue, ModelVersion } from "../../../protocol/models";
import type { Project, Series } from "../../../protocol/rest";
import { loadAnnotated, startComparison } from "../../../state/models/effects";
import { seenFrames } from "../../../state/models/lineage";
import { spread } from "../../../state/models/split";
import { annotated, annotatedKey, choiceKey, choiceOf, usable } from "../../../state/models/store";
import { readyValue } from "../../../state/remote";
import { useAction } from "../../../ui/action";
import { Button } from "../../../ui/Button";
import { Checkbox } from "../../../ui/Checkbox";
import { ErrorNote } from "../../../ui/ErrorNote";
import { Select } from "../../../ui/Field";
import { NumberField } from "../../../ui/NumberField";
import { navigate } from "../../../ui/router";
import { Caution } from "../Caution";
import { FrameChoice, MOST_FRAMES } from "./FrameChoice";

export interface CompareFormProps {
  project: Project;
  catalogue: Catalogue;
  /** Those with annotated frames. */
  series: readonly Series[];
}

const FIRST_FRAMES = 8;

export function CompareForm({ project, catalogue, series }: CompareFormProps) {
  const choices = usable(catalogue);
  const chosen = useSignal<ReadonlySet<string>>(new Set(firstModels(catalogue)));
  const on = useSignal(series[0]?.id ?? "");
  const version = useSignal<number | null>(null);
  const frames = useSignal<ReadonlySet<number> | null>(null);
  const controls = useSignal(true);
  const { busy, error, run } = useAction();
  const here = series.find((one) => one.id === on.value) ?? series[0];
  const at = version.value ?? here?.version ?? 0;
  const remote = annotated.value.get(annotatedKey(on.value, at));
  const labelled = remote === undefined ? undefined : readyValue(remote);
  useEffect(() => {
    void loadAnnotated(on.value, at);
  }, [on.value, at]);
  const same = series.filter((one) => one.pixels.store === here?.pixels.store).map(({ id }) => id);
  const versions = catalogue.versions.filter((one) =>
    chosen.value.has(choiceKey({ model: one.model, version: one.id })),
  );
  const { trainedOn, chosenBy } = seenFrames(versions, catalogue.versions, same);
  const fresh = (labelled ?? []).filter((frame) => !trainedOn.has(frame));
  const selected = frames.value ?? new Set(spread(fresh.length > 0 ? fresh : (labelled ?? []), FIRST_FRAMES));
  const picked = [...selected].filter((frame) => labelled?.includes(frame) === true).sort((a, b) => a - b);
  const learnt = new Set(picked.flatMap((frame) => trainedOn.get(frame) ?? []));
  const kept = new Set(picked.flatMap((frame) => chosenBy.get(frame) ?? []));
  const ready = chosen.value.size > 0 && picked.length > 0 && picked.length <= MOST_FRAMES;
  const toggle = (key: string, checked: boolean) => {
    const next = new Set(chosen.value);
    if (checked) next.add(key);
    else next.delete(key);
    chosen.value = next;
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!ready) return;
    await run(async () => {
      const job = await startComparison(project.id, {
        models: choices
          .map(({ choice }) => choiceKey(choice))
          .filter((key) => chosen.value.has(key))
          .map(choiceOf),
        series: on.value,
        ...(version.value === null ? {} : { version: version.value }),
        frames: picked,
        controls: controls.value,
      });
      navigate({
        page: "models",
        project: project.id,
        place: { part: "compare", job: job.id, frame: undefined },
      });
    });
  };
  return (
    <form class="panel training-form" noValidate onSubmit={submit}>
      <section>
        <h2>Models</h2>
        <div class="compare-models">
          {choices.map(({ choice, title, about }) => {
            const key = choiceKey(choice);
            return (
              <Checkbox
                key={key}
                label={title}
                {...(about === "" ? {} : { hint: about })}
                checked={chosen.value.has(key)}
                onValue={(checked) => toggle(key, checked)}
              />
            );
          })}
        </div>
        <Checkbox
          label="With controls"
          hint="An untrained network and a threshold show what the scores are worth."
          checked={controls.value}
          onValue={(checked) => {
            controls.value = checked;
          }}
        />
      </section>
      <section>
        <h2>Frames</h2>
        <div class="form-grid">
          <Select
            label="Series"
            value={on.value}
            choices={series.map((one) => ({ value: one.id, label: one.name }))}
            onValue={(id) => {
              on.value = id;
              version.value = null;
              frames.value = null;
            }}
          />
          <NumberField
            label="Version"
            placeholder={`present version (${here?.version ?? 0})`}
            value={version.value}
            minimum={1}
            maximum={Math.max(1, here?.version ?? 1)}
            whole
            onValue={(next) => {
              version.value = next;
              frames.value = null;
            }}
          />
        </div>
        {remote?.status === "failed" && <ErrorNote message={remote.error.message} />}
        {labelled !== undefined && (
          <FrameChoice
            labelled={labelled}
            chosen={new Set(picked)}
            seen={new Set(trainedOn.keys())}
            onChosen={(next) => {
              frames.value = next;
            }}
          />
        )}
        {learnt.size > 0 && (
          <Caution>
            {[...learnt].join(", ")} {learnt.size === 1 ? "has" : "have"} learnt from some of these frames
            (underlined), and scores there flatter. Leave them out to compare fairly.
          </Caution>
        )}
        {kept.size > 0 && (
          <p class="field-hint">
            Among the epochs of {[...kept].join(", ")} the one was kept that scored best on some of these
            frames. That flatters a little.
          </p>
        )}
      </section>
      {error.value !== null && <ErrorNote message={error.value.message} />}
      <footer class="form-foot">
        <Button type="submit" tone="primary" icon="play" busy={busy.value} disabled={!ready}>
          Compare
        </Button>
        <span class="muted">
          {chosen.value.size === 0
            ? "Choose at least one model."
            : picked.length === 0
              ? "Choose at least one frame."
              : `${chosen.value.size} ${chosen.value.size === 1 ? "model" : "models"} on ${picked.length} ${picked.length === 1 ? "frame" : "frames"}`}
        </span>
      </footer>
    </form>
  );
}

/** The newest version of each model; where there are none, everything that does not need hours on a CPU. */
function firstModels(catalogue: Catalogue): string[] {
  const newest = new Map<string, ModelVersion>();
  for (const version of catalogue.versions) {
    const known = newest.get(version.model);
    if (version.available && !version.archived && (known?.number ?? 0) < version.number)
      newest.set(version.model, version);
  }
  const own = [...newest.values()].map((one) => choiceKey({ model: one.model, version: one.id }));
  const usual = usable(catalogue)
    .filter(({ choice }) => choice.version === null)
    .map(({ choice }) => choiceKey(choice));
  return own.length > 1 ? own : [...own, ...usual];
}

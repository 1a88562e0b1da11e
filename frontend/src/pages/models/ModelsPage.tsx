// A project's models: what there is, training on the project, settings of the threshold, comparisons.

import { useEffect } from "preact/hooks";
import type { Catalogue } from "../../protocol/models";
import type { Project } from "../../protocol/rest";
import { openModels } from "../../state/models/effects";
import { catalogue } from "../../state/models/store";
import { loadSeries } from "../../state/projects/effects";
import { series } from "../../state/projects/store";
import { Button } from "../../ui/Button";
import { ErrorNote } from "../../ui/ErrorNote";
import { type ModelsPlace, routePath } from "../../ui/router";
import { Tabs } from "../../ui/Tabs";
import { Waiting } from "../../ui/Waiting";
import { ComparePart } from "./compare/ComparePart";
import { ListPart } from "./list/ListPart";
import { ThresholdPart } from "./threshold/ThresholdPart";
import { TrainPart } from "./train/TrainPart";
import "./models.css";

export function ModelsPage({ project, place }: { project: Project; place: ModelsPlace }) {
  useEffect(() => {
    void openModels(project.id);
  }, [project.id]);
  const present = catalogue.value;
  const all = series.value;
  const href = (to: ModelsPlace) => routePath({ page: "models", project: project.id, place: to });
  const starts: Record<ModelsPlace["part"], string> = {
    list: href({ part: "list", version: undefined }),
    train: href({ part: "train", job: undefined }),
    threshold: href({ part: "threshold", version: undefined, series: undefined, frame: undefined }),
    compare: href({ part: "compare", job: undefined, frame: undefined }),
  };
  return (
    <div class="models">
      <Tabs
        label="Parts of the models"
        current={starts[place.part]}
        tabs={[
          { href: starts.list, label: "All models" },
          { href: starts.train, label: "Train on this project" },
          { href: starts.threshold, label: "Tune the threshold" },
          { href: starts.compare, label: "Compare" },
        ]}
      />
      {present.status === "failed" ? (
        <ErrorNote
          message={present.error.message}
          action={<Button onClick={() => openModels(project.id)}>Try again</Button>}
        />
      ) : all.status === "failed" ? (
        <ErrorNote
          message={all.error.message}
          action={<Button onClick={() => loadSeries(project.id)}>Try again</Button>}
        />
      ) : present.status === "loading" || all.status === "loading" ? (
        <Waiting>Asking which models there are…</Waiting>
      ) : (
        <Part project={project} place={place} catalogue={present.value} />
      )}
    </div>
  );
}

interface PartProps {
  project: Project;
  place: ModelsPlace;
  catalogue: Catalogue;
}

function Part({ project, place, catalogue: present }: PartProps) {
  switch (place.part) {
    case "list":
      return <ListPart project={project} catalogue={present} shown={place.version} />;
    case "train":
      return <TrainPart project={project} catalogue={present} job={place.job} model={place.model} />;
    case "threshold":
      return <ThresholdPart project={project} catalogue={present} place={place} />;
    case "compare":
      return <ComparePart project={project} catalogue={present} job={place.job} frame={place.frame} />;
  }
}

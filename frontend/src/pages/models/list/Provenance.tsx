// What a version was trained on: snapshot, split, recipe; or the file it came from.

import type { ModelVersion, Provenance as Origin, Split } from "../../../protocol/models";
import type { ModelParameter, Project } from "../../../protocol/rest";
import { counted, duration } from "../../../state/format";
import { frameRanges } from "../../../state/models/split";
import { catalogue } from "../../../state/models/store";
import { recipeText } from "../../../state/models/training";
import { series } from "../../../state/projects/store";
import { readyValue } from "../../../state/remote";
import { routePath } from "../../../ui/router";
import { Fact } from "./Fact";

export function Provenance({ project, version }: { project: Project; version: ModelVersion }) {
  const { provenance } = version;
  const { frames, split, snapshot, trained_s, recipe, job, file_name } = provenance;
  const versions = Object.entries(snapshot?.series ?? {});
  return (
    <>
      {file_name !== undefined && <Fact name="File">{file_name}</Fact>}
      {versions.length > 0 && (
        <Fact name="Trained on">
          <ul>
            {versions.map(([id, number]) => (
              <li key={id}>
                <SeriesLink id={id} provenance={provenance} /> <span class="muted">version {number}</span>
              </li>
            ))}
          </ul>
          {snapshot?.settings_version !== undefined && (
            <span class="muted">project settings, version {snapshot.settings_version}</span>
          )}
        </Fact>
      )}
      {frames !== undefined && (
        <Fact name="Frames">
          {frames.training} for training, {frames.validation} for validation
          {provenance.masks !== undefined && `, ${counted(provenance.masks, "mask")}`}
          <Places provenance={provenance} />
        </Fact>
      )}
      {split !== undefined && <Fact name="Split">{splitText(split)}</Fact>}
      {trained_s !== undefined && <Fact name="Trained for">{duration(trained_s)}</Fact>}
      {recipe?.start && (
        <Fact name="Started from">
          {recipe.start.id === null ? (
            "the usual weights"
          ) : (
            <VersionLink project={project} id={recipe.start.id} />
          )}
        </Fact>
      )}
      {recipe !== undefined && <Fact name="Recipe">{recipeText(recipe)}</Fact>}
      {job !== undefined && (
        <Fact name="Training">
          <a href={routePath({ page: "models", project: project.id, place: { part: "train", job } })}>
            Curves and log
          </a>
        </Fact>
      )}
    </>
  );
}

function SeriesLink({ id, provenance }: { id: string; provenance: Origin }) {
  const present = readyValue(series.value)?.find((one) => one.id === id);
  const name = present?.name ?? provenance.series?.[id];
  if (present === undefined) return <>{name ?? "a series that is gone"}</>;
  return <a href={routePath({ page: "annotator", series: id, frame: undefined })}>{name}</a>;
}

function VersionLink({ project, id }: { project: Project; id: string }) {
  const found = readyValue(catalogue.value)?.versions.find((one) => one.id === id);
  const place = { part: "list", version: id } as const;
  return (
    <a href={routePath({ page: "models", project: project.id, place })}>{found?.name ?? "another version"}</a>
  );
}

/** Which frames of which series stood where. */
function Places({ provenance }: { provenance: Origin }) {
  const { places } = provenance;
  if (places === undefined) return null;
  const ids = Object.keys({ ...places.training, ...places.validation });
  return (
    <ul class="places muted">
      {ids.map((id) => (
        <li key={id}>
          {ids.length > 1 && (
            <>
              <SeriesLink id={id} provenance={provenance} />:{" "}
            </>
          )}
          {["training", "validation"]
            .flatMap((side) => {
              const held = places[side as "training" | "validation"]?.[id] ?? [];
              return held.length === 0 ? [] : [`${side} ${frameRanges(held)}`];
            })
            .join("; ")}
        </li>
      ))}
    </ul>
  );
}

export function splitText(split: Split): string {
  if (split.by === "series")
    return `by series: ${counted(split.validation.length, "series", "series")} for validation`;
  const gap = split.gap === 0 ? "" : `, ${counted(split.gap, "frame")} beside them left out`;
  return `by blocks of ${counted(split.block, "frame")}, ${Math.round(split.share * 100)} % for validation${gap}`;
}

/** Settings of `threshold`, as a version keeps them. */
export function SettingsList({ parameters }: { parameters: readonly ModelParameter[] }) {
  return (
    <dl class="facts">
      {parameters.map(({ name, label, unit, default: value }) => (
        <Fact key={name} name={label}>
          {value === null
            ? "from the image"
            : typeof value === "boolean"
              ? value
                ? "yes"
                : "no"
              : String(value)}
          {value !== null && unit !== "" ? ` ${unit}` : ""}
        </Fact>
      ))}
    </dl>
  );
}

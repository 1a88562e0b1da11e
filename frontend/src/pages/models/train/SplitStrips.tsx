// What a split does, frame by frame: a strip per series.

import type { SplitPreview } from "../../../protocol/models";
import type { Series } from "../../../protocol/rest";
import { counted } from "../../../state/format";
import { type Stretch, strips, type Use } from "../../../state/models/split";
import { ErrorNote } from "../../../ui/ErrorNote";
import { Caution } from "../Caution";

const names: Record<Use, string> = {
  training: "training",
  validation: "validation",
  unused: "used by neither",
  none: "not annotated",
};

export interface SplitStripsProps {
  preview: SplitPreview | null;
  series: readonly Series[];
}

export function SplitStrips({ preview, series }: SplitStripsProps) {
  if (preview === null) return null;
  const drawn = strips(preview, series);
  const total = (use: "training" | "validation") => drawn.reduce((sum, strip) => sum + strip.counts[use], 0);
  return (
    <div class="strips">
      <p class="strip-sum" role="status">
        <strong class="number">{counted(total("training"), "frame")}</strong> for training,{" "}
        <strong class="number">{counted(total("validation"), "frame")}</strong> for validation,{" "}
        {counted(preview.masks, "mask")}
      </p>
      {drawn.map((strip, index) => {
        const one = series[index];
        if (one === undefined) return null;
        return (
          <div key={strip.series} class="strip-row">
            <span class="strip-name" title={one.name}>
              {one.name}
            </span>
            <svg
              class="strip"
              viewBox={`0 0 ${one.frames} 1`}
              preserveAspectRatio="none"
              role="img"
              aria-label={spoken(one.name, strip.stretches)}
            >
              {strip.stretches.map((stretch) => (
                <rect
                  key={stretch.from}
                  class={`use-${stretch.use}`}
                  x={stretch.from}
                  y={0}
                  width={stretch.to - stretch.from + 1}
                  height={1}
                >
                  <title>{stretchText(stretch)}</title>
                </rect>
              ))}
            </svg>
            <span class="strip-counts number muted">
              {strip.counts.training} + {strip.counts.validation}
            </span>
          </div>
        );
      })}
      <ul class="strip-legend">
        {(Object.keys(names) as Use[]).map((use) => (
          <li key={use}>
            <span class={`strip-key use-${use}`} />
            {names[use]}
          </li>
        ))}
      </ul>
      {preview.problems.map((problem) =>
        preview.can_start ? (
          <Caution key={problem}>{problem}</Caution>
        ) : (
          <ErrorNote key={problem} message={problem} />
        ),
      )}
    </div>
  );
}

function stretchText({ from, to, use }: Stretch): string {
  const frames = from === to ? `Frame ${from + 1}` : `Frames ${from + 1} to ${to + 1}`;
  return `${frames}: ${names[use]}`;
}

const spoken = (name: string, stretches: readonly Stretch[]) =>
  `${name}. ${stretches
    .filter(({ use }) => use !== "none")
    .map(stretchText)
    .join("; ")}`;

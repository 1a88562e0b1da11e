// The table of a comparison: sortable, the best of each column marked, controls told apart.

import { useSignal } from "@preact/signals";
import type { ComparedModel, Comparison } from "../../../protocol/models";
import { frameRanges } from "../../../state/models/split";
import {
  bestKeys,
  intervalText,
  type Measure,
  measured,
  measures,
  type Order,
  ordered,
} from "../../../state/models/table";
import { Badge } from "../../../ui/Badge";
import { Icon } from "../../../ui/icons";
import { UseButton } from "./UseButton";

export interface CompareTableProps {
  comparison: Comparison;
  used: (row: ComparedModel) => boolean;
  /** Undefined: the person may not choose. */
  onUse: ((row: ComparedModel) => Promise<void>) | undefined;
}

export function CompareTable({ comparison, used, onUse }: CompareTableProps) {
  const order = useSignal<Order | null>(null);
  const { models, notes, tolerance_px } = comparison;
  const shown = measures.filter((measure) => models.some((row) => measured(row, measure.name) !== null));
  const best = new Map(shown.map((measure) => [measure.name, bestKeys(models, measure)]));
  const sort = (by: string) => () => {
    order.value =
      order.value?.by === by ? { by, bestFirst: !order.value.bestFirst } : { by, bestFirst: true };
  };
  const head = (by: string, title: string, help?: string) => (
    <th
      key={by}
      scope="col"
      class={by === "label" ? "" : "end"}
      aria-sort={order.value?.by !== by ? "none" : order.value.bestFirst ? "descending" : "ascending"}
    >
      <button type="button" class="sort" title={help} onClick={sort(by)}>
        {title}
        {order.value?.by === by && (
          <Icon name={order.value.bestFirst ? "chevron-down" : "chevron-up"} size={12} />
        )}
      </button>
    </th>
  );
  return (
    <section class="panel compare-table" aria-label="Scores">
      <div class="compare-scroll">
        <table class="table">
          <thead>
            <tr>
              {head("label", "Model")}
              {shown.map((measure) => head(measure.name, measure.title, measure.help))}
              {onUse !== undefined && (
                <th scope="col">
                  <span class="visually-hidden">Choose</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {ordered(models, order.value).map((row) => (
              <tr key={row.key} class={row.control ? "control" : ""}>
                <th scope="row" class="compare-label">
                  {row.label} {row.control && <Badge title="Shows what the scores are worth">control</Badge>}
                  {(row.trained_on?.length ?? 0) > 0 && (
                    <Badge
                      tone="warning"
                      icon="warning"
                      title={`It was trained on the frames ${frameRanges(row.trained_on ?? [])}: its scores flatter it.`}
                    >
                      has seen {row.trained_on?.length} of {comparison.frames.length}
                    </Badge>
                  )}
                  {(row.chosen_by?.length ?? 0) > 0 && (
                    <Badge
                      title={`Its weights were kept for their scores on the frames ${frameRanges(row.chosen_by ?? [])}: that flatters it a little.`}
                    >
                      chosen by {row.chosen_by?.length} of {comparison.frames.length}
                    </Badge>
                  )}
                </th>
                {row.error ? (
                  <td colSpan={shown.length} class="compare-error">
                    {row.error}
                  </td>
                ) : (
                  shown.map((measure) => (
                    <Cell
                      key={measure.name}
                      row={row}
                      measure={measure}
                      best={best.get(measure.name)?.has(row.key) === true}
                    />
                  ))
                )}
                {onUse !== undefined && (
                  <td class="end">
                    {!row.control && !row.error && <UseButton row={row} used={used(row)} onUse={onUse} />}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="compare-notes">
        <p class="field-hint">
          Small: 95 % interval over the frames; with few frames it is too narrow.{" "}
          <b class="best-mark">Bold</b> is best; controls do not take part, nor what has learnt from these
          frames.
          {tolerance_px !== undefined && ` Boundary F1 allows ${tolerance_px} px.`}
        </p>
        {notes.map((note) => (
          <p key={note} class="field-hint">
            {note}
          </p>
        ))}
      </div>
    </section>
  );
}

function Cell({ row, measure, best }: { row: ComparedModel; measure: Measure; best: boolean }) {
  const value = measured(row, measure.name);
  const interval = intervalText(row, measure);
  return (
    <td class={best ? "end number best" : "end number"}>
      <span class="compare-value">
        {value === null ? "–" : measure.text(value)}
        {best && <span class="visually-hidden"> (best)</span>}
      </span>
      {interval !== null && <span class="compare-interval">{interval}</span>}
    </td>
  );
}

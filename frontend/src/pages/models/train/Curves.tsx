// Loss and scores of a training over its time.

import type { CurveRow } from "../../../protocol/models";
import { axisOf, points } from "../../../state/models/training";
import { LineChart } from "../../../ui/LineChart";

const SCORE_LIMITS = { low: 1, high: 1 };

export function Curves({ rows }: { rows: readonly CurveRow[] }) {
  const { column, title } = axisOf(rows);
  const line = (name: string, look: 1 | 2 | 3, y: keyof CurveRow) => ({
    name,
    look,
    points: points(rows, column, y),
  });
  const loss = line("loss", 1, "loss");
  const scores = [line("IoU", 1, "iou"), line("Dice", 2, "dice")].filter(
    (each) => each.name === "IoU" || each.points.length > 0,
  );
  return (
    <div class="curves">
      {/* Fitting a threshold has scores alone. */}
      {(rows.length === 0 || loss.points.length > 0) && (
        <LineChart label="Training loss" xTitle={title} yTitle="loss (no unit)" lines={[loss]} />
      )}
      <LineChart
        label="Scores on the validation frames"
        xTitle={title}
        yTitle="score, 0 to 1"
        lines={scores}
        {...(scores.some((each) => each.points.length > 0) ? { yLimits: SCORE_LIMITS } : {})}
      />
    </div>
  );
}

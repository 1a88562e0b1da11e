// The score from which on proposals are lit, over how many there are of each score.

import { lowestScore } from "../../state/annotator/review";
import { useView, useWorkspace } from "./workspace";

const WIDTH = 120;
const HEIGHT = 14;

export function ScoreSlider() {
  const { dispatch } = useWorkspace();
  const minimum = useView((state) => state.review.minimumScore);
  const scores = useView((state) => state.proposalSummary?.scores ?? []);
  const lowest = useView(lowestScore);
  // Some models give no scores: there is nothing to choose by.
  if (minimum === 0 && !scores.some((count) => count > 0)) return <span class="score-slider" />;
  const shown = Math.max(minimum, lowest);
  const from = Math.round(lowest * scores.length);
  const bins = scores.slice(from);
  const most = Math.max(1, ...bins);
  const width = WIDTH / Math.max(1, bins.length);
  return (
    <label class="bar-slider score-slider" title="Proposals that score less are faded and left as they are">
      <span>
        Score ≥ <span class="number">{shown.toFixed(2)}</span>
      </span>
      <span class="score-range">
        <svg width={WIDTH} height={HEIGHT} aria-hidden="true">
          {bins.map((count, bin) => (
            <rect
              key={from + bin}
              class={(from + bin + 1) / scores.length > minimum ? "lit" : ""}
              x={bin * width}
              width={Math.max(1, width - 1)}
              y={HEIGHT * (1 - count / most)}
              height={(HEIGHT * count) / most}
            />
          ))}
        </svg>
        <input
          type="range"
          aria-label="Least score"
          min={lowest}
          max={1}
          step={0.01}
          value={shown}
          onInput={(event) =>
            dispatch({ type: "review", change: { minimumScore: Number(event.currentTarget.value) } })
          }
        />
      </span>
    </label>
  );
}

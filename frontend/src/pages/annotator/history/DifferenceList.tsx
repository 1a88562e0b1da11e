// What differs between two versions, counted, and on which frames: a click or N goes there.

import { differenceTotal } from "../../../state/annotator/difference";
import type { Difference } from "../../../state/annotator/model";
import { counted } from "../../../state/format";
import { Button } from "../../../ui/Button";
import { areaOf } from "../objects";
import { useView, useWorkspace } from "../workspace";

export function DifferenceList() {
  const { dispatch } = useWorkspace();
  const difference = useView((state) => state.difference);
  const frame = useView((state) => state.frame);
  if (difference === null) return null;
  return (
    <>
      <div class="difference-head">
        <h3>
          Version {difference.from} → {difference.to}
        </h3>
        <Summary difference={difference} />
        <Button onClick={() => dispatch({ type: "past/close" })}>Back to the history</Button>
      </div>
      <ol class="difference-frames">
        {difference.frames.map((row) => (
          <li key={row.frame}>
            <button
              type="button"
              class="difference-frame"
              aria-current={row.frame === frame}
              onClick={() => dispatch({ type: "frame/show", frame: row.frame })}
            >
              <span class="number">Frame {row.frame + 1}</span>
              <span class="difference-counts number">
                {row.added > 0 && (
                  <span class="difference-came" title={`${counted(row.added, "mask")} added`}>
                    +{row.added}
                  </span>
                )}
                {row.removed > 0 && (
                  <span class="difference-went" title={`${counted(row.removed, "mask")} removed`}>
                    −{row.removed}
                  </span>
                )}
                {row.changed > 0 && (
                  <span class="difference-kept" title={`${counted(row.changed, "mask")} changed`}>
                    ~{row.changed}
                  </span>
                )}
                {row.reviewed > 0 && (
                  <span title={`${counted(row.reviewed, "mask")} accepted, or no longer`}>
                    ✓{row.reviewed}
                  </span>
                )}
              </span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}

function Summary({ difference }: { difference: Difference }) {
  const total = differenceTotal(difference.frames);
  const area = useView(
    (state) => `${areaOf(state, total.area_before_px)} → ${areaOf(state, total.area_after_px)}`,
  );
  if (difference.beside === null) return <p class="muted">Counting…</p>;
  const { objects, events, calibration } = difference.beside;
  const masks = [
    total.added > 0 ? `${counted(total.added, "mask")} added` : "",
    total.removed > 0 ? `${counted(total.removed, "mask")} removed` : "",
    total.changed > 0 ? `${counted(total.changed, "mask")} changed` : "",
    total.reviewed > 0 ? `${counted(total.reviewed, "mask")} accepted, or no longer` : "",
  ].filter((part) => part !== "");
  const others = [
    objects.added > 0 ? counted(objects.added, "new object") : "",
    objects.removed > 0 ? `${counted(objects.removed, "object")} removed` : "",
    objects.changed > 0 ? `${counted(objects.changed, "object")} with another phase or name` : "",
    events > 0 ? `${counted(events, "event")} changed` : "",
    calibration ? "another calibration" : "",
  ].filter((part) => part !== "");
  if (masks.length + others.length === 0) return <p class="muted">The two versions are the same.</p>;
  return (
    <>
      {masks.length > 0 && (
        <p>
          {masks.join(", ")} on {counted(difference.frames.length, "frame")}
          {difference.next === null ? "" : " so far"}. Their area: <span class="number">{area}</span>.
        </p>
      )}
      {others.length > 0 && <p>{others.join(", ")}.</p>}
    </>
  );
}

// Says which versions are compared and what the colours mean, and leads through the frames that differ.

import { changesOn, nextChanged, pixelsChanged } from "../../../state/annotator/difference";
import { mayAs } from "../../../state/projects/store";
import { Button, IconButton } from "../../../ui/Button";
import { shortcut } from "../command_keys";
import { useView, useWorkspace } from "../workspace";
import "./history.css";

export function DifferenceBanner() {
  const { dispatch, dialog } = useWorkspace();
  const difference = useView((state) => state.difference);
  const head = useView((state) => state.serverHead);
  const role = useView((state) => state.role);
  const changes = useView((state) => changesOn(state, state.frame));
  const previous = useView((state) => nextChanged(state, -1));
  const next = useView((state) => nextChanged(state, 1));
  if (difference === null) return null;
  const step = (direction: 1 | -1) => () => dispatch({ type: "difference/step", direction });
  return (
    <section class="past-banner difference-banner" aria-label="Comparison of versions">
      <span>
        Version <strong class="number">{difference.from}</strong> →{" "}
        <strong class="number">{difference.to}</strong>
        {difference.to === head && " (now)"}
      </span>
      <span class="difference-legend">
        <i class="difference-swatch came" /> added
        <i class="difference-swatch went" /> removed
        <i class="difference-swatch kept" /> kept
      </span>
      <span role="status">{changes === null ? "Loading…" : frameText(changes)}</span>
      <span class="difference-steps">
        <IconButton
          icon="chevron-left"
          label="Previous frame that differs"
          {...shortcut("history.previous")}
          disabled={previous === undefined}
          onClick={step(-1)}
        />
        <IconButton
          icon="chevron-right"
          label="Next frame that differs"
          {...shortcut("history.next")}
          disabled={next === undefined}
          onClick={step(1)}
        />
      </span>
      {mayAs(role, "annotator") && (
        <Button
          onClick={() => {
            dialog.value = "restore";
          }}
        >
          Restore {difference.from}…
        </Button>
      )}
      <Button tone="primary" title="Esc" onClick={() => dispatch({ type: "past/close" })}>
        Close
      </Button>
    </section>
  );
}

function frameText(changes: NonNullable<ReturnType<typeof changesOn>>): string {
  if (changes.length === 0) return "Nothing differs on this frame.";
  const { gained, lost } = pixelsChanged(changes);
  const count = (what: (typeof changes)[number]["what"]) =>
    changes.filter((each) => each.what === what).length;
  const parts = [
    [count("added"), "added"],
    [count("removed"), "removed"],
    [count("changed"), "changed"],
    [count("reviewed"), "reviewed"],
  ] as const;
  const objects = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  const pixels =
    gained + lost === 0 ? "" : `; +${gained.toLocaleString("en")} −${lost.toLocaleString("en")} px`;
  return `This frame: ${objects.join(", ")}${pixels}`;
}

// The panel beside the canvas, one subject at a time.

import { useSignal } from "@preact/signals";
import { percent } from "../../state/format";
import { DisplayPanel } from "./DisplayPanel";
import { HistoryPanel } from "./HistoryPanel";
import { ObjectsPanel } from "./ObjectsPanel";
import { SegmentPanel } from "./SegmentPanel";
import { useView } from "./workspace";

const TABS = [
  ["objects", "Objects"],
  ["segment", "Segment"],
  ["history", "History"],
  ["display", "Display"],
] as const;
type TabName = (typeof TABS)[number][0];

const PANELS = { objects: ObjectsPanel, segment: SegmentPanel, history: HistoryPanel, display: DisplayPanel };

export function Panel() {
  const open = useSignal<TabName>("objects");
  const Content = PANELS[open.value];
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = TABS.findIndex(([name]) => name === open.value);
    const [next] = TABS[(at + step + TABS.length) % TABS.length] ?? TABS[0];
    open.value = next;
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <aside class="side-panel">
      <div class="side-tabs" role="tablist" aria-label="Panel" tabIndex={-1} onKeyDown={move}>
        {TABS.map(([name, label]) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={open.value === name}
            aria-controls="side-panel-content"
            tabIndex={open.value === name ? 0 : -1}
            onClick={() => {
              open.value = name;
            }}
          >
            {label}
            {name === "segment" && <Progress />}
          </button>
        ))}
      </div>
      <div id="side-panel-content" class="side-content" role="tabpanel" aria-labelledby={`tab-${open.value}`}>
        <Content />
      </div>
    </aside>
  );
}

/** How far a job is that segments this series, also while another panel is open. */
function Progress() {
  const job = useView((state) => state.segmentations.find((each) => each.state === "running"));
  if (job === undefined) return null;
  return (
    <>
      <span class="visually-hidden"> {percent(job.progress)}</span>
      <span class="tab-progress" style={{ width: `${100 * job.progress}%` }} />
    </>
  );
}

// The panel beside the canvas, one subject at a time.

import type { JobKind } from "../../protocol/rest";
import { percent } from "../../state/format";
import { DisplayPanel } from "./DisplayPanel";
import { HistoryPanel } from "./HistoryPanel";
import { ObjectsPanel } from "./ObjectsPanel";
import { SegmentPanel } from "./SegmentPanel";
import { TrackPanel } from "./TrackPanel";
import { type PanelName, useView, useWorkspace } from "./workspace";

const TABS = [
  ["objects", "Objects"],
  ["segment", "Segment"],
  ["track", "Track"],
  ["history", "History"],
  ["display", "Display"],
] as const satisfies readonly (readonly [PanelName, string])[];

const PANELS = {
  objects: ObjectsPanel,
  segment: SegmentPanel,
  track: TrackPanel,
  history: HistoryPanel,
  display: DisplayPanel,
};

export function Panel() {
  const { panel: open } = useWorkspace();
  const image = useView((state) => state.series.frames === 1);
  const tabs = TABS.filter(([name]) => !image || name !== "track"); // an image has no time
  const Content = PANELS[open.value];
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const at = tabs.findIndex(([name]) => name === open.value);
    const [next] = tabs[(at + step + tabs.length) % tabs.length] ?? TABS[0];
    open.value = next;
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <aside class="side-panel">
      <div class="side-tabs" role="tablist" aria-label="Panel" tabIndex={-1} onKeyDown={move}>
        {tabs.map(([name, label]) => (
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
            {(name === "segment" || name === "track") && <Progress kind={name} />}
          </button>
        ))}
      </div>
      <div id="side-panel-content" class="side-content" role="tabpanel" aria-labelledby={`tab-${open.value}`}>
        <Content />
      </div>
    </aside>
  );
}

/** How far a job is that segments or tracks this series, also while another panel is open. */
function Progress({ kind }: { kind: JobKind }) {
  const job = useView((state) => state.jobs.find((each) => each.kind === kind && each.state === "running"));
  if (job === undefined) return null;
  return (
    <>
      <span class="visually-hidden"> {percent(job.progress)}</span>
      <span class="tab-progress" style={{ width: `${100 * job.progress}%` }} />
    </>
  );
}

// What the signs of the lanes mean, behind a button.

import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { Icon } from "../../ui/icons";
import { placeBeside } from "../../ui/placement";

export function LanesLegend() {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  return (
    <>
      <button
        ref={button}
        type="button"
        class="button icon-button quiet"
        aria-label="What the signs mean"
        popovertarget={id}
      >
        <Icon name="info" />
      </button>
      <div
        ref={list}
        id={id}
        class="menu lanes-legend"
        popover="auto"
        onToggle={(event) => {
          if (event.newState !== "open" || list.current === null || button.current === null) return;
          placeBeside(list.current, button.current.getBoundingClientRect(), "end");
        }}
      >
        <dl>
          <Sign means="Accepted">
            <rect class="bar" x={2} y={4} width={36} height={11} />
          </Sign>
          <Sign means="Proposal, not accepted yet">
            <rect class="bar open" x={2.5} y={4.5} width={35} height={10} />
            <path class="bar-edge" d="M6 14.5l10-10M16 14.5l10-10M26 14.5l10-10" />
          </Sign>
          <Sign means="Confidence below 80 %: worth a look">
            <rect class="bar" x={2} y={4} width={36} height={8} />
            <path class="fair" d="M2 16H38" />
          </Sign>
          <Sign means="Confidence below 50 %: doubtful">
            <rect class="bar" x={2} y={6} width={36} height={5} />
            <path class="low" d="M2 16H38" />
          </Sign>
          <Sign means="Not seen for some frames">
            <path class="bar" d="M2 4h8v11H2zM30 4h8v11h-8z" />
            <path class="gap" d="M13 9.5H28" />
          </Sign>
          <Sign means="Merge or split, confirmed">
            <path class="join" d="M20 0V20" />
            <circle class="node" cx={20} cy={10} r={4.5} />
          </Sign>
          <Sign means="Merge or split, not confirmed">
            <path class="join open" d="M20 0V20" />
            <circle class="node open" cx={20} cy={10} r={4.5} />
          </Sign>
          <Sign means="Appears">
            <circle class="mark" cx={20} cy={10} r={3.2} />
          </Sign>
          <Sign means="Dissolves">
            <path class="mark" d="m17 7 6 6m0-6-6 6" />
          </Sign>
          <Sign means="Leaves the image">
            <path class="mark" d="m17.5 6 6 4-6 4z" />
          </Sign>
          <Sign means="Touches another">
            <path class="mark" d="m20 6 4 4-4 4-4-4z" />
          </Sign>
        </dl>
        <p class="muted">
          Up and down choose a track, Enter and Home go to its first frame, End to its last. A double click on
          a merge or split shows the lineage.
        </p>
      </div>
    </>
  );
}

function Sign({ means, children }: { means: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>
        <svg width={40} height={20} aria-hidden="true">
          {children}
        </svg>
      </dt>
      <dd>{means}</dd>
    </div>
  );
}

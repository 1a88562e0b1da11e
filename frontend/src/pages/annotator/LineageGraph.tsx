// The family as a drawing to scroll in. Only what is in sight is rendered, so hundreds of relatives are no burden.

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { reveal } from "../../geometry/viewport";
import type { Family, Reach, Relative } from "../../state/annotator/family";
import { confidenceLevel } from "../../state/annotator/lanes";
import type { Occurrence } from "../../state/annotator/occurrences";
import { percent } from "../../state/format";
import { Icon } from "../../ui/icons";
import { occurrenceText } from "./happenings";
import { LineageCard } from "./LineageCard";
import { CARD, JOIN, layoutFamily, type PlacedFamilyJoin, type PlacedRelative } from "./lineage_layout";
import { objectName } from "./objects";
import type { Pictures } from "./pictures";
import { useWorkspace } from "./workspace";

const SPARE_PX = 200;

export interface LineageGraphProps {
  family: Family;
  /** The track that was asked about. */
  centre: string;
  pictures: Pictures;
  onMore: (side: keyof Reach) => void;
  onClose: () => void;
}

export function LineageGraph({ family, centre, pictures, onMore, onClose }: LineageGraphProps) {
  const { dispatch, viewport, state } = useWorkspace();
  const scroller = useRef<HTMLDivElement>(null);
  const wish = useRef<{ track: string; side: keyof Reach } | null>(null);
  const layout = layoutFamily(family);
  const sight = useSignal(around(layout.cards.find(({ relative }) => relative.track.track === centre)));

  const look = () => {
    const element = scroller.current;
    if (element === null || element.clientWidth === 0) return;
    const { scrollLeft: left, scrollTop: top, clientWidth, clientHeight } = element;
    sight.value = { left, top, right: left + clientWidth, bottom: top + clientHeight };
  };
  /** Into the middle, or after a wish for more to the side where what is new lies beside it. */
  const aim = () => {
    const element = scroller.current;
    const track = wish.current?.track ?? centre;
    const card = layout.cards.find(({ relative }) => relative.track.track === track);
    if (element === null || card === undefined) return;
    const share = wish.current === null ? 0.5 : wish.current.side === "earlier" ? 0.8 : 0.2;
    element.scrollLeft = card.x + CARD.width / 2 - share * element.clientWidth;
    element.scrollTop = card.y + CARD.height / 2 - element.clientHeight / 2;
    look();
  };
  useLayoutEffect(aim, [layout.width, layout.height]);
  useEffect(() => {
    let shown = false;
    const observer = new ResizeObserver(() => {
      if (!shown) aim(); // before the dialog is open there is nothing to scroll
      shown = true;
      look();
    });
    if (scroller.current !== null) observer.observe(scroller.current);
    return () => observer.disconnect();
  }, []);

  const inSight = (x: number, y: number, width: number, height: number) => {
    const { left, top, right, bottom } = sight.value;
    return (
      x + width > left - SPARE_PX &&
      x < right + SPARE_PX &&
      y + height > top - SPARE_PX &&
      y < bottom + SPARE_PX
    );
  };
  const go = (track: string, frame: number, box?: readonly number[]) => {
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame });
    dispatch({ type: "selection", selection: { track, lasting: true } });
    const [x0, y0, x1, y1] = box ?? [];
    if (x0 !== undefined && y0 !== undefined && x1 !== undefined && y1 !== undefined) {
      const at = { x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
      viewport.value = reveal(viewport.peek(), at, state.peek().series);
    }
    onClose();
  };
  return (
    <div ref={scroller} class="lineage-scroll" onScroll={look}>
      <div class="lineage-sheet" style={{ width: `${layout.width}px`, height: `${layout.height}px` }}>
        <svg class="lineage-lines" width={layout.width} height={layout.height} aria-hidden="true">
          {layout.joins.map(({ occurrence, lines }) => (
            <g key={occurrence.event.event} class={lineLook(occurrence)}>
              {lines.map((line) => (
                <path key={line} d={line} />
              ))}
            </g>
          ))}
        </svg>
        {layout.cards
          .filter(({ x, y }) => inSight(x, y, CARD.width, CARD.height))
          .map((card) => (
            <div
              key={card.relative.track.track}
              class="lineage-place"
              style={{ transform: `translate(${card.x}px, ${card.y}px)` }}
            >
              <LineageCard
                relative={card.relative}
                current={card.relative.track.track === centre}
                joins={family.joins}
                pictures={pictures}
                onGo={go}
              />
              {card.relative.more > 0 && (
                <More
                  relative={card.relative}
                  onMore={(side) => {
                    wish.current = { track: card.relative.track.track, side };
                    onMore(side);
                  }}
                />
              )}
            </div>
          ))}
        {layout.joins
          .filter(({ x, y }) => inSight(x - JOIN.width / 2, y - JOIN.height / 2, JOIN.width, JOIN.height))
          .map((join) => (
            <Join key={join.occurrence.event.event} join={join} onGo={go} />
          ))}
      </div>
    </div>
  );
}

/** What will be in sight when the dialog opens, with that card in its middle. */
function around(card: PlacedRelative | undefined) {
  const { x, y } = card ?? { x: 0, y: 0 };
  return { left: x - 700, top: y - 500, right: x + 700, bottom: y + 500 };
}

/** Relatives further out that are left away so far. */
function More({ relative, onMore }: { relative: Relative; onMore: (side: keyof Reach) => void }) {
  const earlier = relative.generation < 0;
  const text = earlier ? "earlier" : "later";
  return (
    <button
      type="button"
      class={`button quiet lineage-more ${text}`}
      aria-label={`${relative.more} more: show ${text} generations`}
      onClick={() => onMore(text)}
    >
      {earlier && <Icon name="chevron-left" />}
      {relative.more} more
      {!earlier && <Icon name="chevron-right" />}
    </button>
  );
}

function Join({ join, onGo }: { join: PlacedFamilyJoin; onGo: (track: string, frame: number) => void }) {
  const { occurrence, others, x, y } = join;
  const { what, confidence, state, last_frame } = occurrence.event;
  const text = occurrenceText(occurrence);
  return (
    <button
      type="button"
      class={`lineage-join ${lineLook(occurrence)}`}
      style={{ transform: `translate(${x - JOIN.width / 2}px, calc(${y}px - 50%))` }}
      title={`${text}. A click goes there.`}
      onClick={() => onGo(occurrence.children[0]?.track ?? "", last_frame)}
    >
      <strong>
        {what === "merge" ? "Merge" : "Split"}
        {confidence !== null && <span class="number"> {percent(confidence)}</span>}
      </strong>
      <span>
        {state === "accepted" && <Icon name="check" size={12} />}
        {state === "accepted" ? "confirmed" : "not confirmed"}
      </span>
      {others.length > 0 && <span class="number">with {others.map(objectName).join(", ")}</span>}
    </button>
  );
}

function lineLook({ event }: Occurrence): string {
  const level = confidenceLevel(event.confidence);
  return `${event.state === "proposal" ? "open" : ""} ${level === "fair" || level === "low" ? level : ""}`.trim();
}

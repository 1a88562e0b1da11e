// The phases, and the objects of the frame in sight. Only the rows in sight are rendered.
// biome-ignore-all lint/a11y/useSemanticElements: a table cannot leave out the rows that are not in sight
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and names its active row

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { reveal } from "../../geometry/viewport";
import { isLit } from "../../state/annotator/review";
import { mayEdit, type ObjectOnFrame, objectsOn, phaseReceiver } from "../../state/annotator/view";
import { counted } from "../../state/format";
import { mayAs } from "../../state/projects/store";
import { IconButton } from "../../ui/Button";
import { Icon } from "../../ui/icons";
import { Kbd } from "../../ui/Kbd";
import { Menu } from "../../ui/Menu";
import { routePath } from "../../ui/router";
import { CommandKey } from "./command_keys";
import { EventsList } from "./EventsList";
import { objectMenu } from "./object_menu";
import { areaOf, objectName, phaseName } from "./objects";
import { Swatch, TrackSwatch } from "./Swatch";
import { useView, useWorkspace } from "./workspace";

const ROW_PX = 30;
const SPARE_ROWS = 6;

export function ObjectsPanel() {
  const objects = useView((state) => objectsOn(state, state.frame));
  const editable = useView(mayEdit);
  const proposed = objects.filter(({ state }) => state === "proposal").length;
  const sorted = objects.toSorted(
    (a, b) => (a.track.number ?? Number.POSITIVE_INFINITY) - (b.track.number ?? Number.POSITIVE_INFINITY),
  );
  const previewed = useView(
    ({ proposals, frame }) => proposals?.frame === frame && proposals.answer !== null,
  );
  return (
    <>
      <Phases />
      <h2 class="side-heading">
        Objects on this frame <span class="muted number">{objects.length - proposed}</span>
        {proposed > 0 && <span class="muted number">, {proposed} proposed</span>}
      </h2>
      {sorted.length === 0 ? (
        <p class="side-empty muted">
          {previewed ? (
            "What was found waits on the image to be accepted."
          ) : editable ? (
            <>
              Nothing is annotated here yet. Click an object on the image, or segment the whole frame with{" "}
              <CommandKey id="segment.frame" />.
            </>
          ) : (
            "Nothing is annotated on this frame."
          )}
        </p>
      ) : (
        <ObjectList objects={sorted} />
      )}
      <EventsList />
    </>
  );
}

/** The phase of the selection, else of what comes next. */
function Phases() {
  const { dispatch, commands, session } = useWorkspace();
  const { project } = session;
  const phases = useView((state) => state.phases);
  const receiver = useView(phaseReceiver);
  const next = useView((state) => state.phase);
  const present = receiver === undefined ? next : receiver.phase;
  const editable = useView(mayEdit);
  return (
    <>
      <h2 class="side-heading">
        {receiver === undefined ? "Phase of new objects" : "Phase of the selection"}
      </h2>
      <div class="phase-choices">
        {phases.map((phase) => (
          <button
            key={phase.id}
            type="button"
            class="phase-choice"
            aria-pressed={phase.id === present}
            disabled={!editable}
            title={phase.description}
            onClick={() => dispatch({ type: "phase", phase: phase.id, requestId: commands.newId() })}
          >
            <Swatch phase={phase.id} />
            <span class="phase-name">{phase.name}</span>
            {phase.key !== "" && <Kbd keys={phase.key} />}
          </button>
        ))}
        {phases.length === 0 && (
          <p class="phase-none muted">
            The project has no phases yet.{" "}
            {mayAs(project.role, "manager") && (
              <a href={routePath({ page: "project", project: project.id, tab: "phases" })}>Add the first</a>
            )}
          </p>
        )}
      </div>
    </>
  );
}

function ObjectList({ objects }: { objects: readonly ObjectOnFrame[] }) {
  const { dispatch, viewport, state } = useWorkspace();
  const list = useRef<HTMLDivElement>(null);
  const scroll = useSignal({ top: 0, height: 600 });
  const selected = useView((all) => all.selection?.track ?? null);
  const at = objects.findIndex(({ track }) => track.track === selected);

  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const measure = () => {
      scroll.value = { top: element.scrollTop, height: element.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = list.current;
    if (element === null || at < 0) return;
    const top = at * ROW_PX;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW_PX > element.scrollTop + element.clientHeight) {
      element.scrollTop = top + ROW_PX - element.clientHeight;
    }
  }, [selected]);

  const choose = ({ track, box }: ObjectOnFrame) => {
    dispatch({ type: "selection", selection: { track: track.track, lasting: true } });
    const centre = { x: (box[0] + box[2]) / 2, y: (box[1] + box[3]) / 2 };
    viewport.value = reveal(viewport.peek(), centre, state.peek().series);
  };
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const next = objects[Math.min(objects.length - 1, Math.max(0, at + step))];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    choose(next);
  };
  const first = Math.max(0, Math.floor(scroll.value.top / ROW_PX) - SPARE_ROWS);
  const last = Math.ceil((scroll.value.top + scroll.value.height) / ROW_PX) + SPARE_ROWS;
  return (
    <div
      ref={list}
      class="objects"
      role="grid"
      aria-multiselectable="true"
      tabIndex={0}
      aria-label={counted(objects.length, "object")}
      {...(at < 0 ? {} : { "aria-activedescendant": `object-${selected}` })}
      onKeyDown={move}
      onScroll={(event) => {
        scroll.value = { top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight };
      }}
    >
      <div style={{ height: `${objects.length * ROW_PX}px` }}>
        <div style={{ transform: `translateY(${first * ROW_PX}px)` }}>
          {objects.slice(first, last).map((object) => (
            <Row
              key={object.track.track}
              object={object}
              onChoose={(more) => {
                list.current?.focus(); // the arrow keys go on from here
                if (more) dispatch({ type: "mark", track: object.track.track });
                else choose(object);
              }}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

function Row({ object, onChoose }: { object: ObjectOnFrame; onChoose: (more: boolean) => void }) {
  const workspace = useWorkspace();
  const { dispatch } = workspace;
  const { track, area_px } = object;
  const id = track.track;
  const selected = useView((state) => state.selection?.track === id || state.marked.has(id));
  const editable = useView(mayEdit);
  const hovered = useView((state) => state.hovered === id);
  const hidden = useView((state) => state.hidden.has(id));
  const phase = useView((state) => phaseName(state, track.phase));
  const area = useView((state) => areaOf(state, area_px));
  const faded = useView((state) => object.state === "proposal" && !isLit(object, state.review.minimumScore));
  const look = [
    "object-row",
    hovered ? "hovered" : "",
    hidden ? "hidden-object" : "",
    object.state === "proposal" ? "proposal" : "",
    faded ? "faded" : "",
  ];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list moves the choice with the arrow keys
    <div
      id={`object-${id}`}
      class={look.filter((name) => name !== "").join(" ")}
      {...(object.state === "proposal" ? { title: "Proposal: not accepted yet" } : {})}
      role="row"
      tabIndex={-1}
      aria-selected={selected}
      onClick={(event) => onChoose(event.shiftKey)}
      onPointerEnter={() => dispatch({ type: "hover", track: id })}
      onPointerLeave={() => dispatch({ type: "hover", track: null })}
    >
      <div class="object-cells" role="gridcell">
        <TrackSwatch track={track} />
        <span class="object-number number">{objectName(track)}</span>
        <span class="object-phase">{phase}</span>
        <span class="object-area number">{area}</span>
      </div>
      <div role="gridcell">
        <IconButton
          icon={hidden ? "eye-off" : "eye"}
          label={hidden ? "Show" : "Hide"}
          pressed={hidden}
          onClick={(event) => {
            event.stopPropagation();
            dispatch({ type: "hidden", track: id, hidden: !hidden });
          }}
        />
      </div>
      {editable && (
        // biome-ignore lint/a11y/useKeyWithClickEvents: only keeps clicks from the row
        <div class="object-menu" role="gridcell" onClick={(event) => event.stopPropagation()}>
          <Menu label={`What to do with ${objectName(track)}`} entries={() => objectMenu(workspace, id)}>
            <Icon name="dots" />
          </Menu>
        </div>
      )}
    </div>
  );
}

// A minute's tour of the annotator, on a person's first visit or when asked for. Each step stands at the control that
// it is about and goes on when the action was really done, or with Next. The canvas and all keys work meanwhile.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { outlineHere } from "../../../state/annotator/outline";
import { mayEdit } from "../../../state/annotator/view";
import { hadTour, keepTourHad } from "../../../state/session/effects_tour";
import { tourAsked } from "../../../state/session/tour";
import { Button, IconButton } from "../../../ui/Button";
import { placeBeside } from "../../../ui/placement";
import { showToast } from "../../../ui/Toast";
import { CommandKey } from "../command_keys";
import { useView, useWorkspace, type Workspace } from "../workspace";
import { type Happened, stepsFor, type TourStep } from "./steps";
import "./tour.css";

const MEASURE_MS = 150; // how soon the card follows its control
const PAUSE_MS = 700; // so that one sees what one did before the next step

export function Tour() {
  const workspace = useWorkspace();
  const person = useView((state) => state.user.id);
  const editable = useView(mayEdit);
  const at = useSignal<number | null>(null);
  const steps = stepsFor(workspace.state.peek().series.frames);
  useEffect(() => {
    if (!editable) return;
    let left = false;
    void hadTour(person).then((had) => {
      if (!had && !left && at.peek() === null) at.value = 0;
    });
    return () => {
      left = true;
    };
  }, [editable, person]);
  useEffect(() => {
    if (!tourAsked.value) return;
    tourAsked.value = false;
    if (!editable) showToast("warning", "The tour takes a series that you may annotate.");
    else if (at.peek() === null) at.value = 0;
  }, [tourAsked.value]);
  const step = at.value === null ? undefined : steps[at.value];
  if (at.value === null || step === undefined) return null;
  const number = at.value + 1;
  const end = () => {
    at.value = null;
    keepTourHad(person);
  };
  const next = () => {
    if (number === steps.length) end();
    else at.value = number;
  };
  return <Step key={number} step={step} number={number} total={steps.length} onNext={next} onEnd={end} />;
}

interface StepProps {
  step: TourStep;
  number: number;
  total: number;
  onNext: () => void;
  onEnd: () => void;
}

function Step({ step, number, total, onNext, onEnd }: StepProps) {
  const workspace = useWorkspace();
  const card = useRef<HTMLElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const done = useSignal(false);
  useEffect(() => follow(step, card.current, ring.current), [step]);
  useEffect(() => skipOnEscape(workspace, onEnd), [workspace]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = watch(workspace, (happened) => {
      if (timer !== undefined || !step.done(happened)) return;
      done.value = true;
      timer = setTimeout(onNext, PAUSE_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [step]);
  const last = number === total;
  return (
    <>
      <div ref={ring} class="tour-ring" aria-hidden="true" />
      <section ref={card} class={done.value ? "tour-card done" : "tour-card"} aria-label="Tour">
        <div class="tour-head">
          <span class="muted number">
            Step {number} of {total}
          </span>
          <IconButton icon="close" label="Skip the tour" shortcut="Esc" onClick={onEnd} />
        </div>
        <div role="status">
          <h2>
            {step.title} {step.command !== null && <CommandKey id={step.command} />}
          </h2>
          <p>{step.text}</p>
        </div>
        <div class="tour-foot">
          <span class="tour-dots" aria-hidden="true">
            {Array.from({ length: total }, (_, index) => (
              <span key={index} class={index < number ? "tour-dot passed" : "tour-dot"} />
            ))}
          </span>
          <Button tone={last ? "primary" : "default"} onClick={onNext}>
            {last ? "Done" : "Next"}
          </Button>
        </div>
      </section>
    </>
  );
}

/** Tells of every action, and of panels and dialogs as they open. */
function watch({ session, state, panel, dialog }: Workspace, tell: (happened: Happened) => void): () => void {
  const now = (action: Happened["action"]) => ({
    state: state.peek(),
    action,
    panel: panel.peek(),
    dialog: dialog.peek(),
  });
  let begun = false; // what is open when a step begins counts, too, but not at once
  const stops = [
    session.store.watch((_after, _before, action) => tell(now(action))),
    panel.subscribe(() => begun && tell(now(null))),
    dialog.subscribe(() => begun && tell(now(null))),
  ];
  begun = true;
  return () => {
    for (const stop of stops) stop();
  };
}

/** Keeps the card beside its control, and the ring around it, wherever the page moves them. */
function follow({ anchor, align }: TourStep, card: HTMLElement | null, ring: HTMLElement | null): () => void {
  const place = () => {
    if (card === null || ring === null) return;
    const control = document.querySelector(anchor);
    const box = control?.getBoundingClientRect();
    ring.hidden = box === undefined;
    if (box === undefined) {
      const stage =
        document.querySelector(".stage")?.getBoundingClientRect() ?? document.body.getBoundingClientRect();
      const foot = { left: stage.left, right: stage.right, top: stage.bottom, bottom: stage.bottom };
      placeBeside(card, foot, "centre");
      return;
    }
    placeBeside(card, box, align);
    ring.style.left = `${box.left - 3}px`;
    ring.style.top = `${box.top - 3}px`;
    ring.style.width = `${box.width + 6}px`;
    ring.style.height = `${box.height + 6}px`;
  };
  place();
  const timer = setInterval(place, MEASURE_MS);
  return () => clearInterval(timer);
}

/** Unless the key has something to cancel in the annotator first. */
export function skipOnEscape(
  { state, host, dialog, picking }: Pick<Workspace, "state" | "host" | "dialog" | "picking">,
  onEnd: () => void,
): () => void {
  const listen = (event: KeyboardEvent) => {
    const { prompt, proposals, past, stroke } = state.peek();
    const drawing = stroke !== null || outlineHere(state.peek()) !== null;
    const busy = drawing || host.busy || dialog.peek() !== null || picking.peek() !== null;
    if (event.key === "Escape" && !busy && !prompt && !proposals && !past) onEnd();
  };
  window.addEventListener("keydown", listen, { capture: true });
  return () => window.removeEventListener("keydown", listen, { capture: true });
}

// The frames of the series: which are annotated, which one is in sight; step, scrub, play.

import { computed, effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Annotator } from "../../state/annotator/model";
import { calibrationOf, frameCounts } from "../../state/annotator/view";
import { IconButton } from "../../ui/Button";
import { useView, useWorkspace } from "./workspace";

const RATES = [2, 5, 10, 15, 25, 50];

export function Timeline() {
  const { dispatch, state: annotator } = useWorkspace();
  const frame = useView((state) => state.frame);
  const frames = useView((state) => state.series.frames);
  const playing = useView((state) => state.playing);
  const rate = useView((state) => state.framesPerSecond);
  const interval = useView((state) => calibrationOf(state).frame_interval_s);
  const show = (wanted: number) => {
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame: wanted });
  };
  if (frames === 1) return null; // an image has no time
  return (
    <section class="timeline" aria-label="Timeline">
      <div class="timeline-controls">
        <IconButton
          icon="chevron-left"
          label="Previous frame"
          shortcut="←"
          disabled={frame === 0}
          onClick={() => show(frame - 1)}
        />
        <IconButton
          icon={playing ? "pause" : "play"}
          label={playing ? "Pause" : "Play"}
          shortcut="P"
          disabled={frames === 1}
          onClick={() => dispatch({ type: "play", playing: !playing })}
        />
        <IconButton
          icon="chevron-right"
          label="Next frame"
          shortcut="→"
          disabled={frame === frames - 1}
          onClick={() => show(frame + 1)}
        />
      </div>
      <label class="timeline-frame">
        <span class="visually-hidden">Frame</span>
        <input
          class="input"
          type="number"
          min={1}
          max={frames}
          value={frame + 1}
          onChange={(event) => {
            const { value } = event.currentTarget;
            if (value !== "") show(Number(value) - 1);
            event.currentTarget.value = String(annotator.peek().frame + 1); // nothing typed, or a frame too far
          }}
        />
        <span class="muted number">of {frames}</span>
      </label>
      <Track />
      {interval !== null && <span class="timeline-time muted number">{(frame * interval).toFixed(2)} s</span>}
      <label class="timeline-rate">
        <span class="visually-hidden">Frames per second</span>
        <span class="select">
          <select
            class="input"
            value={rate}
            onChange={(event) =>
              dispatch({ type: "rate", framesPerSecond: Number(event.currentTarget.value) })
            }
          >
            {RATES.map((value) => (
              <option key={value} value={value}>
                {value} fps
              </option>
            ))}
          </select>
        </span>
      </label>
    </section>
  );
}

/** The bar to scrub on. Drawn, because a series may have ten thousand frames. */
function Track() {
  const { state, dispatch } = useWorkspace();
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useView((all) => all.frame);
  const frames = useView((all) => all.series.frames);
  const accepted = useView((all) => frameCounts(all).get(all.frame)?.accepted ?? 0);

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const draw = () => drawTrack(element, state.peek());
    const frameInSight = computed(() => state.value.frame);
    const counts = computed(() => frameCounts(state.value));
    const stop = effect(() => {
      frameInSight.value;
      counts.value;
      draw();
    });
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    const themes = new MutationObserver(draw);
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    return () => {
      stop();
      observer.disconnect();
      themes.disconnect();
    };
  }, [state]);

  const scrub = (event: PointerEvent & { currentTarget: HTMLCanvasElement }) => {
    if (event.buttons !== 1) return;
    const bounds = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - bounds.left) / bounds.width;
    dispatch({ type: "play", playing: false });
    dispatch({ type: "frame/show", frame: Math.floor(share * frames) });
  };
  return (
    <canvas
      ref={canvas}
      class="timeline-track"
      role="slider"
      tabIndex={0}
      aria-label="Frame"
      aria-valuemin={1}
      aria-valuemax={frames}
      aria-valuenow={frame + 1}
      aria-valuetext={`Frame ${frame + 1} of ${frames}, ${accepted} objects`}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        scrub(event);
      }}
      onPointerMove={scrub}
    />
  );
}

function drawTrack(canvas: HTMLCanvasElement, state: Annotator): void {
  const context = canvas.getContext("2d");
  const ratio = window.devicePixelRatio;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (context === null || width === 0) return;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name);
  const { frames } = state.series;
  const cell = width / frames;
  const gap = cell >= 5 ? 1 : 0;
  const rail = { top: 7, height: height - 14 };
  context.fillStyle = colour("--track-empty");
  context.fillRect(0, rail.top, width, rail.height);
  for (const [frame, { accepted, proposals }] of frameCounts(state)) {
    if (accepted + proposals === 0) continue;
    context.fillStyle = colour(accepted > 0 ? "--track-accepted" : "--track-proposed");
    context.fillRect(frame * cell, rail.top, Math.max(1.5, cell - gap), rail.height);
  }
  if (gap > 0) {
    context.fillStyle = colour("--track-gap");
    for (let frame = 1; frame < frames; frame++) context.fillRect(frame * cell - 1, rail.top, 1, rail.height);
  }
  const x = state.frame * cell;
  const marker = Math.max(4, cell - gap);
  context.strokeStyle = colour("--track-marker");
  context.lineWidth = 2;
  context.beginPath();
  context.roundRect(Math.min(x, width - marker) + 1, 3, Math.max(3, marker - 2), height - 6, 2);
  context.stroke();
}

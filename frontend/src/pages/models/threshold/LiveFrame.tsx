// A frame with the masks that the present settings find, redrawn as they change.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { agreement, ownerMap, paintOwners, type Rgb } from "../../../geometry/overlay";
import { decoded } from "../../../geometry/rle";
import { frameUrl } from "../../../protocol/addresses";
import type { MaskRle } from "../../../protocol/messages";
import type { Series } from "../../../protocol/rest";
import type { Settings } from "../../../protocol/settings";
import { parseColour } from "../../../render/colours";
import { counted } from "../../../state/format";
import { loadLabels } from "../../../state/models/effects";
import { type LiveNews, type LiveSegmenter, openLive } from "../../../state/models/effects_live";
import { PALETTE } from "../../../state/projects/phases";
import { Checkbox } from "../../../ui/Checkbox";
import { ErrorNote } from "../../../ui/ErrorNote";
import { Select } from "../../../ui/Field";

export interface LiveFrameProps {
  series: Series;
  frame: number;
  parameters: Settings;
}

const zooms = [
  { value: "fit", label: "Fit" },
  { value: "1", label: "100 %" },
  { value: "2", label: "200 %" },
  { value: "4", label: "400 %" },
];

type Found = Extract<LiveNews, { kind: "found" }>;

export function LiveFrame({ series, frame, parameters }: LiveFrameProps) {
  const { id, height, width } = series;
  const canvas = useRef<HTMLCanvasElement>(null);
  const live = useRef<LiveSegmenter | null>(null);
  const found = useSignal<Found | null>(null);
  const problem = useSignal<string | null>(null);
  const busy = useSignal(false);
  const labels = useSignal<{ frame: number; masks: readonly MaskRle[] } | null>(null);
  const zoom = useSignal("fit");
  const shows = useSignal(true);

  useEffect(() => {
    const opened = openLive(id, (news) => {
      busy.value = news.kind === "waiting" || news.kind === "offline";
      if (news.kind === "found") found.value = news;
      if (news.kind !== "waiting") problem.value = news.kind === "problem" ? news.message : null;
    });
    live.current = opened;
    return () => opened.close();
  }, [id, busy, found, problem]);
  useEffect(() => {
    live.current?.ask({ frame, model: "threshold", version: null, parameters });
  }, [frame, parameters]);
  useEffect(() => {
    const stop = new AbortController();
    loadLabels(id, frame, stop.signal).then(
      (masks) => {
        if (!stop.signal.aborted) labels.value = { frame, masks };
      },
      () => undefined, // the agreement is a hint; the masks are seen without it
    );
    return () => stop.abort();
  }, [id, frame, labels]);

  const present = found.value?.frame === frame ? found.value : null;
  const visible = shows.value;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, width, height);
    if (present === null || !visible) return;
    const masks = present.instances.map((one) => decoded(one.mask));
    const pixels = paintOwners(ownerMap(masks, height, width), height, width, colourOf);
    context.putImageData(new ImageData(pixels, width, height), 0, 0);
  }, [present, visible, height, width]);

  const truth = labels.value?.frame === frame ? labels.value.masks : [];
  const agrees =
    present === null || truth.length === 0
      ? null
      : agreement(
          present.instances.map((one) => decoded(one.mask)),
          truth.map(decoded),
          height,
          width,
        );
  return (
    <>
      <div class="live-head">
        <span class="live-count" role="status">
          {present === null ? (
            <span class="muted">{problem.value === null ? "Looking for objects…" : "No masks"}</span>
          ) : (
            <>
              <strong class="number">{counted(present.instances.length, "object")}</strong>
              <span class="muted number">
                {" "}
                in {Math.round(present.tookMs)} ms{busy.value ? ", again…" : ""}
              </span>
            </>
          )}
          {agrees !== null && (
            <span class="number" title="Of the union of all objects with the union of all accepted masks">
              {" · "}IoU <strong>{agrees.iou.toFixed(3)}</strong>, Dice{" "}
              <strong>{agrees.dice.toFixed(3)}</strong>
              <span class="muted"> with {counted(truth.length, "accepted mask")}</span>
            </span>
          )}
        </span>
        <Checkbox
          label="Show masks"
          checked={visible}
          onValue={(checked) => {
            shows.value = checked;
          }}
        />
        <Select
          label="Zoom"
          hideLabel
          value={zoom.value}
          choices={zooms}
          onValue={(value) => {
            zoom.value = value;
          }}
        />
      </div>
      {problem.value !== null && <ErrorNote message={problem.value} />}
      <section
        class="live-frame"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll an enlarged frame
        tabIndex={0}
        aria-label={`Frame ${frame + 1} with the masks found`}
      >
        <div
          class={zoom.value === "fit" ? "live-layers fit" : "live-layers"}
          style={layersSize(zoom.value, series)}
        >
          <img src={frameUrl(id, frame)} alt={`Frame ${frame + 1}`} width={width} height={height} />
          <canvas ref={canvas} width={width} height={height} />
        </div>
      </section>
    </>
  );
}

function layersSize(zoom: string, { width, height }: Series): Record<string, string> {
  if (zoom === "fit") return { aspectRatio: `${width} / ${height}` };
  return { width: `${width * Number(zoom)}px`, height: `${height * Number(zoom)}px` };
}

const COLOURS: readonly Rgb[] = PALETTE.map(parseColour);

const colourOf = (index: number): Rgb => COLOURS[index % COLOURS.length] ?? [255, 255, 255];

// Saves what is in view, or the whole frame, as a PNG: with or without masks, scale bar and time.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Corner, ScaleBarStyle } from "../../../geometry/scale_bar";
import { type Picture, paintPicture, pictureSize } from "../../../render/picture";
import { calibrationOf } from "../../../state/annotator/view";
import { interval } from "../../../state/format";
import { Button } from "../../../ui/Button";
import { Checkbox } from "../../../ui/Checkbox";
import { Dialog } from "../../../ui/Dialog";
import { ErrorNote } from "../../../ui/ErrorNote";
import { Select } from "../../../ui/Field";
import { useView, useWorkspace, type Workspace } from "../workspace";
import { type AwaitedChunks, startAwaitedChunks } from "./awaited_chunks";
import { CORNER_NAMES, cornerChoices, ScaleBarSettings } from "./ScaleBarSettings";
import { saveFile } from "./save_file";

const PREVIEW_PX = 420;
const LETTERS_AT_PX = 900; // a picture as wide as this has letters as large as the screen's

type Resolution = "screen" | "1" | "2" | "4";

interface Wish {
  readonly area: "view" | "frame";
  readonly resolution: Resolution;
  readonly masks: Picture["masks"];
  readonly scaleBar: ScaleBarStyle;
  readonly stamp: "none" | "time" | "frame";
  readonly corner: Corner;
  readonly rulers: boolean;
}

export function PictureDialog({ onClose }: { onClose: () => void }) {
  const workspace = useWorkspace();
  const state = workspace.state.peek(); // the picture is of the moment when the dialog was opened
  const calibration = useView(calibrationOf);
  const { display, series, frame } = state;
  const rulers = state.rulers.filter((ruler) => ruler.frame === frame);
  const wish = useSignal<Wish>({
    area: "view",
    resolution: "screen",
    masks: display.masks ? "all" : "none",
    scaleBar: display.scaleBar,
    stamp: "none",
    corner: "top-left",
    rulers: rulers.length > 0,
  });
  const busy = useSignal(false);
  const failure = useSignal<string | null>(null);
  const chunks = useMemo(() => startAwaitedChunks(workspace), [workspace]);
  useEffect(() => () => chunks.close(), [chunks]);
  const change = (values: Partial<Wish>) => {
    wish.value = { ...wish.value, ...values };
  };

  const picture = pictureOf(workspace, wish.value);
  const size = pictureSize(picture);
  const save = async () => {
    busy.value = true;
    failure.value = null;
    try {
      const canvas = await paintPicture(state, picture, chunks.cache, chunks.next);
      const png = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
      if (png === null)
        throw new Error("The browser has no memory left for this picture. Choose a smaller one.");
      saveFile(png, `${series.name} frame ${frame + 1}.png`);
      onClose();
    } catch (cause) {
      failure.value = cause instanceof Error ? cause.message : String(cause);
    } finally {
      busy.value = false;
    }
  };
  const { area, resolution, masks, scaleBar, stamp, corner } = wish.value;
  const interval_s = calibration.frame_interval_s;
  return (
    <Dialog
      title="Save this view as a picture"
      wide
      onClose={onClose}
      onSubmit={() => void save()}
      footer={
        <>
          <span class="muted number picture-size">{`${size.width} × ${size.height} px, PNG`}</span>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" tone="primary" icon="download" busy={busy.value}>
            Save picture
          </Button>
        </>
      }
    >
      <div class="picture-dialog">
        <Preview picture={picture} chunks={chunks} />
        <div class="picture-choices">
          <Select
            label="What"
            value={area}
            choices={[
              { value: "view", label: "What is in view" },
              { value: "frame", label: "The whole frame" },
            ]}
            onValue={(value) => change({ area: value })}
          />
          <Select
            label="Resolution"
            value={resolution}
            choices={[
              { value: "screen", label: "As on the screen" },
              { value: "1", label: "Full: one pixel per image pixel" },
              { value: "2", label: "Twice the full resolution" },
              { value: "4", label: "Four times the full resolution" },
            ]}
            onValue={(value) => change({ resolution: value })}
          />
          <Select
            label="Masks"
            value={masks}
            choices={[
              { value: "all", label: "As on the screen" },
              { value: "outlines", label: "Outlines only" },
              { value: "none", label: "None" },
            ]}
            onValue={(value) => change({ masks: value })}
          />
          <Select
            label="Time stamp"
            value={stamp}
            choices={[
              { value: "none", label: "None" },
              { value: "time", label: "Time", disabled: interval_s === null },
              { value: "frame", label: "Frame number" },
            ]}
            onValue={(value) => change({ stamp: value })}
          />
          {stamp !== "none" && (
            <Select
              label="Corner of the time stamp"
              value={corner}
              choices={cornerChoices}
              onValue={(value) => change({ corner: value })}
            />
          )}
          {stamp !== "none" && scaleBar.shown && corner === scaleBar.corner && (
            <p class="field-error">{`${CORNER_NAMES[corner]} also holds the scale bar. Choose another corner.`}</p>
          )}
          {rulers.length > 0 && (
            <Checkbox
              label="Rulers"
              checked={wish.value.rulers}
              onValue={(checked) => change({ rulers: checked })}
            />
          )}
          <Checkbox
            label="Scale bar"
            checked={scaleBar.shown}
            onValue={(shown) => change({ scaleBar: { ...scaleBar, shown } })}
          />
          {scaleBar.shown && (
            <ScaleBarSettings
              style={scaleBar}
              unit={calibration.pixel_size === null ? "px" : calibration.unit}
              onChange={(style) => change({ scaleBar: style })}
            />
          )}
        </div>
      </div>
      {failure.value !== null && <ErrorNote message={failure.value} />}
    </Dialog>
  );
}

/** The picture small, anew at every change. */
function Preview({ picture, chunks }: { picture: Picture; chunks: AwaitedChunks }) {
  const { state } = useWorkspace();
  const holder = useRef<HTMLDivElement>(null);
  const { width, height } = pictureSize(picture);
  const shrink = Math.min(1, PREVIEW_PX / Math.max(width, height));
  const small = {
    ...picture,
    scale: picture.scale * shrink,
    magnified: Math.max(picture.magnified * shrink, 0.5),
  };
  const from = JSON.stringify(small);
  useEffect(() => {
    let left = false;
    const timer = setTimeout(() => {
      paintPicture(state.peek(), small, chunks.cache, chunks.next).then(
        (canvas) => {
          if (!left) holder.current?.replaceChildren(canvas);
        },
        () => undefined, // saving says what is wrong
      );
    }, 60);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [from]);
  return <div ref={holder} class="picture-preview" role="img" aria-label="Preview of the picture" />;
}

/** What the wish means for the frame in view. */
function pictureOf({ state, viewport }: Workspace, wish: Wish): Picture {
  const present = state.peek();
  const { series, frame } = present;
  const { originX, originY, width, height, scale } = viewport.peek();
  const ratio = window.devicePixelRatio;
  const box =
    wish.area === "frame"
      ? { x0: 0, y0: 0, x1: series.width, y1: series.height }
      : {
          x0: Math.max(0, originX),
          y0: Math.max(0, originY),
          x1: Math.min(series.width, originX + width / scale),
          y1: Math.min(series.height, originY + height / scale),
        };
  const onScreen = wish.resolution === "screen";
  const pictureScale = onScreen ? scale * ratio : Number(wish.resolution);
  const longest = Math.max(box.x1 - box.x0, box.y1 - box.y0) * pictureScale;
  const calibration = calibrationOf(present);
  const time = frame * (calibration.frame_interval_s ?? 0);
  const texts = { none: null, time: interval(time), frame: `Frame ${frame + 1}` };
  const text = texts[wish.stamp];
  return {
    ...box,
    scale: pictureScale,
    magnified: onScreen ? ratio : Math.max(1, longest / LETTERS_AT_PX),
    masks: wish.masks,
    scaleBar: wish.scaleBar,
    calibration,
    stamp: text === null ? null : { text, corner: wish.corner },
    rulers: wish.rulers ? present.rulers.filter((ruler) => ruler.frame === frame) : [],
  };
}

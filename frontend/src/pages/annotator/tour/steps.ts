// What the tour shows, one action after the other, and how it knows that the action was done. Pure.

import type { Annotator } from "../../../state/annotator/model";
import type { Action } from "../../../state/annotator/reduce";
import type { CommandId } from "../../../tools/commands";
import type { Alignment } from "../../../ui/placement";
import type { DialogName, PanelName } from "../workspace";

/** What a step may look at to see that it is done. */
export interface Happened {
  readonly state: Annotator;
  /** The latest action; null: a panel or a dialog opened. */
  readonly action: Action | null;
  readonly panel: PanelName;
  readonly dialog: DialogName | null;
}

export interface TourStep {
  readonly title: string;
  readonly text: string;
  /** Whose key does it; null: only the pointer. */
  readonly command: CommandId | null;
  /** Selects the control that it is about. */
  readonly anchor: string;
  readonly align: Alignment;
  done(happened: Happened): boolean;
}

const SERIES_ONLY = new Set(["Go through the frames", "Follow objects"]);

export const tourSteps: readonly TourStep[] = [
  {
    title: "Click an object",
    text: "The point tool is in hand. Click in the middle of a particle: a model draws its outline.",
    command: "tool.point",
    anchor: '[data-tour="point"]',
    align: "beside",
    done: ({ state }) => (state.prompt?.answer?.candidates.length ?? 0) > 0,
  },
  {
    title: "Keep the mask",
    text: "Tab shows the model's other outlines. Enter keeps the one in sight; it is saved at once.",
    command: "prompt.accept",
    anchor: ".stage-bars .stage-bar",
    align: "centre",
    done: ({ action }) => action?.type === "prompt/accept",
  },
  {
    title: "Correct it with the brush",
    text: "Take the brush and drag over the edge of the mask: what you paint is added, with Alt it is taken away.",
    command: "tool.brush",
    anchor: '[data-tour="brush"]',
    align: "beside",
    done: ({ action }) => action?.type === "stroke/finish",
  },
  {
    title: "Take it back",
    text: "Every gesture is a version of its own. Nothing is ever lost, and each can be undone.",
    command: "undo",
    anchor: '[data-tour="undo"]',
    align: "beside",
    done: ({ action }) => action?.type === "undo",
  },
  {
    title: "Go through the frames",
    text: "Drag on the timeline, or step with the arrow keys. Marks show which frames are annotated.",
    command: "frame.next",
    anchor: ".timeline-track",
    align: "centre",
    done: ({ action }) => action?.type === "frame/show",
  },
  {
    title: "Follow objects",
    text: "Open Track: it follows what you annotated through the series, with merges and splits.",
    command: null,
    anchor: "#tab-track",
    align: "end",
    done: ({ panel }) => panel === "track",
  },
  {
    title: "Look back",
    text: "Open History: who changed what, when, with which model. Any version can be seen and restored.",
    command: null,
    anchor: "#tab-history",
    align: "end",
    done: ({ panel }) => panel === "history",
  },
  {
    title: "Take it with you",
    text: "Export writes any version as COCO, label images or YOLO: the same version always gives the same bytes.",
    command: null,
    anchor: '[data-tour="export"]',
    align: "end",
    done: ({ dialog }) => dialog === "export",
  },
];

/** An image has no time: its tour is shorter. */
export const stepsFor = (frames: number): readonly TourStep[] =>
  frames > 1 ? tourSteps : tourSteps.filter(({ title }) => !SERIES_ONLY.has(title));

// Runs the tool in hand: one gesture at a time, from press to release or cancel.

import type { ToolName } from "../state/annotator/model";
import { mayEdit } from "../state/annotator/view";
import { box } from "./box";
import { brush, eraser } from "./brush";
import { contrast } from "./contrast";
import { lasso } from "./lasso";
import { magnetic } from "./magnetic";
import { pan } from "./pan";
import { point } from "./point";
import { polygon } from "./polygon";
import { profile } from "./profile";
import { ruler } from "./ruler";
import { select } from "./select";
import { split } from "./split";
import type { Gesture, Pointer, PointerDown, Tool, ToolContext } from "./tool";

export const tools: Readonly<Record<ToolName, Tool>> = {
  select,
  point,
  box,
  brush,
  eraser,
  polygon,
  lasso,
  magnetic,
  split,
  pan,
  contrast,
  ruler,
  profile,
};

export class ToolHost {
  private running: { gesture: Gesture; tool: Tool } | null = null;
  /** The hand is held ready, whatever the tool: the space bar is down. */
  holding = false;

  constructor(private readonly context: ToolContext) {}

  /** The tool that a press would use now. */
  get tool(): Tool {
    if (this.running !== null) return this.running.tool;
    const { state } = this.context;
    const chosen = tools[state.tool];
    if (this.holding) return pan;
    return chosen.harmless || mayEdit(state) ? chosen : select;
  }

  get busy(): boolean {
    return this.running !== null;
  }

  down(down: PointerDown): void {
    this.cancel();
    const tool = down.button === "middle" ? pan : this.tool;
    const gesture = tool.gesture(this.context, down);
    if (gesture !== null && gesture.next().done !== true) this.running = { gesture, tool };
  }

  move(pointer: Pointer): void {
    this.advance(pointer, false);
  }

  up(pointer: Pointer): void {
    this.advance(pointer, true);
  }

  cancel(): void {
    const running = this.running;
    this.running = null;
    running?.gesture.return();
  }

  private advance(pointer: Pointer, released: boolean): void {
    const { running } = this;
    if (running === null) return;
    const { done } = running.gesture.next({ ...pointer, released });
    if (done === true || released) this.running = null;
  }
}

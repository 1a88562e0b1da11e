// The frames that the timeline shows, and the gestures that change them.

import type { Signal } from "@preact/signals";
import { panTime, type TimeSpan, zoomTime } from "../../geometry/time_axis";

export interface TimeAxis {
  readonly span: Signal<TimeSpan>;
  /** Of the bar to scrub on, in px of the window. */
  readonly place: Signal<{ readonly left: number; readonly width: number }>;
  readonly frames: number;
}

const ZOOM_PER_PX = 1.0025;

/** With Ctrl a wheel zooms at the pointer; sideways, or with Shift, it moves through time. True: the wheel is used. */
export function wheelTime(axis: TimeAxis, event: WheelEvent): boolean {
  const { span, place, frames } = axis;
  const { left, width } = place.peek();
  if (width === 0) return false;
  if (event.ctrlKey || event.metaKey) {
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    span.value = zoomTime(span.peek(), frames, share, ZOOM_PER_PX ** -event.deltaY);
    return true;
  }
  const across = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
  if (across === 0 || Math.abs(across) < Math.abs(event.deltaY) !== event.shiftKey) return false;
  if (span.peek().count >= frames) return false;
  span.value = panTime(span.peek(), frames, (across / width) * span.peek().count);
  return true;
}

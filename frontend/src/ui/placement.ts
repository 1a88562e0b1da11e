// Where a floating box goes: below its anchor, above it when there is no room, never outside the window. Or "beside"
// it: at its right, for anchors that stand in a column.

const GAP = 6;
const MARGIN = 8;

export type Alignment = "start" | "end" | "centre" | "beside";

export interface Rectangle {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export interface Size {
  width: number;
  height: number;
}

/** The top left corner of a floating box of `size` beside `anchor` in a window of `room`. */
export function placement(
  anchor: Rectangle,
  size: Size,
  room: Size,
  align: Alignment,
): { x: number; y: number } {
  if (align === "beside") {
    const middle = (anchor.top + anchor.bottom - size.height) / 2;
    return {
      x: anchor.right + GAP,
      y: Math.max(MARGIN, Math.min(middle, room.height - size.height - MARGIN)),
    };
  }
  const wanted = {
    start: anchor.left,
    end: anchor.right - size.width,
    centre: (anchor.left + anchor.right - size.width) / 2,
  }[align];
  const x = Math.max(MARGIN, Math.min(wanted, room.width - size.width - MARGIN));
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - size.height;
  const fitsBelow = below + size.height <= room.height - MARGIN;
  if (fitsBelow) return { x, y: below };
  return { x, y: above >= MARGIN ? above : Math.max(MARGIN, room.height - size.height - MARGIN) };
}

export function placeBeside(element: HTMLElement, anchor: Rectangle, align: Alignment): void {
  const size = element.getBoundingClientRect();
  const { x, y } = placement(anchor, size, { width: window.innerWidth, height: window.innerHeight }, align);
  element.style.left = `${x}px`;
  element.style.top = `${y}px`;
}

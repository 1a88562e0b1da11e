// How high the lanes stand and whether they are open, kept in this browser.

const OPEN = "graticule/lanes/open";
const HEIGHT = "graticule/lanes/height";
const USUAL_HEIGHT_PX = 174;
export const LEAST_HEIGHT_PX = 64;

/** Null where nobody has chosen yet. */
export function lanesWanted(): boolean | null {
  const text = localStorage.getItem(OPEN);
  return text === null ? null : text === "true";
}

export function keepLanesWanted(open: boolean): void {
  keep(OPEN, String(open));
}

export function lanesHeight(): number {
  const height = Number(localStorage.getItem(HEIGHT));
  return height >= LEAST_HEIGHT_PX ? height : USUAL_HEIGHT_PX;
}

export function keepLanesHeight(height: number): void {
  keep(HEIGHT, String(Math.round(height)));
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // The storage is full: the next page begins with the usual look.
  }
}

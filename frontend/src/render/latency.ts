// How long a click takes until its mask is on screen, as performance measures named "click-to-mask".

export const CLICK_TO_MASK = "click-to-mask";

export class ClickTimer {
  private readonly asked = new Map<string, number>();

  /** A prompt went out; `at` is when the pointer went down (or up, for a box), on performance.now()'s clock. */
  ask(requestId: string, at: number): void {
    this.asked.set(requestId, at);
  }

  /** The answer was drawn. The frame that shows it is over when the next one begins, so time stops there. */
  drawn(requestId: string): void {
    const start = this.asked.get(requestId);
    if (start === undefined) return;
    this.asked.clear(); // older prompts were superseded
    requestAnimationFrame(() => {
      performance.measure(CLICK_TO_MASK, { start, end: performance.now(), detail: { requestId } });
    });
  }
}

// How long a job still takes, from how fast it was while it was watched. Pure.

/** `at` in ms; `progress` 0 to 1. */
export interface Reached {
  readonly at: number;
  readonly progress: number;
}

const ENOUGH = 0.02;
const ENOUGH_MS = 10_000;

/** In seconds; null as long as too little was done since to tell. */
export function timeLeft(since: Reached, now: Reached): number | null {
  const [gained, passed] = [now.progress - since.progress, now.at - since.at];
  if (gained <= 0 || passed <= 0 || (gained < ENOUGH && passed < ENOUGH_MS)) return null;
  return ((1 - now.progress) * passed) / gained / 1000;
}

/** "about 2 min left". */
export function timeLeftText(seconds: number): string {
  if (seconds < 50) return "under 1 min left";
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `about ${minutes} min left` : `about ${Math.round(seconds / 3600)} h left`;
}

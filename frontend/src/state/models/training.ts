// What a training is asked for, and how its log becomes curves. Pure.

import type { CurveRow, ProjectModel, Recipe, Split, TrainingRequest } from "../../protocol/models";
import { counted, duration } from "../format";

/** The form, as a person fills it in. */
export interface TrainingPlan {
  readonly model: string;
  readonly config: string;
  readonly name: string;
  /** Chosen series: their version, null for the present one. */
  readonly series: ReadonlyMap<string, number | null>;
  readonly phases: readonly string[];
  readonly by: Split["by"];
  /** Series that only validate, when split by series. */
  readonly held: ReadonlySet<string>;
  readonly block: number;
  readonly share: number;
  readonly gap: number;
  readonly minutes: number;
  readonly epochs: number | null;
  readonly seed: number;
  /** A version, the usual weights, or null for new ones. */
  readonly start: string | null;
}

export const USUAL = "usual";

/** Where to start unless a person says otherwise: what has learnt already needs fewer labels and less time. */
export function usualStart(model: ProjectModel, config: string): string | null {
  if (model.bundled === null) return null;
  const theirs = model.bundled.metadata.config;
  return theirs === undefined || theirs === config ? USUAL : null;
}

export const emptyPlan: TrainingPlan = {
  model: "",
  config: "",
  name: "",
  series: new Map(),
  phases: [],
  by: "blocks",
  held: new Set(),
  block: 10,
  share: 0.2,
  gap: 1,
  minutes: 30,
  epochs: null,
  seed: 0,
  start: null,
};

export function trainingRequest(plan: TrainingPlan): TrainingRequest {
  const request: TrainingRequest = {
    model: plan.model,
    config: plan.config,
    name: plan.name.trim(),
    series: [...plan.series].map(([id, version]) => (version === null ? { id } : { id, version })),
    phases: [...plan.phases],
    split:
      plan.by === "series"
        ? { by: "series", validation: [...plan.held].filter((id) => plan.series.has(id)) }
        : { by: "blocks", block: plan.block, share: plan.share, gap: plan.gap },
    time_budget_s: Math.round(plan.minutes * 60),
    seed: plan.seed,
    start: plan.start === USUAL ? null : plan.start,
    from_usual: plan.start === USUAL,
  };
  if (plan.epochs !== null) request.epochs = plan.epochs;
  return request;
}

export type Points = readonly (readonly [x: number, y: number])[];

/** One column over another; rows without a finite value of both are left out. */
export function points(rows: readonly CurveRow[], x: keyof CurveRow, y: keyof CurveRow): Points {
  return rows.flatMap((row) => {
    const [at, value] = [row[x], row[y]];
    return isNumber(at) && isNumber(value) ? [[at, value] as const] : [];
  });
}

/** Over what the curves run: seconds where the log has them, else steps. */
export function axisOf(rows: readonly CurveRow[]): { column: "seconds" | "step" | "epoch"; title: string } {
  if (rows.some((row) => isNumber(row.seconds))) return { column: "seconds", title: "training time (s)" };
  if (rows.some((row) => isNumber(row.step))) return { column: "step", title: "step" };
  return { column: "epoch", title: "epoch" };
}

const isNumber = (value: number | null | undefined): value is number =>
  typeof value === "number" && Number.isFinite(value);

/** The seconds that are left of what progress took so far; null while too little is done to say. */
export function secondsLeft(progress: number, elapsedS: number): number | null {
  if (progress < 0.02 || elapsedS < 2) return null;
  return (elapsedS * (1 - progress)) / progress;
}

/** "about 3 min", "about 40 s": as exact as a guess deserves. */
export function roughly(seconds: number): string {
  if (seconds < 10) return "a few seconds";
  if (seconds < 90) return `about ${Math.round(seconds / 10) * 10} s`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min`;
  return `about ${(seconds / 3600).toFixed(1)} h`;
}

/** "at most 30 min and 20 epochs, seed 0" */
export function recipeText({ time_budget_s: budget, epochs, seed }: Recipe): string {
  const limits = [
    ...(budget === undefined ? [] : [duration(budget)]),
    ...(epochs === undefined || epochs === null ? [] : [counted(epochs, "epoch")]),
  ];
  const parts = [
    ...(limits.length === 0 ? [] : [`at most ${limits.join(" and ")}`]),
    ...(seed === undefined ? [] : [`seed ${seed}`]),
  ];
  return parts.join(", ");
}

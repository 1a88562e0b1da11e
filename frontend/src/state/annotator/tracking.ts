// Following objects through time: what is asked for, in values and in words. Pure.

import type { Job } from "../../protocol/rest";
import type { Tracker, TrackingRequest } from "../../protocol/tracking";
import { counted } from "../format";
import { INTERPOLATION } from "./interpolate";
import { chosenTracks } from "./lineage";
import type { Annotator, Tracking } from "./model";
import { chosenSegmenter } from "./segmenters";
import { frameCounts, objectOf, objectsOn } from "./view";
import { listed, trackName } from "./words";

const MOST_NAMES = 4;

/** The one that is chosen, else the usual one, as long as it can run. */
export function chosenTracker({
  trackers,
  tracking,
}: Pick<Annotator, "trackers" | "tracking">): Tracker | undefined {
  const able = trackers.filter(({ available }) => available);
  return (
    able.find(({ name }) => name === tracking.tracker) ?? able.find((tracker) => tracker.default) ?? able[0]
  );
}

/** The frame where following ends, the one in sight being where it starts. */
export function endOf({ tracking, series }: Pick<Annotator, "tracking" | "series">): number {
  switch (tracking.where) {
    case "end":
      return series.frames - 1;
    case "beginning":
      return 0;
    case "frame":
      return tracking.to;
  }
}

/** The objects that are followed by name; null: not by name. */
function named(state: Annotator): string[] | null {
  if (state.tracking.what !== "selected") return null;
  return chosenTracks(state).filter((track) => objectOf(state, track, state.frame) !== undefined);
}

/** What "Start" asks for. */
export function trackingOf(state: Annotator): TrackingRequest | null {
  const tracker = chosenTracker(state);
  if (tracker === undefined || whyNotTrack(state) !== null) return null;
  const { model, version, parameters } = state.segmenter;
  return {
    model,
    version,
    parameters: { ...parameters },
    tracker: tracker.name,
    frames: { start: state.frame, end: endOf(state) },
    tracks: named(state),
    new_objects: state.tracking.what === "everything",
  };
}

/** Why nothing can be started; null where it can. */
export function whyNotTrack(state: Annotator): string | null {
  const { frame, tracking } = state;
  if (chosenTracker(state) === undefined) return "No tracker is installed that can run.";
  if (chosenSegmenter(state) === undefined) return "Choose a segmenter that can run.";
  if (endOf(state) === frame) {
    return `Frame ${frame + 1} is where it would start and end. Choose another frame, or another direction.`;
  }
  if (tracking.what === "selected" && named(state)?.length === 0) {
    return "None of the selected objects is on this frame. Click one; with Shift, more.";
  }
  if (tracking.what === "frame" && objectsOn(state, frame).length === 0) {
    return "This frame has no objects to follow. Draw one or segment the frame, or follow everything.";
  }
  return null;
}

/** What will happen, in a sentence or three. */
export function trackingText(state: Annotator): string {
  const { frame, tracking } = state;
  const end = endOf(state);
  const way = end > frame ? "forward" : "backward";
  const frames = counted(Math.abs(end - frame), "frame");
  const sentences = [`${subject(state)}, ${way} to frame ${end + 1} (${frames}).`];
  const { accepted, proposals } = onTheWay(state, frame, end);
  if (accepted > 0) {
    sentences.push(`${counted(accepted, "accepted mask")} on the way ${accepted === 1 ? "is" : "are"} kept.`);
  }
  if (proposals > 0 && tracking.what === "everything") {
    sentences.push(`${counted(proposals, "proposal")} there ${proposals === 1 ? "is" : "are"} replaced.`);
  } else if (proposals > 0) {
    sentences.push("What is proposed there for the same objects is replaced.");
  }
  return sentences.join(" ");
}

function subject(state: Annotator): string {
  const { frame, tracking } = state;
  const here = objectsOn(state, frame).length;
  if (tracking.what === "selected") {
    const tracks = named(state) ?? [];
    const names = tracks.length > MOST_NAMES ? [] : tracks.map((track) => trackName(state, track));
    return `Follows ${names.length > 0 ? listed(names) : counted(tracks.length, "object")} from frame ${frame + 1}`;
  }
  if (tracking.what === "frame") return `Follows the ${counted(here, "object")} of frame ${frame + 1}`;
  return here === 0
    ? `Finds the objects of frame ${frame + 1} and follows them, with what appears later`
    : `Follows the ${counted(here, "object")} of frame ${frame + 1} and what appears`;
}

/** How many masks there are behind the start, up to the end. */
function onTheWay(state: Annotator, start: number, end: number): { accepted: number; proposals: number } {
  const sum = { accepted: 0, proposals: 0 };
  for (const { frame, accepted, proposals } of frameCounts(state).values()) {
    if (frame < Math.min(start, end) || frame > Math.max(start, end) || frame === start) continue;
    sum.accepted += accepted;
    sum.proposals += proposals;
  }
  return sum;
}

/** Whether a correction was just made here on what a tracker followed: it may be followed anew. */
export function offersRetrack(state: Annotator): boolean {
  const { corrected, frame, series, past } = state;
  return corrected === frame && past === null && frame + 1 < series.frames && isTracked(state);
}

function isTracked(state: Annotator): boolean {
  if (state.lastTracking !== null) return true;
  const near = [state.frame - 1, state.frame, state.frame + 1];
  const trackers = near.flatMap((frame) => objectsOn(state, frame).map(({ origin }) => origin.tracker));
  return trackers.some((tracker) => tracker !== null && tracker !== INTERPOLATION);
}

/** The last tracking once more, from the frame in sight forward; without one, everything as it is chosen. */
export function retrackingOf(state: Annotator): TrackingRequest | null {
  const { frame, series, lastTracking } = state;
  if (frame + 1 >= series.frames) return null;
  const last = series.frames - 1;
  if (lastTracking === null) {
    return trackingOf({ ...state, tracking: { ...state.tracking, what: "everything", where: "end" } });
  }
  const { frames } = lastTracking;
  const end = frames.end > frame ? frames.end : last;
  const tracks = lastTracking.tracks?.filter((track) => objectOf(state, track, frame) !== undefined) ?? null;
  if (tracks !== null && state.selection !== null) {
    const { track } = state.selection; // what was just corrected
    if (!tracks.includes(track) && objectOf(state, track, frame) !== undefined) tracks.push(track);
  }
  if (tracks?.length === 0) return null;
  return { ...lastTracking, frames: { start: frame, end }, tracks };
}

/** A job that failed goes on, as it was asked, from the frame that it wrote last. Null where it wrote none. */
export function continuationOf({ written }: Annotator, job: Job): TrackingRequest | null {
  const start = written.get(job.id)?.newest;
  if (start === undefined || job.parameters === null) return null;
  const { end } = job.parameters.frames;
  return start === end ? null : { ...job.parameters, frames: { start, end } };
}

/** First and last of the frames that a job was about; null where it wrote none. */
export function framesOf(
  { written }: Pick<Annotator, "written">,
  { id, parameters, result }: Job,
): { first: number; last: number } | null {
  if (parameters === null || (!written.has(id) && (result.masks ?? 0) === 0)) return null;
  const { start, end } = parameters.frames;
  return { first: Math.min(start, end), last: Math.max(start, end) };
}

export function changedTracking(tracking: Tracking, change: Partial<Tracking>, frames: number): Tracking {
  const next = { ...tracking, ...change };
  return { ...next, to: Math.min(frames - 1, Math.max(0, Math.round(next.to))) };
}

// What the server says, merged into what is known. The newest revision of each thing wins, in whatever order they come.

import type {
  Changeset,
  EventRevision,
  MaskRevision,
  ServerMessage,
  TrackRevision,
} from "../../protocol/messages";
import type { SeriesState } from "../../protocol/rest";
import { forget } from "./history";
import { withChangeset, withNothingTo } from "./lanes";
import type { Annotator, Events, FrameMasks, PendingCommit, Problem, Tracks } from "./model";
import { settle, withSaved } from "./versions";

const MOST_FRAMES = 240; // beyond, masks of frames far from the one in sight are let go

export function receive(state: Annotator, message: ServerMessage): Annotator {
  switch (message.type) {
    case "hello":
      return {
        ...state,
        connection: "online",
        role: message.role,
        archived: message.archived,
        user: message.user,
        ...heard(state, message.version),
      };
    case "series.archived":
      return { ...state, archived: message.archived };
    case "series.head":
      return { ...state, ...heard(state, message.version) };
    case "changeset.committed":
      return applyChangeset(state, message.changeset);
    case "series.changes": {
      const applied = message.changesets.reduce(applyChangeset, state);
      // An empty answer says that nothing lies in between.
      const head = message.changesets.length === 0 ? Math.max(applied.head, message.head) : applied.head;
      const lanes = message.changesets.length === 0 ? withNothingTo(applied.lanes, head) : applied.lanes;
      return { ...applied, lanes, head, ...heard(applied, message.head) };
    }
    case "changeset.conflict":
      return withProblem(state, message.request_id, { kind: "conflict", conflicts: message.conflicts });
    case "error":
      return receiveError(state, message.message, message.request_id);
    case "frame.ready":
      return { ...state, ready: new Set(state.ready).add(`${message.model}/${message.frame}`) };
    case "prompt.predicted": {
      const { prompt } = state;
      // The newest question wins: the answer to an older one comes too late.
      if (prompt === null || prompt.requestId !== message.request_id) return state;
      const { request_id: requestId, model_hash: modelHash, candidates } = message;
      const answer = { requestId, modelHash, candidates, edited: false };
      const problem = candidates.length === 0 ? "The model found nothing here." : null;
      return { ...state, prompt: { ...prompt, answer, chosen: 0, problem } };
    }
    case "prompt.superseded":
      return state;
    case "frame.segmenting":
    case "frame.segmented": {
      const { proposals } = state;
      if (proposals === null || proposals.requestId !== message.request_id) return state;
      if (message.type === "frame.segmenting")
        return { ...state, proposals: { ...proposals, progress: message.fraction } };
      const { model_hash: modelHash, instances: items, phases } = message;
      const answer = { modelHash, items, phases };
      return { ...state, proposals: { ...proposals, answer } };
    }
  }
}

/** A frame's masks and all tracks, as the server had them at one version. */
export function mergeFrame(state: Annotator, loaded: SeriesState): Annotator {
  const known = state.frames.get(loaded.frame);
  const masks = mergeMasks(known?.masks ?? new Map(), loaded.masks);
  const frames = new Map(state.frames).set(loaded.frame, { ...known, loaded: true, masks });
  const merged = {
    ...state,
    frames: closest(frames, state.frame),
    tracks: mergeTracks(state.tracks, loaded.tracks),
    events: mergeEvents(state.events, loaded.events),
  };
  return { ...merged, ...heard(merged, loaded.head) };
}

export function applyChangeset(state: Annotator, changeset: Changeset): Annotator {
  let { frames, tracks, events, calibration } = state;
  const byFrame = new Map<number, MaskRevision[]>();
  const trackRevisions: TrackRevision[] = [];
  const eventRevisions: EventRevision[] = [];
  for (const revision of changeset.revisions) {
    if (revision.kind === "mask") {
      byFrame.set(revision.frame, [...(byFrame.get(revision.frame) ?? []), revision]);
    } else if (revision.kind === "track") {
      trackRevisions.push(revision);
    } else if (revision.kind === "event") {
      eventRevisions.push(revision);
    } else if (revision.revision > (calibration.revision ?? 0)) {
      const { pixel_size, unit, frame_interval_s, source } = revision;
      calibration = { pixel_size, unit, frame_interval_s, source, revision: revision.revision };
    }
  }
  if (byFrame.size > 0) {
    const merged = new Map(frames);
    const ended = new Set(trackRevisions.filter(({ deleted }) => deleted).map(({ track }) => track));
    for (const [frame, revisions] of byFrame) {
      const before: FrameMasks = merged.get(frame) ?? { loaded: false, masks: new Map() };
      // Large changesets leave pixels out. Such a frame keeps what it has until it is loaded anew.
      const complete = revisions.filter((revision) => revision.mask !== null || revision.sha256 === null);
      const loaded = before.loaded && complete.length === revisions.length;
      const gone = withGone(before, complete, ended);
      merged.set(frame, { loaded, masks: mergeMasks(before.masks, complete), gone });
    }
    frames = merged;
  }
  tracks = mergeTracks(tracks, trackRevisions);
  events = mergeEvents(events, eventRevisions);
  const head = changeset.version === state.head + 1 ? changeset.version : state.head;
  const lanes = withChangeset(state.lanes, changeset, state.tracks);
  const written = withWritten(state.written, changeset.job, [...byFrame.keys()]);
  const next = { ...state, frames, tracks, events, lanes, calibration, head, written };
  return settle(confirm({ ...next, ...heard(next, changeset.version) }, changeset), changeset);
}

function withGone(
  { masks, gone = new Map() }: FrameMasks,
  revisions: readonly MaskRevision[],
  ended: ReadonlySet<string>,
): ReadonlyMap<string, MaskRevision> {
  const went = new Map(gone);
  for (const { track, mask } of revisions) {
    const before = masks.get(track);
    if (mask !== null || !ended.has(track)) went.delete(track);
    else if (before !== undefined && before.mask !== null) went.set(track, before);
  }
  return went;
}

function withWritten(
  written: Annotator["written"],
  job: string | null,
  frames: readonly number[],
): Annotator["written"] {
  const newest = frames.at(-1);
  if (job === null || newest === undefined) return written;
  const { first, last } = written.get(job) ?? { first: newest, last: newest };
  return new Map(written).set(job, {
    first: Math.min(first, ...frames),
    last: Math.max(last, ...frames),
    newest,
  });
}

function heard(state: Annotator, version: number): Pick<Annotator, "serverHead"> {
  return { serverHead: Math.max(state.serverHead, state.head, version) };
}

/** The author's own changeset: nothing is pending of it any more. */
function confirm(state: Annotator, { request_id: requestId, author }: Changeset): Annotator {
  if (requestId === null || author.id !== state.user.id) return state;
  if (!state.pending.some((commit) => commit.requestId === requestId)) return state;
  const pending = state.pending.filter((commit) => commit.requestId !== requestId);
  return { ...withSaved(state, requestId), pending };
}

function mergeMasks(
  known: ReadonlyMap<string, MaskRevision>,
  revisions: readonly MaskRevision[],
): ReadonlyMap<string, MaskRevision> {
  const masks = new Map(known);
  for (const revision of revisions) {
    if (revision.revision > (masks.get(revision.track)?.revision ?? -1)) masks.set(revision.track, revision);
  }
  return masks;
}

function mergeTracks(known: Tracks, revisions: readonly TrackRevision[]): Tracks {
  const news = revisions.filter(({ track, revision }) => revision > (known.get(track)?.revision ?? -1));
  if (news.length === 0) return known;
  const tracks = new Map(known);
  for (const revision of news) tracks.set(revision.track, revision);
  return tracks;
}

function mergeEvents(known: Events, revisions: readonly EventRevision[]): Events {
  const news = revisions.filter(({ event, revision }) => revision > (known.get(event)?.revision ?? -1));
  if (news.length === 0) return known;
  const events = new Map(known);
  for (const revision of news) events.set(revision.event, revision);
  return events;
}

function closest(frames: ReadonlyMap<number, FrameMasks>, centre: number): ReadonlyMap<number, FrameMasks> {
  if (frames.size <= MOST_FRAMES) return frames;
  const nearest = [...frames].sort(([a], [b]) => Math.abs(a - centre) - Math.abs(b - centre));
  return new Map(nearest.slice(0, MOST_FRAMES / 2));
}

function receiveError(state: Annotator, message: string, requestId: string | null): Annotator {
  if (requestId !== null) {
    if (state.prompt?.requestId === requestId)
      return { ...state, prompt: { ...state.prompt, problem: message } };
    if (state.proposals?.requestId === requestId) {
      return { ...state, proposals: { ...state.proposals, problem: message } };
    }
    if (state.pending.some((commit) => commit.requestId === requestId)) {
      return withProblem(state, requestId, { kind: "refused", message });
    }
  }
  return { ...state, notice: message };
}

/** Nothing was written: the edit is kept for its author to decide, and cannot be undone. */
function withProblem(state: Annotator, requestId: string, problem: Problem): Annotator {
  const lost = state.pending.find((commit) => commit.requestId === requestId);
  if (lost === undefined) return state;
  const pending = state.pending.map(
    (commit): PendingCommit => (commit === lost ? { ...commit, problem } : commit),
  );
  return { ...forget(state, requestId), pending };
}

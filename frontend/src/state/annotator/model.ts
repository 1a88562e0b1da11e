// What the annotator knows: plain immutable values. The reducer makes new ones, renderers and pages read them.

import type { ScaleBarStyle } from "../../geometry/scale_bar";
import type { Point, StrokePoint } from "../../geometry/stroke";
import type { DifferencePage, FrameDifference } from "../../protocol/history";
import type {
  Base,
  Candidate,
  Changeset,
  ChangesetCommit,
  Conflict,
  EventRevision,
  MaskRevision,
  MaskRle,
  Person,
  PromptPoint,
  TrackRevision,
} from "../../protocol/messages";
import type { ModelChoice, ModelVersion } from "../../protocol/models";
import type {
  Calibration,
  DisplayPreset,
  Job,
  LaneRun,
  Model,
  Phase,
  Role,
  Series,
  TimelineFrame,
} from "../../protocol/rest";
import type { FrameRange, ProposalSummary } from "../../protocol/segmentation";
import type { Settings } from "../../protocol/settings";
import type { Step, Tracker, TrackingRequest } from "../../protocol/tracking";

export type Operation = ChangesetCommit["operations"][number];
export type Box = [number, number, number, number];
export type Connection = "connecting" | "online" | "offline" | "outdated" | "refused";

/** The newest known revision of every mask of a frame, deleted ones too. `loaded`: nothing is missing. */
export interface FrameMasks {
  readonly loaded: boolean;
  readonly masks: ReadonlyMap<string, MaskRevision>;
  /** What went with its track, and would come back with it. */
  readonly gone?: ReadonlyMap<string, MaskRevision>;
}

export type Tracks = ReadonlyMap<string, TrackRevision>;
export type Events = ReadonlyMap<string, EventRevision>;

/** The runs of each track that has masks, by frame; those of deleted tracks may be among them. */
export type RunsByTrack = ReadonlyMap<string, readonly LaneRun[]>;

export interface Lanes {
  /** Every changeset up to it is in the runs; -1: ask for them. */
  readonly version: number;
  readonly runs: RunsByTrack;
  /** What came while the server was asked, which its answer may lack. Null: nobody asks. */
  readonly missed: readonly Changeset[] | null;
}

/** Why a commit was not written. It stays here, with its masks, until its author decides. */
export type Problem =
  | { readonly kind: "conflict"; readonly conflicts: readonly Conflict[] }
  | { readonly kind: "refused"; readonly message: string };

/** A gesture that the server has not confirmed. */
export interface PendingCommit {
  readonly requestId: string;
  readonly reason: string;
  readonly base: readonly Base[];
  readonly operations: readonly Operation[];
  /** What would take it back: how its objects were before. */
  readonly inverse: readonly Operation[];
  /** The request of this person that it takes back. */
  readonly undoes: string | null;
  readonly problem: Problem | null;
}

/** What undoes one of the user's own actions: operations of the user's, or the server, which knows what it did. */
export type HistoryStep = { readonly requestId: string; readonly reason: string } & (
  | { readonly kind: "operations"; readonly inverse: readonly Operation[] }
  /** `saved`: the server has made it. */
  | { readonly kind: "action"; readonly saved: boolean }
);

/** A change that the server makes of whole tracks, on its way. */
export type Asked = {
  readonly requestId: string;
  readonly reason: string;
  /** Commits, by their requests, that it waits for. */
  readonly after: readonly string[];
} & (
  | { readonly what: "edit"; readonly steps: readonly Step[]; readonly select: string | null }
  | { readonly what: "take back"; readonly action: string }
  | { readonly what: "take back of object"; readonly track: string; readonly frame: number }
);

/** An edit that two masks of one object on a frame stand in the way of: its author may ask for it otherwise. */
export interface Refused {
  readonly reason: string;
  readonly steps: readonly Step[];
  readonly select: string | null;
  readonly message: string;
}

/** Points and box being placed, and the masks that the model offers for them. */
export interface PromptDraft {
  readonly kind: "prompt";
  readonly frame: number;
  readonly model: string;
  readonly points: readonly PromptPoint[];
  readonly box: Box | null;
  /** The object whose mask it refines; null: accepting gives a mask to an object that has none here. */
  readonly track: string | null;
  /** The mask that the model is to refine; null: it begins afresh. */
  readonly mask: MaskRle | null;
  /** That object's mask as it was at the first click: what accepting replaces. */
  readonly from: Base | null;
  /** The newest question; the answer may be to an older one while the model works. */
  readonly requestId: string;
  readonly answer: PromptAnswer | null;
  readonly chosen: number;
  readonly problem: string | null;
  /** The draft one step back, which undo returns to; null: there was none. */
  readonly before: PromptDraft | null;
}

export interface PromptAnswer {
  readonly requestId: string;
  readonly modelHash: string;
  readonly candidates: readonly Candidate[];
  /** A person changed the chosen mask by hand. */
  readonly edited: boolean;
}

/** Drafts as they were before each undo, the latest last; `left` and `actions`: what there was after it. */
export interface UndoneDrafts {
  readonly drafts: readonly (OutlineDraft | PromptDraft)[];
  readonly left: OutlineDraft | PromptDraft | null;
  readonly actions: readonly HistoryStep[];
}

/** A brush or eraser stroke under way. */
export interface StrokeDraft {
  readonly kind: "stroke";
  readonly frame: number;
  readonly mode: "paint" | "erase";
  readonly path: readonly StrokePoint[];
  readonly diameter: number;
  /** The track whose mask it changes; null: a new object, or the prompt draft's candidate. */
  readonly track: string | null;
}

export type OutlineTool = "polygon" | "lasso" | "magnetic" | "split";

/** What becomes of what an outline encloses. */
export type OutlineMode = "new" | "add" | "subtract";

/** A corner of an outline, and the way to it from the corner before; empty: straight. */
export interface Corner extends Point {
  readonly path: readonly Point[];
}

/** An outline, or a line to split along, that is being drawn. */
export interface OutlineDraft {
  readonly kind: "outline";
  readonly tool: OutlineTool;
  readonly frame: number;
  readonly mode: OutlineMode;
  /** The track whose mask it changes; null: a new object, or the prompt draft's candidate. */
  readonly track: string | null;
  readonly corners: readonly Corner[];
}

/** How masks are drawn. */
export interface Drawing {
  readonly mode: OutlineMode;
  /** A pen's pressure scales the brush. */
  readonly pressure: boolean;
  /** Of the disc that smooths. */
  readonly smoothRadiusPx: number;
}

/** What "segment" runs. Parameters that nobody has set have their defaults. */
export interface Segmenter extends Readonly<ModelChoice> {
  readonly parameters: Readonly<Settings>;
}

/** Where "segment" runs. The range is kept while another choice holds. */
export interface Scope extends Readonly<FrameRange> {
  readonly what: "frame" | "range" | "series";
  /** Proposals that wait on the frames make room for the new ones. */
  readonly replace: boolean;
}

/** What "track from here" follows, and where to. */
export interface Tracking {
  readonly what: "everything" | "frame" | "selected";
  readonly where: "end" | "beginning" | "frame";
  /** The last frame where `where` says so. */
  readonly to: number;
  /** Null: the usual one. */
  readonly tracker: string | null;
}

/** How the proposals that are stored are looked through. */
export interface Review {
  /** Proposals that score less are faded, and left alone by what acts on many. */
  readonly minimumScore: number;
  /** Which frames accepting and discarding many means. */
  readonly what: Scope["what"];
  /** A step to the next proposal, on its way: `from` is the frame where it began. */
  readonly seek: { readonly direction: 1 | -1; readonly from: number } | null;
}

/** Every object that a model found on one frame, none of them committed. */
export interface Proposals extends Segmenter {
  readonly frame: number;
  readonly requestId: string;
  /** The fraction of the frame that is segmented; undefined where the model does not say. */
  readonly progress: number | undefined;
  readonly answer: ProposalsAnswer | null;
  /** Indices of items that were accepted one by one. */
  readonly taken: ReadonlySet<number>;
  readonly minimumScore: number;
  readonly problem: string | null;
}

export interface ProposalsAnswer {
  readonly modelHash: string;
  readonly items: readonly Candidate[];
  /** The project's phase of each class that an item may have; null where it is gone. Empty: it knows no phases. */
  readonly phases: readonly (string | null)[];
}

export interface Selection {
  readonly track: string;
  /** Chosen by the user, so it lasts from frame to frame. A new object is selected on its own frame only. */
  readonly lasting: boolean;
}

export interface Display {
  readonly low: number;
  readonly high: number;
  readonly gamma: number;
  readonly invert: boolean;
  readonly masks: boolean;
  readonly opacity: number;
  readonly outline: boolean;
  readonly numbers: boolean;
  readonly colourBy: "phase" | "object";
  /** Outlines of the frames before and after. */
  readonly neighbours: boolean;
  readonly minimap: boolean;
  readonly scaleBar: ScaleBarStyle;
}

/** An older version, looked at read-only. */
export interface Past {
  readonly version: number;
  readonly tracks: Tracks;
  readonly events: Events;
  readonly frames: ReadonlyMap<number, FrameMasks>;
  /** Null until they are there. */
  readonly runs: RunsByTrack | null;
  /** Null until its first frame is there. */
  readonly calibration: Calibration | null;
}

/** An older version compared with a newer one, which is looked at as `past`. */
export interface Difference {
  readonly from: number;
  readonly to: number;
  /** What the server counted so far, by frame; `next`: the first frame of what it has not, null: nothing. */
  readonly frames: readonly FrameDifference[];
  readonly next: number | null;
  /** What differs and is on no frame; null until the server has said. */
  readonly beside: Pick<DifferencePage, "objects" | "events" | "calibration"> | null;
  /** The older version's masks, by frame and track. */
  readonly masks: ReadonlyMap<number, ReadonlyMap<string, MaskRevision>>;
}

export interface Former {
  readonly undo: readonly HistoryStep[];
  readonly redo: readonly HistoryStep[];
}

/** What is being drawn or asked, and is no commit. */
export interface Drafts {
  readonly asked: Asked | null;
  readonly prompt: PromptDraft | null;
  readonly stroke: StrokeDraft | null;
  readonly outline: OutlineDraft | null;
}

/** How far unsaved work is kept in the browser. */
export interface Keeping {
  /** Changes of it that are under way. */
  readonly writing: number;
  /** The browser's storage is full, or keeps nothing. */
  readonly failed: boolean;
  /** How many commits other tabs of this person have not sent. */
  readonly elsewhere: number;
}

/** Two points are a distance; three are an angle, its vertex in the middle. In image coordinates. */
export interface Ruler {
  readonly id: string;
  readonly frame: number;
  readonly points: readonly Point[];
}

/** The line whose grey values are plotted, on whatever frame is in sight. */
export interface Profile {
  readonly from: Point;
  readonly to: Point;
  /** Over how many pixels across the line values are averaged. */
  readonly width: number;
}

/** The second view: another frame, or the same one as it was in an older version. Read only. */
export interface Beside {
  readonly frame: number;
  /** Moves with the frame on the left. */
  readonly follows: boolean;
  /** Null: the present. */
  readonly version: number | null;
  /** What is known of the older version. */
  readonly past: Past | null;
}

export interface WrittenFrames {
  readonly first: number;
  readonly last: number;
  readonly newest: number;
}

/** One tile of one frame at one level of the pyramid. */
export interface ChunkPlace {
  readonly level: number;
  readonly frame: number;
  readonly row: number;
  readonly column: number;
}

export type ToolName =
  | "select"
  | "point"
  | "box"
  | "brush"
  | "eraser"
  | OutlineTool
  | "pan"
  | "contrast"
  | "ruler"
  | "profile";

export interface Annotator {
  readonly series: Series;
  readonly phases: readonly Phase[];
  readonly user: Person;
  readonly role: Role;
  /** The series or its project is in the archive: nothing is changed. */
  readonly archived: boolean;
  readonly connection: Connection;
  /** Every version up to `head` is applied; `serverHead` is the newest one heard of. */
  readonly head: number;
  readonly serverHead: number;
  readonly tracks: Tracks;
  /** What happened to tracks, deleted events too. */
  readonly events: Events;
  readonly frames: ReadonlyMap<number, FrameMasks>;
  /** On which frames every track lives. */
  readonly lanes: Lanes;
  readonly calibration: Calibration;
  readonly timeline: readonly TimelineFrame[];
  readonly pending: readonly PendingCommit[];
  readonly keeping: Keeping;
  /** The user's latest request on each object, by object key: what their undo builds on. */
  readonly mine: ReadonlyMap<string, string>;
  readonly undo: readonly HistoryStep[];
  readonly redo: readonly HistoryStep[];
  /** The steps of a draft that redo brings back, while nothing else has happened. */
  readonly undone: UndoneDrafts | null;
  readonly asked: Asked | null;
  /** What could be undone and redone before it was asked: a refusal brings it back. */
  readonly former: Former | null;
  readonly refused: Refused | null;
  readonly past: Past | null;
  readonly difference: Difference | null;
  readonly frame: number;
  readonly tool: ToolName;
  /** Every segmenter that is known, also those that cannot run. */
  readonly models: readonly Model[];
  /** Answers prompts. */
  readonly model: string;
  readonly segmenter: Segmenter;
  readonly versions: readonly ModelVersion[];
  /** What this series is segmented with unless somebody chooses otherwise. */
  readonly seriesModel: ModelChoice | null;
  readonly scope: Scope;
  readonly review: Review;
  /** What the server counted last; null before it has. */
  readonly proposalSummary: ProposalSummary | null;
  /** Jobs that segment or track this series: those under way, and the last one that ended. */
  readonly jobs: readonly Job[];
  readonly trackers: readonly Tracker[];
  readonly tracking: Tracking;
  /** What this person asked for last. */
  readonly lastTracking: TrackingRequest | null;
  /** The frames that jobs wrote since the page was opened, by job: first and last of them, and the newest. */
  readonly written: ReadonlyMap<string, WrittenFrames>;
  /** The frame of the user's latest correction; what was tracked from there on may be followed anew. */
  readonly corrected: number | null;
  readonly phase: string | null;
  readonly brushDiameter: number;
  readonly drawing: Drawing;
  readonly selection: Selection | null;
  /** Objects that are meant together with the selected one. */
  readonly marked: ReadonlySet<string>;
  readonly hovered: string | null;
  readonly hidden: ReadonlySet<string>;
  readonly prompt: PromptDraft | null;
  readonly stroke: StrokeDraft | null;
  readonly outline: OutlineDraft | null;
  /** A box being dragged. */
  readonly band: Box | null;
  readonly proposals: Proposals | null;
  /** Frame and model whose embedding the engine holds, as "model/frame". */
  readonly ready: ReadonlySet<string>;
  readonly display: Display;
  readonly presets: readonly DisplayPreset[];
  readonly rulers: readonly Ruler[];
  readonly profile: Profile | null;
  readonly beside: Beside | null;
  readonly playing: boolean;
  readonly framesPerSecond: number;
  readonly notice: string | null;
}

/** Names what a commit may conflict about: a track's properties (`frame` null) or its mask on a frame. */
export function objectKey(track: string, frame: number | null): string {
  return frame === null ? track : `${track}/${frame}`;
}

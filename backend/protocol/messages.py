"""Every websocket message, in both directions. `make protocol` turns this file into TypeScript.

One socket serves one series: /ws/series/{series id}. The client speaks first, with `hello`.
Points are (x, y) in frame pixels, boxes (x0, y0, x1, y1), masks COCO RLE.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

PROTOCOL_VERSION = 1


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# ---- values -------------------------------------------------------------------------------------------------


class MaskRle(Message):
    """COCO run-length encoding: `size` is (height, width), `counts` the compressed string."""

    size: tuple[int, int]
    counts: Annotated[str, Field(max_length=4_000_000)]


Number = Annotated[float, Field(allow_inf_nan=False)]


class PromptPoint(Message):
    x: Number
    y: Number
    label: Literal[0, 1]


Box = tuple[Number, Number, Number, Number]
FrameIndex = Annotated[int, Field(ge=0)]
NO_NUL = r"^[^\x00]*$"  # PostgreSQL cannot hold U+0000
ModelName = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL)]


class Origin(Message):
    """Where a mask came from: a person's hand (`model` null), or a model and the prompt it answered.

    Of a mask that a tracking job made, `tracker` says who it is, with `confidence` (0 to 1); `bridged`: on this frame
    the model did not find it.
    """

    model: ModelName | None = None
    model_hash: Annotated[str, Field(max_length=64, pattern=NO_NUL)] | None = None
    points: Annotated[list[PromptPoint], Field(max_length=1000)] = []
    box: Box | None = None
    score: Number | None = None
    edited: bool = False
    tracker: ModelName | None = None
    tracker_hash: Annotated[str, Field(max_length=64, pattern=NO_NUL)] | None = None
    confidence: Number | None = None
    bridged: bool = False


class Person(Message):
    id: int
    name: str


class Candidate(Message):
    """One mask a model offers, best score first."""

    mask: MaskRle
    score: float | None
    area_px: int
    box: Box
    phase: int = 0


# ---- operations of a commit ---------------------------------------------------------------------------------


class TrackCreate(Message):
    op: Literal["track.create"] = "track.create"
    track: UUID
    phase: UUID | None
    name: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


class TrackSet(Message):
    op: Literal["track.set"] = "track.set"
    track: UUID
    phase: UUID | None
    name: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


class TrackDelete(Message):
    """Ends the track: its properties and every mask of it."""

    op: Literal["track.delete"] = "track.delete"
    track: UUID


class TrackRestore(Message):
    """Brings a deleted track back with the masks it had when it was deleted (undo of `track.delete`)."""

    op: Literal["track.restore"] = "track.restore"
    track: UUID


class MaskSet(Message):
    """`order` is the drawing order; null keeps the mask's present one, or puts a new one on top."""

    op: Literal["mask.set"] = "mask.set"
    track: UUID
    frame: FrameIndex
    mask: MaskRle
    origin: Origin = Origin()
    state: Literal["accepted", "proposal"] = "accepted"
    order: int | None = None


class MaskDelete(Message):
    op: Literal["mask.delete"] = "mask.delete"
    track: UUID
    frame: FrameIndex


Operation = Annotated[
    TrackCreate | TrackSet | TrackDelete | TrackRestore | MaskSet | MaskDelete, Field(discriminator="op")
]


class PendingBase(Message):
    """The state that this client's own, perhaps unanswered, request will make."""

    request_id: UUID


class Base(Message):
    """What the author saw: the head revision of a mask (`frame` given) or of a track's properties (`frame` null).

    `revision` null says that there was none. A commit has one for every mask and track its operations name; the masks
    that come with `track.restore` need none, those that go with `track.delete` only where somebody else drew them after
    the track's base: without one they are a conflict.
    """

    track: UUID
    frame: FrameIndex | None
    revision: int | PendingBase | None


# ---- what a changeset did -----------------------------------------------------------------------------------


class MaskRevision(Message):
    """`sha256` null: the mask was deleted. `mask` null with a `sha256`: large changesets leave the pixels out, which
    are at /api/v1/series/{id}/masks/{sha256}."""

    kind: Literal["mask"] = "mask"
    revision: int
    track: UUID
    frame: int
    sha256: str | None
    mask: MaskRle | None
    area_px: int
    box: Box | None
    order: int
    state: Literal["accepted", "proposal"]
    origin: Origin


class TrackRevision(Message):
    kind: Literal["track"] = "track"
    revision: int
    track: UUID
    number: int
    phase: UUID | None
    name: str
    deleted: bool


class CalibrationRevision(Message):
    """Pixel size in `unit` per pixel. `source` says who said so: the file's metadata or a person."""

    kind: Literal["calibration"] = "calibration"
    revision: int
    pixel_size: float | None
    unit: str
    frame_interval_s: float | None
    source: str


EventKind = Literal["birth", "dissolution", "exit", "contact", "merge", "split"]


class EventRevision(Message):
    """What happened to tracks between two frames: a merge has several parents, a split several children.

    Tracks that are deleted still stand in `parents` and `children`: readers leave them out.
    """

    kind: Literal["event"] = "event"
    revision: int
    event: UUID
    what: EventKind
    first_frame: int
    last_frame: int
    parents: list[UUID]
    children: list[UUID]
    confidence: float | None
    state: Literal["accepted", "proposal"]
    origin: Origin
    deleted: bool


Revision = Annotated[MaskRevision | TrackRevision | CalibrationRevision | EventRevision, Field(discriminator="kind")]


class Changeset(Message):
    """One action: its revisions make the series' version `version`."""

    version: int
    request_id: UUID | None
    author: Person
    created_at: datetime
    reason: str
    job: UUID | None
    revisions: list[Revision]


# ---- client to server ---------------------------------------------------------------------------------------


class ClientHello(Message):
    type: Literal["hello"] = "hello"
    protocol: int


class FrameOpen(Message):
    """The person looks at this frame: warm its embedding and its neighbours'."""

    type: Literal["frame.open"] = "frame.open"
    frame: FrameIndex
    model: ModelName
    version: UUID | None = None


class PromptPredict(Message):
    """The whole prompt, always, so the server keeps no session and a retry is safe.

    `version` is one of the project's versions of `model`, null its usual weights. `mask` is the mask to refine: its
    logits are fed back.
    """

    type: Literal["prompt.predict"] = "prompt.predict"
    request_id: UUID
    frame: FrameIndex
    model: ModelName
    version: UUID | None = None
    points: Annotated[list[PromptPoint], Field(max_length=1000)]
    box: Box | None = None
    mask: MaskRle | None = None


class FrameSegment(Message):
    """Find every object of one frame; the answer is `frame.segmented`, nothing is committed.

    `version` is a version of the model that belongs to the series' project; null: the model's usual weights.
    """

    type: Literal["frame.segment"] = "frame.segment"
    request_id: UUID
    frame: FrameIndex
    model: ModelName
    version: UUID | None = None
    parameters: dict[str, Number | bool | str | None] = {}


class RequestCancel(Message):
    """The person gave up on a `prompt.predict` or `frame.segment`."""

    type: Literal["request.cancel"] = "request.cancel"
    request_id: UUID


class ChangesetCommit(Message):
    """`undoes`: the request of the author's own that it takes back."""

    type: Literal["changeset.commit"] = "changeset.commit"
    request_id: UUID
    undoes: UUID | None = None
    reason: Annotated[str, Field(max_length=200, pattern=NO_NUL)]
    base: Annotated[list[Base], Field(max_length=20_000)]
    operations: Annotated[list[Operation], Field(min_length=1, max_length=20_000)]


class SeriesSince(Message):
    type: Literal["series.since"] = "series.since"
    version: Annotated[int, Field(ge=0)]


ClientMessage = Annotated[
    ClientHello | FrameOpen | PromptPredict | FrameSegment | RequestCancel | ChangesetCommit | SeriesSince,
    Field(discriminator="type"),
]

# ---- server to client ---------------------------------------------------------------------------------------


class ServerHello(Message):
    """An old tab (other `protocol`) tells its user to reload when it is safe."""

    type: Literal["hello"] = "hello"
    protocol: int
    series: UUID
    version: int
    user: Person
    role: Literal["owner", "manager", "annotator", "reviewer", "viewer"]
    archived: bool = False


class FrameReady(Message):
    """The frame's embedding is warm: the next click is quick."""

    type: Literal["frame.ready"] = "frame.ready"
    frame: int
    model: str


class PromptPredicted(Message):
    type: Literal["prompt.predicted"] = "prompt.predicted"
    request_id: UUID
    frame: int
    model: str
    model_hash: str
    candidates: list[Candidate]
    encode_ms: float
    decode_ms: float


class PromptSuperseded(Message):
    """A newer prompt of this socket took its place in the queue, or it was cancelled."""

    type: Literal["prompt.superseded"] = "prompt.superseded"
    request_id: UUID


class FrameSegmenting(Message):
    """How far `frame.segment` is, 0 to 1."""

    type: Literal["frame.segmenting"] = "frame.segmenting"
    request_id: UUID
    fraction: float


class FrameSegmented(Message):
    """`phases`: the project's phase of each index that a candidate may have, null where it was deleted; empty where the
    model knows no phases."""

    type: Literal["frame.segmented"] = "frame.segmented"
    request_id: UUID
    frame: int
    model: str
    model_hash: str
    instances: list[Candidate]
    phases: list[UUID | None] = []


class ChangesetCommitted(Message):
    type: Literal["changeset.committed"] = "changeset.committed"
    changeset: Changeset


class Conflict(Message):
    """The object moved on: `current` is its head now, null where it is gone."""

    track: UUID
    frame: int | None
    current: Revision | None
    author: Person | None


class ChangesetConflict(Message):
    """Nothing of the request was written."""

    type: Literal["changeset.conflict"] = "changeset.conflict"
    request_id: UUID
    conflicts: list[Conflict]


class SeriesHead(Message):
    type: Literal["series.head"] = "series.head"
    version: int


class SeriesArchived(Message):
    """The series, or its project, went into the archive, where nothing is changed, or came back from there."""

    type: Literal["series.archived"] = "series.archived"
    archived: bool


class SeriesChanges(Message):
    """Changesets after the version asked for, oldest first; ask again from the last one while `version` < `head`."""

    type: Literal["series.changes"] = "series.changes"
    changesets: list[Changeset]
    head: int


class ErrorMessage(Message):
    type: Literal["error"] = "error"
    code: str
    message: str
    request_id: UUID | None = None


ServerMessage = Annotated[
    ServerHello
    | FrameReady
    | PromptPredicted
    | PromptSuperseded
    | FrameSegmenting
    | FrameSegmented
    | ChangesetCommitted
    | ChangesetConflict
    | SeriesHead
    | SeriesArchived
    | SeriesChanges
    | ErrorMessage,
    Field(discriminator="type"),
]

client_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
server_message: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)

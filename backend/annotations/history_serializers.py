"""The JSON of the history: its filter and its list, differences of versions, and the lives of tracks."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from rest_framework import serializers

from backend.annotations.kinds import Kind
from backend.annotations.models import Changeset, MaskRevision
from backend.annotations.serializers import MOST_VERSIONS, VersionQuery
from backend.protocol import messages

Box = tuple[int, int, int, int]


class HistoryQuery(serializers.Serializer[Any]):
    before = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, required=False, default=None)
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)
    frame = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, required=False, default=None)
    first_frame = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, required=False, default=None)
    last_frame = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, required=False, default=None)
    track = serializers.UUIDField(required=False, default=None)
    author = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, required=False, default=None)
    kind = serializers.ListField(
        child=serializers.ChoiceField(choices=Kind.choices),
        default=list,
        help_text="changesets that hold any of these kinds of change",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        frame = attrs.pop("frame")
        if frame is not None:
            attrs["first_frame"] = attrs["last_frame"] = frame
        return attrs


class DifferenceQuery(serializers.Serializer[Any]):
    to = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, required=False, default=None)
    first_frame = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=200)

    def get_fields(self) -> dict[str, Any]:
        # A word of Python's, so it cannot be written above.
        earlier = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS)
        return {"from": earlier, **super().get_fields()}


class RevisionsQuery(VersionQuery):
    frame = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS)


# ---- the list -------------------------------------------------------------------------------------------------


class ChangesetCountsOutput(BaseModel):
    masks_set: int
    masks_deleted: int
    tracks_created: int
    tracks_changed: int
    tracks_deleted: int
    calibrations: int
    events: int = 0


class SampleOutput(BaseModel):
    """One mask that a changeset wrote, and the one before it, by hash; `box` holds both."""

    track: UUID
    frame: int
    before: str | None
    after: str | None
    box: Box

    @classmethod
    def of(cls, row: MaskRevision) -> "SampleOutput | None":
        before, after = row.previous.mask if row.previous else None, row.mask
        boxes = [(mask.x0, mask.y0, mask.x1, mask.y1) for mask in (before, after) if mask]
        if not boxes:
            return None
        x0, y0, x1, y1 = zip(*boxes, strict=True)
        return cls(
            track=row.track_id,
            frame=row.frame,
            before=before.sha256 if before else None,
            after=after.sha256 if after else None,
            box=(min(x0), min(y0), max(x1), max(y1)),
        )


class HistoryEntryOutput(BaseModel):
    """`frames`: the first twenty that were touched."""

    version: int
    author: messages.Person
    created_at: datetime
    reason: str
    job: UUID | None
    counts: ChangesetCountsOutput
    frames: list[int]
    sample: SampleOutput | None

    @classmethod
    def of(cls, row: Changeset, sample: MaskRevision | None) -> "HistoryEntryOutput":
        return cls(
            version=row.version,
            author=messages.Person(id=row.author_id, name=row.author.shown_name),
            created_at=row.created_at,
            reason=row.reason,
            job=row.job_id,
            counts=row.summary["counts"],
            frames=row.summary["frames"],
            sample=SampleOutput.of(sample) if sample else None,
        )


class HistoryOutput(BaseModel):
    """Newest first; `next` is the `before` of the following page."""

    results: list[HistoryEntryOutput]
    next: int | None


# ---- differences ----------------------------------------------------------------------------------------------


class FrameDifferenceOutput(BaseModel):
    """Masks of one frame. `reviewed`: the same pixels, accepted in one version and proposed in the other.

    The areas are those of all masks that differ, in each version.
    """

    frame: int
    added: int
    removed: int
    changed: int
    reviewed: int
    area_before_px: int
    area_after_px: int


class ObjectsDifferenceOutput(BaseModel):
    """Tracks. `changed`: of another phase or name."""

    added: int
    removed: int
    changed: int


class DifferenceOutput(BaseModel):
    """A page of frames that differ; `next` is the `first_frame` of the following one. The rest is of all frames."""

    from_version: int
    to_version: int
    frames: list[FrameDifferenceOutput]
    next: int | None
    objects: ObjectsDifferenceOutput
    events: int
    calibration: bool


class RestorationOutput(BaseModel):
    """What a restoration would change now; `frames`: how many. All 0 where nothing would."""

    counts: ChangesetCountsOutput
    frames: int
    first_frame: int | None
    last_frame: int | None


# ---- lives ----------------------------------------------------------------------------------------------------


class MakerOutput(BaseModel):
    """Who made a mask, with what. `model` null: by hand. `prompts`: whether it answered points or a box.

    `edited`: a person changed what the model gave. `accepted_by`: who took over what another had proposed.
    """

    author: messages.Person
    model: str | None
    prompts: bool
    edited: bool
    tracker: str | None
    job: UUID | None
    accepted_by: messages.Person | None


class LifeRunOutput(BaseModel):
    """Frames in a row, both ends included, whose masks were made the same way, and in which versions and when."""

    first: int
    last: int
    state: Literal["accepted", "proposal"]
    maker: MakerOutput
    first_version: int
    last_version: int
    made_at: datetime
    confidence: float | None


class LifeChangeOutput(BaseModel):
    """A version of the track's properties."""

    version: int
    author: messages.Person
    created_at: datetime
    phase: UUID | None
    name: str
    deleted: bool


class LifeOutput(BaseModel):
    """`changes`: of the track's phase and name, the newest first."""

    version: int
    track: UUID
    number: int
    runs: list[LifeRunOutput]
    changes: list[LifeChangeOutput]


class MaskVersionOutput(BaseModel):
    """One revision of a track's mask on a frame; `sha256` null: it was deleted."""

    version: int
    author: messages.Person
    created_at: datetime
    reason: str
    job: UUID | None
    sha256: str | None
    box: Box | None
    area_px: int
    state: Literal["accepted", "proposal"]
    origin: messages.Origin


class RevisionsOutput(BaseModel):
    """Newest first."""

    track: UUID
    frame: int
    revisions: list[MaskVersionOutput]

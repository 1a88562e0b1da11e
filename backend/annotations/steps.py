"""Edits of tracks and of their lineage, as they are asked for: masks change hands over many frames at once."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from backend.protocol.messages import NO_NUL, EventKind, FrameIndex, Message, Number

Tracks = Annotated[list[UUID], Field(max_length=1000)]


class NewTrack(Message):
    """A track for masks to be moved to."""

    op: Literal["track.create"] = "track.create"
    track: UUID
    phase: UUID | None
    name: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""


class Move(Message):
    track: UUID
    to: UUID


class FrameSpan(Message):
    """Both ends included; `last_frame` null: to the end of the series."""

    first_frame: FrameIndex
    last_frame: FrameIndex | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "FrameSpan":
        if self.last_frame is not None and self.last_frame < self.first_frame:
            raise ValueError(f"frames {self.first_frame} to {self.last_frame}: the first comes before the last")
        return self


class Reassign(FrameSpan):
    """The tracks' masks on these frames change hands, all at once: two that are given each other's are exchanged.

    Events whose evidence lies on these frames follow. Where a receiver has a mask of its own on a frame, "refuse" says
    so, "join" makes one mask of both, "replace" puts the one that arrives in its place, and "keep" keeps it. A track
    that is left without masks is deleted.
    """

    op: Literal["tracks.reassign"] = "tracks.reassign"
    moves: Annotated[list[Move], Field(min_length=1, max_length=1000)]
    collision: Literal["refuse", "join", "replace", "keep"] = "refuse"


class DeleteMasks(FrameSpan):
    """The track has no masks on these frames; without any left it is deleted."""

    op: Literal["masks.delete"] = "masks.delete"
    track: UUID


class AcceptMasks(FrameSpan):
    """The track's proposals on these frames are accepted; `tracks` null: those of every track."""

    op: Literal["masks.accept"] = "masks.accept"
    tracks: Annotated[list[UUID], Field(min_length=1, max_length=1000)] | None = None


class EventSet(Message):
    """A new event, or another state of one. It happened after `first_frame` and by `last_frame`."""

    op: Literal["event.set"] = "event.set"
    event: UUID
    what: EventKind
    first_frame: FrameIndex
    last_frame: FrameIndex
    parents: Tracks = []
    children: Tracks = []
    confidence: Number | None = None
    state: Literal["accepted", "proposal"] = "accepted"


class EventDelete(Message):
    op: Literal["event.delete"] = "event.delete"
    event: UUID


Step = Annotated[NewTrack | Reassign | DeleteMasks | AcceptMasks | EventSet | EventDelete, Field(discriminator="op")]


class Edit(Message):
    """Steps in their order, all of them or none. `seen`: the newest version of the series that the person has seen."""

    request_id: UUID
    reason: Annotated[str, Field(max_length=200, pattern=NO_NUL)] = ""
    seen: Annotated[int, Field(ge=0)]
    steps: Annotated[list[Step], Field(min_length=1, max_length=1000)]

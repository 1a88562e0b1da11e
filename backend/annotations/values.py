"""What a revision says, apart from who said it and when; and what a changeset in the making will say."""

from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from backend.protocol.errors import ConflictError
from backend.protocol.messages import Conflict
from ml.rle import Rle

Subject = tuple[UUID, int | None]  # a track's mask on a frame, or with None the track's properties
MaskSubject = tuple[UUID, int]


@dataclass(frozen=True)
class MaskValue:
    """`sha256` None: no mask. `order` is the drawing order, `origin` the wire's `Origin` as JSON."""

    sha256: str | None
    order: int
    state: str
    origin: dict[str, Any]

    def deleted(self) -> "MaskValue":
        return MaskValue(None, self.order, self.state, {})


@dataclass(frozen=True)
class TrackValue:
    phase: UUID | None
    name: str
    deleted: bool


@dataclass(frozen=True)
class EventValue:
    """It happened after `first_frame` and by `last_frame`. `origin` says who found it, as the wire's `Origin`."""

    kind: str
    first_frame: int
    last_frame: int
    parents: tuple[UUID, ...]
    children: tuple[UUID, ...]
    confidence: float | None
    state: str
    origin: dict[str, Any]
    deleted: bool = False

    @property
    def is_lineage(self) -> bool:
        """It ends its parents and begins its children."""
        return self.kind in ("merge", "split")

    def gone(self) -> "EventValue":
        return replace(self, deleted=True)


@dataclass(frozen=True)
class CalibrationValue:
    """Pixel size in `unit` per pixel; None where it is not known."""

    pixel_size: float | None
    unit: str
    frame_interval_s: float | None
    source: str


Value = TypeVar("Value", MaskValue, TrackValue, EventValue)


@dataclass(frozen=True)
class Head(Generic[Value]):
    """Where a subject's chain of revisions ends."""

    revision: int
    version: int
    value: Value


@dataclass(frozen=True)
class Links:
    """Which action a changeset is a part of, and what it takes back, as `Changeset` has them."""

    action: UUID | None = None
    undoes: UUID | None = None
    undoes_part: UUID | None = None


@dataclass
class Draft:
    """The heads a changeset starts from, and what it will put in their place."""

    track_heads: dict[UUID, Head[TrackValue]]
    mask_heads: dict[MaskSubject, Head[MaskValue]]
    tracks: dict[UUID, TrackValue] = field(default_factory=dict)
    masks: dict[MaskSubject, MaskValue] = field(default_factory=dict)
    event_heads: dict[UUID, Head[EventValue]] = field(default_factory=dict)
    events: dict[UUID, EventValue] = field(default_factory=dict)
    calibration: CalibrationValue | None = None
    pixels: dict[str, Rle] = field(default_factory=dict)  # masks that may be new to the database, by hash

    def track(self, track: UUID) -> TrackValue | None:
        if track in self.tracks:
            return self.tracks[track]
        head = self.track_heads.get(track)
        return head.value if head else None

    def mask(self, subject: MaskSubject) -> MaskValue | None:
        if subject in self.masks:
            return self.masks[subject]
        head = self.mask_heads.get(subject)
        return head.value if head else None

    def event(self, event: UUID) -> EventValue | None:
        if event in self.events:
            return self.events[event]
        head = self.event_heads.get(event)
        return head.value if head else None

    @property
    def empty(self) -> bool:
        return not self.tracks and not self.masks and not self.events and self.calibration is None


class StaleBaseError(ConflictError):
    """Somebody else changed what the author started from. Nothing was written."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        self.conflicts = conflicts
        super().__init__(
            f"{len(conflicts)} of the objects were changed by somebody else. Look at their present state and repeat.",
            conflicts=[conflict.model_dump(mode="json") for conflict in conflicts],
        )

"""What the engine is asked: frames by store and index, models by name, prompts; never pixels."""

from collections import Counter
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ml.rle import MAX_COUNTS_LENGTH

Number = Annotated[float, Field(allow_inf_nan=False)]
Index = Annotated[int, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Ticket = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Track = Annotated[int, Field(ge=1, le=2**32 - 1)]
Parameters = dict[str, Number | bool | str | None]


class FrameRequest(BaseModel):
    """One frame for one model.

    `store` is a path below the folder of stores, `channel` null the only channel or the luminance of a colour image,
    `weights` the SHA-256 of a file in the folder of model files, null the model's usual weights.
    `client` names who asks (a socket, a job): of one client's queued clicks only the newest counts, likewise of its
    warm-ups.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Annotated[str, Field(min_length=1, max_length=500)]
    frame: Index
    model: Name
    weights: Sha256 | None = None
    input_range: tuple[Number, Number]
    channel: Index | None = None
    client: Annotated[str, Field(min_length=1, max_length=200)]


class WarmRequest(FrameRequest):
    """Compute the frame's embedding, and then those of up to `neighbours` frames on either side."""

    neighbours: Annotated[int, Field(ge=0, le=16)] = 0


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mask(Wire):
    """Run lengths as COCO has them; `size` is (height, width) in pixels."""

    size: tuple[int, int]
    counts: Annotated[str, Field(max_length=MAX_COUNTS_LENGTH)]


class PredictRequest(FrameRequest):
    """Candidate masks for one prompt: points (x, y, label) and perhaps a box (x0, y0, x1, y1), in frame pixels.

    `mask` is an object of the frame that they correct.
    """

    points: Annotated[list[tuple[Number, Number, Literal[0, 1]]], Field(max_length=1000)] = []
    box: tuple[Number, Number, Number, Number] | None = None
    mask: Mask | None = None
    priority: Literal["click", "job"] = "click"

    @model_validator(mode="after")
    def _has_prompt(self) -> "PredictRequest":
        if not self.points and self.box is None:
            raise ValueError("a prompt has at least one point or a box")
        return self


class SegmentRequest(FrameRequest):
    """Every object of the frame. `ticket` is the caller's own name for this request, to ask how far it is."""

    parameters: Parameters = {}
    priority: Literal["click", "job"] = "job"
    ticket: Ticket | None = None


class CheckRequest(BaseModel):
    """A file that shall become a model's weights or settings. `path` lies below the folder of model files.

    `name` is what the person calls the file; `model` null: whatever model the file says it is of.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=300)]
    model: Name | None = None


class TrackMask(Wire):
    track: Track
    rle: Mask


class KnownMask(TrackMask):
    """A mask that a person has accepted as this track's."""

    phase: Index


class CommittedFrame(Wire):
    """What stands of a frame: `index` on the way, `frame` in the store."""

    index: Index
    frame: Index
    objects: list[TrackMask]


class CommittedBefore(Wire):
    """What stands of the frames 0 to `next` - 1, for going on from there.

    `labels` has the last of them, and as many of the first one and of those on which tracks begin as are at hand.
    """

    next: Annotated[int, Field(ge=1)]
    labels: list[CommittedFrame]
    phase_of: dict[Track, Index]
    first: dict[Track, Index]

    @model_validator(mode="after")
    def _fits(self) -> "CommittedBefore":
        indices = [frame.index for frame in self.labels]
        if len(set(indices)) < len(indices):
            raise ValueError("labels has an index twice")
        if self.next - 1 not in indices or max(indices) >= self.next:
            raise ValueError(f"labels has to have index {self.next - 1}, the last one before next, and none beyond")
        for frame in self.labels:
            tracks = [each.track for each in frame.objects]
            if unknown := [track for track in tracks if track not in self.first]:
                raise ValueError(f"first does not say on which index track {unknown[0]} begins")
            if len(set(tracks)) < len(tracks):
                raise ValueError(f"labels has a track twice on index {frame.index}")
        return self


class BeginTrackingRequest(Wire):
    """Follow a series on its way of `frames` frames, in whatever order of time; indices count along the way.

    `ticket` is the caller's own name for it; what had the same name before is dropped. New tracks are numbered above
    `highest`. `alive_until` has the index until which a track is known to live: nothing ends it before.
    """

    ticket: Ticket
    store: Annotated[str, Field(min_length=1, max_length=500)]
    input_range: tuple[Number, Number]
    channel: Index | None = None
    client: Annotated[str, Field(min_length=1, max_length=200)]
    segmenter: Name
    weights: Sha256 | None = None
    parameters: Parameters = {}
    tracker: Name
    frames: Annotated[int, Field(ge=1)]
    highest: Annotated[int, Field(ge=0, le=2**32 - 1)]
    alive_until: dict[Track, Index] = {}
    before: CommittedBefore | None = None

    @model_validator(mode="after")
    def _within(self) -> "BeginTrackingRequest":
        if self.before is not None and self.before.next > self.frames:
            raise ValueError(f"before.next is {self.before.next}, beyond the way of {self.frames} frames")
        return self


class TrackFrameRequest(Wire):
    """The next frame: `index` on the way, `frame` in the store, and the masks that a person has accepted on it."""

    index: Index
    frame: Index
    known: list[KnownMask] = []

    @model_validator(mode="after")
    def _each_once(self) -> "TrackFrameRequest":
        (track, count), *_ = Counter(each.track for each in self.known).most_common(1) or [(0, 0)]
        if count > 1:
            raise ValueError(f"track {track} is known twice on this frame; send one mask of each")
        return self

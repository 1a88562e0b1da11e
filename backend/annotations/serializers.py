"""The JSON of annotations: queries and inputs, and the answers beside the wire's own messages."""

import math
from typing import Any, Literal
from uuid import UUID, uuid4

from pydantic import BaseModel
from rest_framework import serializers

from backend.projects.serializers import Input
from backend.protocol import messages

UNITS = ("pm", "Å", "nm", "µm", "mm")
MOST_VERSIONS = 2**31 - 1
MOST_REVISION = 2**63 - 1


class VersionQuery(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, required=False, default=None)


class StateQuery(VersionQuery):
    frame = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS)
    masks_only = serializers.BooleanField(
        default=False, help_text="Whether to leave out tracks and events, for who follows their changes anyway."
    )


class RestorationInput(Input):
    """What to restore, and from where."""

    version = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS)
    base = serializers.IntegerField(
        min_value=0,
        max_value=MOST_VERSIONS,
        allow_null=True,
        default=None,
        help_text="the newest version that the person has seen; 409 where there is a newer one. null: do not ask",
    )
    frame = serializers.IntegerField(
        min_value=0, max_value=MOST_VERSIONS, allow_null=True, default=None, help_text="one frame only"
    )
    first_frame = serializers.IntegerField(
        min_value=0, max_value=MOST_VERSIONS, allow_null=True, default=None, help_text="with last_frame: these only"
    )
    last_frame = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, allow_null=True, default=None)
    tracks = serializers.ListField(
        child=serializers.UUIDField(), allow_null=True, default=None, min_length=1, max_length=500
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Gives `frames`, (first, last) with both ends included, in the place of the three."""
        frame, first, last = (attrs.pop(name) for name in ("frame", "first_frame", "last_frame"))
        if frame is not None and (first is not None or last is not None):
            raise serializers.ValidationError({"frame": "Name one frame, or a first and a last one, not both."})
        if (first is None) != (last is None) or (first is not None and first > last):
            raise serializers.ValidationError(
                {"last_frame": f"Frames {first} to {last}: name both ends, the first one first."}
            )
        attrs["frames"] = (frame, frame) if frame is not None else None if first is None else (first, last)
        return attrs


class RestoreInput(RestorationInput):
    request_id = serializers.UUIDField()


class RevertInput(Input):
    request_id = serializers.UUIDField()
    version = serializers.IntegerField(min_value=1, max_value=MOST_VERSIONS)


class TakeBackInput(Input):
    """`action`: one of one's own, as `actions` lists them; or else an object, by its track and a frame."""

    request_id = serializers.UUIDField()
    action = serializers.UUIDField(required=False)
    track = serializers.UUIDField(required=False)
    frame = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = attrs.keys() & {"action", "track", "frame"}
        if named not in ({"action"}, {"track", "frame"}):
            raise serializers.ValidationError({"action": "Name an action, or a track and a frame: one of the two."})
        return attrs


class ActionOutput(BaseModel):
    """One thing that a person did; `version` is its last one."""

    action: UUID
    reason: str
    version: int


class ActionsOutput(BaseModel):
    """What this person can undo and redo, the oldest first: the last one is next."""

    undo: list[ActionOutput]
    redo: list[ActionOutput]


class RevertJobInput(Input):
    request_id = serializers.UUIDField(default=uuid4, help_text="the same again where a request broke off")
    job = serializers.UUIDField()


class RevertedOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    masks = serializers.IntegerField(help_text="how many were taken back")


class CalibrationInput(Input):
    pixel_size = serializers.FloatField(allow_null=True)
    unit = serializers.ChoiceField(choices=(*UNITS, "px"))
    frame_interval_s = serializers.FloatField(allow_null=True)
    request_id = serializers.UUIDField()
    base = serializers.IntegerField(
        min_value=0,
        max_value=MOST_REVISION,
        allow_null=True,
        default=None,
        help_text="the revision that the person has seen, 0 for the file's own; 409 where there is a newer one. "
        "null: do not ask",
    )
    source_note = serializers.CharField(max_length=200, allow_blank=True, default="")

    def validate_pixel_size(self, value: float | None) -> float | None:
        return _positive(value, "Pixel size")

    def validate_frame_interval_s(self, value: float | None) -> float | None:
        return _positive(value, "Frame interval")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["pixel_size"] is None) != (attrs["unit"] == "px"):
            raise serializers.ValidationError(
                {"unit": f"A pixel size has a unit of {', '.join(UNITS)}; without one the unit is px."}
            )
        return attrs


def _positive(value: float | None, name: str) -> float | None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise serializers.ValidationError(f"{name} of {value}; it is above 0, or null where it is not known.")
    return value


class CalibrationAtVersionOutput(BaseModel):
    """`revision` null: the file's own, before anybody entered another."""

    pixel_size: float | None
    unit: str
    frame_interval_s: float | None
    source: str
    revision: int | None


class FrameStateOutput(BaseModel):
    """At one version: every live track and event, one frame's live masks in drawing order, and the calibration.

    Tracks and events are empty where only masks were asked for.
    """

    version: int
    head: int
    frame: int
    tracks: list[messages.TrackRevision]
    events: list[messages.EventRevision]
    masks: list[messages.MaskRevision]
    calibration: CalibrationAtVersionOutput


class FrameCountsOutput(BaseModel):
    frame: int
    accepted: int
    proposals: int


class TimelineOutput(BaseModel):
    """Only frames that have masks."""

    version: int
    frames: list[FrameCountsOutput]


class LaneRunOutput(BaseModel):
    """Frames in a row, both ends included. `confidence`: the tracker's least on them, null where none tracked."""

    first: int
    last: int
    state: Literal["accepted", "proposal"]
    confidence: float | None


class LaneOutput(BaseModel):
    """A track that has masks, and on which frames."""

    track: UUID
    number: int
    phase: UUID | None
    name: str
    runs: list[LaneRunOutput]


class LanesOutput(BaseModel):
    """In the order of the tracks' numbers."""

    version: int
    tracks: list[LaneOutput]
    events: list[messages.EventRevision]

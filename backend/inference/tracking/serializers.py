"""The JSON of trackings."""

from typing import Any

from rest_framework import serializers

from backend.annotations.serializers import MOST_VERSIONS
from backend.inference.model_serializers import WeightsOutput
from backend.projects.serializers import Input
from ml.registry import DEFAULT_TRACKER


class WayInput(Input):
    """Both ends are included; an `end` before `start` goes backward in time."""

    start = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS)
    end = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS)


class TrackingInput(Input):
    model = serializers.CharField(max_length=64)
    version = serializers.UUIDField(allow_null=True, default=None, help_text="null: the model's usual weights")
    parameters = serializers.DictField(child=serializers.JSONField(allow_null=True), default=dict)
    tracker = serializers.CharField(max_length=64, default=DEFAULT_TRACKER)
    frames = WayInput()
    tracks = serializers.ListField(
        child=serializers.UUIDField(),
        allow_null=True,
        default=None,
        min_length=1,
        max_length=1000,
        help_text="null: every object that has a mask on the first frame",
    )
    new_objects = serializers.BooleanField(default=True, help_text="Whether what the model finds besides is followed.")


class TrackerOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    available = serializers.BooleanField()
    reason = serializers.CharField()
    bundled = WeightsOutput(allow_null=True)
    default = serializers.BooleanField()

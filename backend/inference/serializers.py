"""The JSON of models and exports."""

from typing import Any

from rest_framework import serializers

from backend.annotations.serializers import MOST_VERSIONS
from backend.projects.serializers import Input


class ParameterOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    kind = serializers.CharField(help_text="float, int, bool or choice")
    default = serializers.JSONField(allow_null=True, help_text="null: chosen from the image")
    minimum = serializers.FloatField(allow_null=True)
    maximum = serializers.FloatField(allow_null=True)
    step = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    unit = serializers.CharField()
    help = serializers.CharField()


class ModelOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField(help_text="segmenter or tracker")
    promptable = serializers.BooleanField()
    parameters = ParameterOutput(many=True)
    available = serializers.BooleanField()
    reason = serializers.CharField(help_text="why it is not available, and what helps")


class ExportInput(Input):
    version = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, allow_null=True, default=None)
    formats = serializers.ListField(child=serializers.CharField(max_length=32), min_length=1, max_length=16)

"""The JSON of models, their versions, and which of them a series uses."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.inference import catalogue
from backend.inference.models import ModelVersion
from backend.projects.serializers import AuthorOutput, Input


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


class WeightsOutput(serializers.Serializer[Any]):
    sha256 = serializers.CharField()
    size_bytes = serializers.IntegerField()
    card = serializers.CharField(help_text="Markdown; empty where there is none.")
    metadata = serializers.DictField(child=serializers.CharField())


class ModelOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.CharField(help_text="segmenter or tracker")
    promptable = serializers.BooleanField()
    parameters = ParameterOutput(many=True)
    available = serializers.BooleanField(help_text="Whether it can be used with its usual weights.")
    reason = serializers.CharField(help_text="why it is not available, and what helps")
    bundled = WeightsOutput(allow_null=True, help_text="The usual weights; null where it has or needs none.")
    trainable = serializers.BooleanField()
    configs = serializers.ListField(child=serializers.CharField(), help_text="Sizes to train, the usual one first.")


class VersionPhaseOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    colour = serializers.CharField()


class ModelVersionOutput(serializers.ModelSerializer[ModelVersion]):
    project = serializers.UUIDField(source="project_id")
    title = serializers.SerializerMethodField(help_text="Of its model.")
    metadata = serializers.DictField()
    phases = VersionPhaseOutput(many=True)
    provenance = serializers.DictField()
    scores = serializers.DictField()
    curve = serializers.ListField(child=serializers.DictField())
    created_by = AuthorOutput()
    available = serializers.SerializerMethodField()
    parameters = serializers.SerializerMethodField()

    class Meta:
        model = ModelVersion
        fields = (
            "id",
            "project",
            "model",
            "title",
            "number",
            "name",
            "origin",
            "sha256",
            "size_bytes",
            "metadata",
            "phases",
            "provenance",
            "scores",
            "curve",
            "created_by",
            "created_at",
            "archived",
            "available",
            "parameters",
        )

    def get_title(self, version: ModelVersion) -> str:
        return catalogue.title_of(version)

    def get_available(self, version: ModelVersion) -> bool:
        return catalogue.is_available(version)

    @extend_schema_field(ParameterOutput(many=True))
    def get_parameters(self, version: ModelVersion) -> list[dict[str, Any]]:
        return catalogue.parameters_of(version)


class ProjectModelsOutput(serializers.Serializer[Any]):
    models = ModelOutput(many=True)
    versions = ModelVersionOutput(many=True)


class VersionUploadInput(Input):
    file = serializers.FileField(allow_empty_file=True)  # the service refuses it, and names it
    name = serializers.CharField(max_length=200, allow_blank=True, default="")
    model = serializers.CharField(max_length=64, allow_null=True, default=None)


class VersionChangeInput(Input):
    name = serializers.CharField(max_length=200)
    archived = serializers.BooleanField()


class SeriesModelInput(Input):
    model = serializers.CharField(max_length=64)
    version = serializers.UUIDField(allow_null=True, default=None)

"""The JSON of comparisons."""

from typing import Any

from rest_framework import serializers

from backend.annotations.serializers import MOST_VERSIONS
from backend.projects.serializers import Input

MOST_MODELS = 16
MOST_FRAMES = 50


class ModelChoiceInput(Input):
    model = serializers.CharField(max_length=64)
    version = serializers.UUIDField(allow_null=True, default=None, help_text="null: the model's usual weights")


class ComparisonInput(Input):
    models = ModelChoiceInput(many=True)
    series = serializers.UUIDField()
    version = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, allow_null=True, default=None)
    frames = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=10_000_000), min_length=1, max_length=MOST_FRAMES
    )
    controls = serializers.BooleanField(
        default=True, help_text="a threshold fitted to other frames of the series, and untrained networks"
    )

    def validate_models(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if not 1 <= len(value) <= MOST_MODELS:
            raise serializers.ValidationError(f"{len(value)} models; compare 1 to {MOST_MODELS}.")
        return value


class ComparedModelOutput(serializers.Serializer[Any]):
    """And every score by name, with `<name>_low` and `<name>_high`: the limits of its 95 % interval over frames."""

    key = serializers.CharField(help_text="in the addresses of the pictures")
    model = serializers.CharField()
    version = serializers.UUIDField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    control = serializers.BooleanField()
    error = serializers.CharField(allow_null=True)
    trained_on = serializers.ListField(child=serializers.IntegerField(), help_text="of the frames scored here")
    chosen_by = serializers.ListField(
        child=serializers.IntegerField(), help_text="of them, those whose scores chose the epoch that was kept"
    )
    parameters = serializers.IntegerField(allow_null=True)
    input_size = serializers.IntegerField(allow_null=True)
    images_per_s = serializers.FloatField(allow_null=True)
    pixels_per_s = serializers.FloatField(allow_null=True)
    peak_memory_mb = serializers.FloatField(allow_null=True)
    iou = serializers.FloatField(allow_null=True)
    dice = serializers.FloatField(allow_null=True)
    ap50 = serializers.FloatField(allow_null=True)
    ap75 = serializers.FloatField(allow_null=True)
    pq = serializers.FloatField(allow_null=True)
    boundary_f1 = serializers.FloatField(allow_null=True)
    count_error = serializers.FloatField(allow_null=True)


class ComparisonOutput(serializers.Serializer[Any]):
    """Described only: the table is passed on as it was measured."""

    series = serializers.UUIDField()
    series_name = serializers.CharField()
    version = serializers.IntegerField()
    frames = serializers.ListField(child=serializers.IntegerField())
    fitted_on = serializers.ListField(child=serializers.IntegerField())
    device = serializers.CharField()
    threads = serializers.IntegerField()
    seed = serializers.IntegerField()
    tolerance_px = serializers.FloatField()
    notes = serializers.ListField(child=serializers.CharField())
    models = ComparedModelOutput(many=True)
    per_frame = serializers.DictField(help_text="by key and frame: that frame's scores")

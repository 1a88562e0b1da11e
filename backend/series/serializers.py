"""The JSON of series, pixel stores and uploads."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backend.projects.serializers import AuthorOutput, Input
from backend.series.models import PixelStore, Series, Transfer, Upload
from ml.registry import DEFAULT


class LevelOutput(serializers.Serializer[Any]):
    height = serializers.IntegerField()
    width = serializers.IntegerField()
    chunk = serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2)
    scale = serializers.IntegerField(help_text="Side of this level's pixel in pixels of the full resolution.")


class PixelStoreOutput(serializers.ModelSerializer[PixelStore]):
    levels = LevelOutput(many=True)
    store = serializers.CharField(source="hash")
    compressor = serializers.SerializerMethodField()

    class Meta:
        model = PixelStore
        fields = ("levels", "dtype", "channels", "compressor", "store")

    def get_compressor(self, pixels: PixelStore) -> str:
        return "zstd"


class CalibrationOutput(serializers.Serializer[Any]):
    pixel_size = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    frame_interval_s = serializers.FloatField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    revision = serializers.IntegerField(allow_null=True)


class SeriesModelOutput(serializers.Serializer[Any]):
    model = serializers.CharField(help_text="What the series is segmented with unless somebody chooses otherwise.")
    version = serializers.UUIDField(allow_null=True, help_text="null: the model's usual weights")


class SeriesOutput(serializers.ModelSerializer[Series]):
    project = serializers.UUIDField(source="project_id")
    frames = serializers.IntegerField(source="pixels.frames")
    height = serializers.IntegerField(source="pixels.height")
    width = serializers.IntegerField(source="pixels.width")
    channels = serializers.IntegerField(source="pixels.channels")
    dtype = serializers.CharField(source="pixels.dtype")
    input_range = serializers.SerializerMethodField(help_text="Grey values that networks see as 0 and 1.")
    calibration = CalibrationOutput()
    created_by = AuthorOutput()
    changed_by = AuthorOutput(allow_null=True, help_text="null: nobody since it was imported")
    archived_by = AuthorOutput(allow_null=True)
    pixels = PixelStoreOutput()
    model = serializers.SerializerMethodField()

    class Meta:
        model = Series
        fields = (
            "id",
            "project",
            "name",
            "frames",
            "height",
            "width",
            "channels",
            "dtype",
            "input_range",
            "calibration",
            "version",
            "annotated_frames",
            "proposals",
            "changed_at",
            "changed_by",
            "created_by",
            "created_at",
            "archived_at",
            "archived_by",
            "pixels",
            "model",
        )

    @extend_schema_field(SeriesModelOutput)
    def get_model(self, series: Series) -> dict[str, Any]:
        chosen = getattr(series, "chosen_model", None)  # there is a row only where somebody chose
        return {"model": chosen.model if chosen else DEFAULT, "version": chosen and chosen.version_id}

    def get_input_range(self, series: Series) -> list[float]:
        return [series.pixels.input_low, series.pixels.input_high]


class SeriesChangeInput(Input):
    name = serializers.CharField(max_length=200)


class UploadInput(Input):
    file = serializers.FileField(allow_empty_file=True)  # the service refuses it, and names it


class UploadOutput(serializers.ModelSerializer[Upload]):
    class Meta:
        model = Upload
        fields = ("id", "name", "bytes", "sha256")

    bytes = serializers.IntegerField(source="size_bytes")


class TransferOutput(serializers.ModelSerializer[Transfer]):
    class Meta:
        model = Transfer
        fields = ("id", "name", "bytes", "offset", "modified_ms", "upload")

    bytes = serializers.IntegerField(source="size_bytes")
    offset = serializers.IntegerField(source="offset_bytes", help_text="Bytes that have come.")
    upload = serializers.UUIDField(source="upload_id", allow_null=True, help_text="null: not whole yet")


class ImportInput(Input):
    name = serializers.CharField(max_length=200)
    uploads = serializers.ListField(child=serializers.UUIDField(), min_length=1)


class FrameQuery(serializers.Serializer[Any]):
    frame = serializers.IntegerField(min_value=0, max_value=2**31, default=0)


class HistogramOutput(serializers.Serializer[Any]):
    low = serializers.FloatField(help_text="0.1 percentile of the frame: the automatic window's lower end.")
    high = serializers.FloatField(help_text="99.9 percentile: its upper end.")
    counts = serializers.ListField(child=serializers.IntegerField(), help_text="256 equal bins from min to max.")
    min = serializers.FloatField()
    max = serializers.FloatField()

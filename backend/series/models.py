"""Series, the pixel stores they show, and the files they were made from."""

import uuid

from django.db import models
from django.db.models import Q

from backend.projects.models import Project, User

HEX_64 = r"^[0-9a-f]{64}$"


class Upload(models.Model):
    """A file that a person sent. Its bytes lie in uploads/ab/<sha256>, once, however often they were sent."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="uploads")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at",)
        constraints = (models.CheckConstraint(condition=Q(sha256__regex=HEX_64), name="upload_sha256_is_hex"),)

    def __str__(self) -> str:
        return self.name


class Transfer(models.Model):
    """A file on its way: the first `offset_bytes` of it are on the disk for good. It is whole once it has an `upload`.

    `modified_ms` is the file's own time (milliseconds since 1970): by it, its name and size the browser knows the file
    again after a reload. `sha256` is set when the last byte has come.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="transfers")
    name = models.CharField(max_length=255)
    size_bytes = models.PositiveBigIntegerField()
    modified_ms = models.PositiveBigIntegerField(null=True)
    offset_bytes = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    upload = models.OneToOneField(Upload, on_delete=models.CASCADE, null=True, related_name="transfer")
    created_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="transfers")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(size_bytes__gte=1, offset_bytes__lte=models.F("size_bytes")),
                name="transfer_within_size",
            ),
        )

    def __str__(self) -> str:
        return self.name


class DType(models.TextChoices):
    UINT8 = "uint8"
    UINT16 = "uint16"
    FLOAT32 = "float32"


class PixelStore(models.Model):
    """Pixels by content: an OME-Zarr store at store/<hash>.zarr, immutable, shared by equal series.

    `levels` is [{height, width, chunk: [h, w], scale}], full resolution first.
    """

    hash = models.CharField(primary_key=True, max_length=64, editable=False)
    frames = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    channels = models.PositiveSmallIntegerField()
    dtype = models.CharField(max_length=8, choices=DType.choices)
    levels = models.JSONField()
    input_low = models.FloatField()
    input_high = models.FloatField()
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(hash__regex=HEX_64), name="pixel_store_hash_is_hex"),
            models.CheckConstraint(condition=Q(dtype__in=DType.values), name="pixel_store_dtype_known"),
            models.CheckConstraint(
                condition=Q(frames__gte=1, height__gte=1, width__gte=1, channels__in=(1, 3)),
                name="pixel_store_has_pixels",
            ),
            models.CheckConstraint(condition=Q(input_low__lt=models.F("input_high")), name="input_range_rises"),
        )

    def __str__(self) -> str:
        return self.hash


class Series(models.Model):
    """One image sequence. Whoever appends a changeset locks this row first.

    `version`, `calibration` and `annotated_frames` are written by `annotations.services` in the transaction of the
    changeset that changes them, as are `proposals`, how many masks wait for a person, and `changed_at` and
    `changed_by`, null while nobody has changed anything. While `archived_at` is set, or the project's, nothing of it
    changes. `calibration` is {pixel_size, unit, frame_interval_s, source, revision}, its
    `revision` null while it is still the file's own, which `initial_calibration` keeps for version 0.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="series")
    name = models.CharField(max_length=200)
    pixels = models.ForeignKey(PixelStore, on_delete=models.PROTECT, related_name="series")
    initial_calibration = models.JSONField()
    calibration = models.JSONField()
    version = models.PositiveIntegerField(default=0)
    annotated_frames = models.PositiveIntegerField(default=0)
    proposals = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    sources = models.JSONField(default=list)
    metadata = models.JSONField(default=dict)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="series")
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True)
    archived_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("created_at", "id")
        verbose_name_plural = "series"
        constraints = (models.CheckConstraint(condition=~Q(name=""), name="series_has_name"),)

    def __str__(self) -> str:
        return self.name


class DisplayPreset(models.Model):
    """How a series' image may be looked at, under a name that its members share. Networks never see any of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="display_presets")
    name = models.CharField(max_length=100)
    low = models.FloatField()
    high = models.FloatField()
    gamma = models.FloatField()
    invert = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="display_presets")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created_at", "id")
        constraints = (
            models.UniqueConstraint(fields=("series", "name"), name="display_preset_name_once"),
            models.UniqueConstraint(
                fields=("series",), condition=Q(is_default=True), name="display_preset_default_once"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="display_preset_has_name"),
            models.CheckConstraint(condition=Q(low__lt=models.F("high")), name="display_preset_window_rises"),
            models.CheckConstraint(condition=Q(gamma__gt=0), name="display_preset_gamma_is_positive"),
        )

    def __str__(self) -> str:
        return self.name

"""The model versions of a project, and which of them a series uses."""

import uuid

from django.db import models
from django.db.models import Q

from backend.projects.models import Project, User
from backend.series.models import HEX_64, Series


class Origin(models.TextChoices):
    TRAINED = "trained"
    UPLOADED = "uploaded"


class ModelVersion(models.Model):
    """One checkpoint of a registered model, or one file of its settings. Its bytes lie in models/ab/<sha256>.*, once.

    Only `name` and `archived` ever change. `phases` is [{id, name, colour}, …] in the order of the network's phases,
    as they were when it was trained: the project's own may have been renamed or deleted since. `curve` holds the
    training's rows {step, epoch, seconds, loss, …}, `scores` those of the frames that were kept for validation.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="model_versions")
    model = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    origin = models.CharField(max_length=16, choices=Origin.choices)
    sha256 = models.CharField(max_length=64, db_index=True)
    size_bytes = models.PositiveBigIntegerField()
    metadata = models.JSONField(default=dict)
    phases = models.JSONField(default=list)
    provenance = models.JSONField(default=dict)
    scores = models.JSONField(default=dict)
    curve = models.JSONField(default=list)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="model_versions")
    created_at = models.DateTimeField(auto_now_add=True)
    archived = models.BooleanField(default=False)

    class Meta:
        ordering = ("model", "number")
        constraints = (
            models.UniqueConstraint(fields=("project", "model", "number"), name="model_version_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="model_version_number_from_1"),
            models.CheckConstraint(condition=~Q(name=""), name="model_version_has_name"),
            models.CheckConstraint(condition=Q(sha256__regex=HEX_64), name="model_version_sha256_is_hex"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="model_version_origin_known"),
        )

    def __str__(self) -> str:
        return self.name


class SeriesModel(models.Model):
    """What a series is segmented with unless somebody chooses otherwise. Without a row: the registry's default.

    `version` null stands for the model's usual weights.
    """

    series = models.OneToOneField(Series, on_delete=models.CASCADE, primary_key=True, related_name="chosen_model")
    model = models.CharField(max_length=64)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.model} for {self.series_id}"

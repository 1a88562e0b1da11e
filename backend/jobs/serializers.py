"""The JSON of jobs."""

from typing import Any

from rest_framework import serializers

from backend.jobs.models import Job
from backend.jobs.registry import KINDS
from backend.projects.serializers import AuthorOutput, ErrorOutput


class JobOutput(serializers.ModelSerializer[Job]):
    project = serializers.UUIDField(source="project_id")
    created_by = AuthorOutput()
    error = ErrorOutput(allow_null=True)
    result = serializers.DictField()
    pausable = serializers.SerializerMethodField()
    parameters = serializers.DictField(
        source="shown_parameters",
        allow_null=True,
        help_text="What was asked for; null where the kind shows it to nobody.",
    )

    class Meta:
        model = Job
        fields = (
            "id",
            "kind",
            "state",
            "progress",
            "step",
            "error",
            "result",
            "created_at",
            "created_by",
            "project",
            "series",
            "pausable",
            "parameters",
        )

    def get_pausable(self, job: Job) -> bool:
        return job.kind in KINDS and KINDS[job.kind].pausable


class JobPageQuery(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=32, required=False)
    before = serializers.UUIDField(required=False)
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)


class JobPageOutput(serializers.Serializer[Any]):
    results = JobOutput(many=True)
    next = serializers.UUIDField(allow_null=True)

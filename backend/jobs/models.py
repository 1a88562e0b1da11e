"""The job row owns lease, heartbeat, attempt, progress, cancel and result: nothing else knows of a job."""

import uuid

from django.db import models
from django.db.models import Q

from backend.projects.models import Project, User


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Queue(models.TextChoices):
    QUICK = "quick"
    LONG = "long"
    TRAIN = "train"


FINISHED = (State.DONE, State.FAILED, State.CANCELLED)


class Job(models.Model):
    """`series` is a plain id: series lie above jobs. `lease_until` is renewed by the heartbeat of whoever runs it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    queue = models.CharField(max_length=8, choices=Queue.choices)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="jobs")
    series = models.UUIDField(null=True)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="jobs")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    parameters = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    progress = models.FloatField(default=0.0)
    step = models.CharField(max_length=300, blank=True, default="")
    cancel_requested = models.BooleanField(default=False)
    pause_requested = models.BooleanField(default=False)
    error = models.JSONField(null=True)
    result = models.JSONField(default=dict)

    attempt = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=100, blank=True, default="")
    heartbeat_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            models.Index(fields=("queue", "state", "created_at")),
            models.Index(fields=("project", "-created_at")),
            models.Index(fields=("series",)),
        )
        constraints = (
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state_known"),
            models.CheckConstraint(condition=Q(queue__in=Queue.values), name="job_queue_known"),
            models.CheckConstraint(condition=Q(progress__gte=0) & Q(progress__lte=1), name="job_progress_in_0_1"),
            models.CheckConstraint(
                condition=~Q(state=State.RUNNING) | Q(lease_until__isnull=False), name="running_job_has_lease"
            ),
            models.CheckConstraint(
                condition=Q(state__in=FINISHED, finished_at__isnull=False)
                | (~Q(state__in=FINISHED) & Q(finished_at__isnull=True)),
                name="finished_job_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

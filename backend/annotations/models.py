"""Changesets and their revisions: appended, never changed. The database refuses an UPDATE of any of them.

A subject is what a revision is about: a track's properties, or a track's mask on a frame. Its revisions form a chain
through `previous`; the constraints allow one beginning and one successor each, so that two writers can never both
follow the same revision. Heads say where each chain ends now, and are the only rows here that change.

Rows leave only with their series. Every other relation is DO_NOTHING (the foreign key still holds in the database),
so that Django deletes a series' rows by statement and does not load them.
"""

import uuid

from django.db import models
from django.db.models import F, Q

from backend.annotations.kinds import Kind
from backend.jobs.models import Job
from backend.projects.models import Phase, User
from backend.series.models import HEX_64, Series

MAX_ORDER = 2**31 - 1


class MaskState(models.TextChoices):
    ACCEPTED = "accepted"
    PROPOSAL = "proposal"


class Mask(models.Model):
    """Pixels by content: the key is `ml.rle.sha256`. Box (x0, y0, x1, y1), x1 and y1 exclusive."""

    sha256 = models.CharField(primary_key=True, max_length=64, editable=False)
    height = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    counts = models.TextField()
    area_px = models.PositiveIntegerField()
    x0 = models.PositiveIntegerField()
    y0 = models.PositiveIntegerField()
    x1 = models.PositiveIntegerField()
    y1 = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(sha256__regex=HEX_64), name="mask_sha256_is_hex"),
            models.CheckConstraint(condition=Q(area_px__gte=1), name="mask_not_empty"),
            models.CheckConstraint(
                condition=Q(x0__lt=F("x1"), y0__lt=F("y1"), x1__lte=F("width"), y1__lte=F("height")),
                name="mask_box_inside",
            ),
        )

    def __str__(self) -> str:
        return self.sha256


class Track(models.Model):
    """One object through time. The client names it (so a retry names the same), the server numbers it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="tracks")
    number = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("series", "number"), name="track_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="track_number_from_1"),
        )

    def __str__(self) -> str:
        return f"{self.number}"


class Changeset(models.Model):
    """The revisions of one action, or of a part of it. `summary` is {counts, frames}, for the history's list.

    `action`: the request that all parts of an action name; null: it is the only one. `undoes`: the action that it
    takes back; `undoes_part`: the one of which it takes back what became of one object.
    """

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="changesets")
    version = models.PositiveIntegerField()
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="changesets")
    created_at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=200, blank=True)
    job = models.ForeignKey(Job, on_delete=models.RESTRICT, null=True, related_name="changesets")
    request_id = models.UUIDField()
    payload_hash = models.CharField(max_length=64)
    action = models.UUIDField(null=True)
    undoes = models.UUIDField(null=True)
    undoes_part = models.UUIDField(null=True)
    summary = models.JSONField()

    class Meta:
        indexes = (models.Index(fields=("series", "author", "version"), name="changesets_of_author"),)
        constraints = (
            models.UniqueConstraint(fields=("series", "version"), name="changeset_version_once"),
            models.UniqueConstraint(fields=("series", "author", "request_id"), name="changeset_request_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="changeset_version_from_1"),
        )

    def __str__(self) -> str:
        return f"{self.series_id} version {self.version}"


class ChangesetKind(models.Model):
    """A kind of change that a version holds, for the history's filter: counting in JSON would read every row."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("series", "kind", "version"), name="changeset_kind_once"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="changeset_kind_known"),
        )

    def __str__(self) -> str:
        return f"{self.kind} in version {self.version}"


class MaskRevision(models.Model):
    """A track's mask on a frame from `version` on; `mask` null says that it was deleted."""

    id = models.BigAutoField(primary_key=True)
    changeset = models.ForeignKey(Changeset, on_delete=models.DO_NOTHING, related_name="masks")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    track = models.ForeignKey(Track, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    frame = models.PositiveIntegerField()
    previous = models.OneToOneField("self", on_delete=models.DO_NOTHING, null=True, related_name="next")
    mask = models.ForeignKey(Mask, on_delete=models.DO_NOTHING, null=True, related_name="+")
    order = models.IntegerField()
    state = models.CharField(max_length=8, choices=MaskState.choices)
    origin = models.JSONField()
    # Repeats the origin's, for the lanes of thousands of tracks: it is read without the JSON around it.
    confidence = models.FloatField(null=True)

    class Meta:
        indexes = (models.Index(fields=("series", "frame", "track", "version"), name="mask_state_at_version"),)
        constraints = (
            models.UniqueConstraint(fields=("track", "frame", "version"), name="mask_revision_once_a_version"),
            models.UniqueConstraint(fields=("track", "frame"), condition=Q(previous=None), name="mask_begins_once"),
            models.CheckConstraint(condition=Q(state__in=MaskState.values), name="mask_state_known"),
        )

    def __str__(self) -> str:
        return f"mask revision {self.pk}"


class TrackRevision(models.Model):
    id = models.BigAutoField(primary_key=True)
    changeset = models.ForeignKey(Changeset, on_delete=models.DO_NOTHING, related_name="tracks")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    track = models.ForeignKey(Track, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    previous = models.OneToOneField("self", on_delete=models.DO_NOTHING, null=True, related_name="next")
    # A phase that any version names cannot be deleted, except with its whole project.
    phase = models.ForeignKey(Phase, on_delete=models.RESTRICT, null=True, related_name="+")
    name = models.CharField(max_length=200, blank=True)
    deleted = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index(fields=("series", "track", "version"), name="track_state_at_version"),)
        constraints = (
            models.UniqueConstraint(fields=("track", "version"), name="track_revision_once_a_version"),
            models.UniqueConstraint(fields=("track",), condition=Q(previous=None), name="track_begins_once"),
        )

    def __str__(self) -> str:
        return f"track revision {self.pk}"


class CalibrationRevision(models.Model):
    """The series' calibration from `version` on. Before the first, its file's own holds."""

    id = models.BigAutoField(primary_key=True)
    changeset = models.OneToOneField(Changeset, on_delete=models.DO_NOTHING, related_name="calibration")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    previous = models.OneToOneField("self", on_delete=models.DO_NOTHING, null=True, related_name="next")
    pixel_size = models.FloatField(null=True)
    unit = models.CharField(max_length=16)
    frame_interval_s = models.FloatField(null=True)
    source = models.CharField(max_length=600)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("series", "version"), name="calibration_once_a_version"),
            models.UniqueConstraint(fields=("series",), condition=Q(previous=None), name="calibration_begins_once"),
            models.CheckConstraint(condition=Q(pixel_size=None) | Q(pixel_size__gt=0), name="pixel_size_positive"),
            models.CheckConstraint(
                condition=Q(frame_interval_s=None) | Q(frame_interval_s__gt=0), name="frame_interval_positive"
            ),
        )

    def __str__(self) -> str:
        return f"calibration revision {self.pk}"


class EventKind(models.TextChoices):
    BIRTH = "birth"
    DISSOLUTION = "dissolution"
    EXIT = "exit"
    CONTACT = "contact"
    MERGE = "merge"
    SPLIT = "split"


class Role(models.TextChoices):
    PARENT = "parent"
    CHILD = "child"


class Event(models.Model):
    """Something that happened to tracks. Whoever finds it names it, so that a retry names the same."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="events")

    def __str__(self) -> str:
        return f"event {self.pk}"


class EventRevision(models.Model):
    """An event from `version` on. It happened after `first_frame` and by `last_frame`, the children's first.

    `parents` and `children` are lists of tracks' ids. A track that is deleted stays named: it may come back.
    """

    id = models.BigAutoField(primary_key=True)
    changeset = models.ForeignKey(Changeset, on_delete=models.DO_NOTHING, related_name="events")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    version = models.PositiveIntegerField()
    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    previous = models.OneToOneField("self", on_delete=models.DO_NOTHING, null=True, related_name="next")
    kind = models.CharField(max_length=12, choices=EventKind.choices)
    first_frame = models.PositiveIntegerField()
    last_frame = models.PositiveIntegerField()
    parents = models.JSONField()
    children = models.JSONField()
    confidence = models.FloatField(null=True)
    state = models.CharField(max_length=8, choices=MaskState.choices)
    origin = models.JSONField()
    deleted = models.BooleanField(default=False)

    class Meta:
        indexes = (models.Index(fields=("series", "event", "version"), name="event_state_at_version"),)
        constraints = (
            models.UniqueConstraint(fields=("event", "version"), name="event_revision_once_a_version"),
            models.UniqueConstraint(fields=("event",), condition=Q(previous=None), name="event_begins_once"),
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="event_kind_known"),
            models.CheckConstraint(condition=Q(state__in=MaskState.values), name="event_state_known"),
            models.CheckConstraint(condition=Q(first_frame__lt=F("last_frame")), name="event_frames_in_order"),
        )

    def __str__(self) -> str:
        return f"event revision {self.pk}"


class MaskHead(models.Model):
    """Where a mask's chain ends. `shown` repeats the revision's state, "" where the mask is deleted, for counting."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    track = models.ForeignKey(Track, on_delete=models.DO_NOTHING, related_name="+", db_index=False)
    frame = models.PositiveIntegerField()
    revision = models.OneToOneField(MaskRevision, on_delete=models.DO_NOTHING, related_name="+")
    shown = models.CharField(max_length=8, blank=True)

    class Meta:
        indexes = (models.Index(fields=("series", "frame", "shown"), name="mask_heads_by_frame"),)
        constraints = (
            models.UniqueConstraint(fields=("track", "frame"), name="mask_head_once"),
            models.CheckConstraint(condition=Q(shown__in=("", *MaskState.values)), name="mask_head_shown_known"),
        )

    def __str__(self) -> str:
        return f"head {self.revision_id}"


class TrackHead(models.Model):
    track = models.OneToOneField(Track, primary_key=True, on_delete=models.DO_NOTHING, related_name="head")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+")
    revision = models.OneToOneField(TrackRevision, on_delete=models.DO_NOTHING, related_name="+")

    def __str__(self) -> str:
        return f"head {self.revision_id}"


class EventHead(models.Model):
    event = models.OneToOneField(Event, primary_key=True, on_delete=models.DO_NOTHING, related_name="head")
    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+")
    revision = models.OneToOneField(EventRevision, on_delete=models.DO_NOTHING, related_name="+")

    def __str__(self) -> str:
        return f"head {self.revision_id}"


class EventMember(models.Model):
    """A track that an event names, as its head says it; deleted events have none."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.DO_NOTHING, related_name="members")
    track = models.ForeignKey(Track, on_delete=models.DO_NOTHING, related_name="+")
    role = models.CharField(max_length=8, choices=Role.choices)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("event", "track", "role"), name="event_member_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="event_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.track_id} of {self.event_id}"

"""Many changesets at once: the rows that the services would write for each draft, inserted in bulk."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Max, Model

from backend.annotations.append import kind_rows, mask_row, summary_of
from backend.annotations.models import (
    Changeset,
    ChangesetKind,
    Mask,
    MaskHead,
    MaskRevision,
    Track,
    TrackHead,
    TrackRevision,
)
from backend.annotations.values import Draft, Head, MaskSubject, MaskValue, TrackValue
from backend.jobs.models import Job
from backend.projects.models import User
from backend.series.models import Series
from ml.rle import Rle

ROWS = 20_000  # written at once


@dataclass(frozen=True)
class Change:
    """One changeset: who, why, and what it puts in the place of the heads before it."""

    author: User
    reason: str = ""
    job: Job | None = None
    tracks: dict[UUID, TrackValue] = field(default_factory=dict)
    masks: dict[MaskSubject, MaskValue] = field(default_factory=dict)
    pixels: dict[str, Rle] = field(default_factory=dict)


@transaction.atomic
def append_all(series: Series, changes: Iterable[Change]) -> None:
    """Appends every change as a version of its own. Events and calibrations are not written this way."""
    writing = _Writing(series)
    for change in changes:
        writing.add(change)
    writing.finish()


class _Writing:
    """Rows that wait, in the order in which they must be written; and where every chain ends."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.waiting: dict[type[Model], list[Any]] = {
            model: [] for model in (Track, Changeset, ChangesetKind, Mask, TrackRevision, MaskRevision)
        }
        self.keys: dict[type[Model], int] = {model: _last(model) for model in (Changeset, TrackRevision, MaskRevision)}
        self.tracks: dict[UUID, Head[TrackValue]] = {}
        self.masks: dict[MaskSubject, Head[MaskValue]] = {}
        self.numbers = 0
        self.known: set[str] = set()
        self.last: Changeset | None = None

    def add(self, change: Change) -> None:
        draft = Draft(self.tracks, self.masks, dict(change.tracks), dict(change.masks), pixels=change.pixels)
        self.series.version += 1
        changeset = Changeset(
            pk=self._key(Changeset),
            series=self.series,
            version=self.series.version,
            author=change.author,
            reason=change.reason,
            job=change.job,
            request_id=uuid4(),
            payload_hash="",
            summary=summary_of(draft),
        )
        self.last = changeset
        self.waiting[Changeset].append(changeset)
        self.waiting[ChangesetKind] += kind_rows(changeset, change.job)
        for track, value in change.tracks.items():
            self._add_track(changeset, track, value)
        for sha256, pixels in change.pixels.items():
            if sha256 not in self.known:
                self.known.add(sha256)
                self.waiting[Mask].append(mask_row(sha256, pixels))
        for subject, mask in change.masks.items():
            self._add_mask(changeset, subject, mask)
        if len(self.waiting[MaskRevision]) >= ROWS or len(self.waiting[Changeset]) >= ROWS:
            self._write()

    def finish(self) -> None:
        self._write()
        TrackHead.objects.bulk_create(
            TrackHead(track_id=track, series=self.series, revision_id=head.revision)
            for track, head in self.tracks.items()
        )
        for rows in _parts(self.masks.items()):
            MaskHead.objects.bulk_create(
                MaskHead(
                    series=self.series,
                    track_id=track,
                    frame=frame,
                    revision_id=head.revision,
                    shown=head.value.state if head.value.sha256 else "",
                )
                for (track, frame), head in rows
            )
        accepted = {frame for (_, frame), head in self.masks.items() if head.value.state == "accepted"}
        self.series.annotated_frames = len(accepted)
        states = [head.value.state for head in self.masks.values() if head.value.sha256 is not None]
        self.series.proposals = states.count("proposal")
        if self.last is not None:
            self.series.changed_at, self.series.changed_by = self.last.created_at, self.last.author
        self.series.save()
        for statement in connection.ops.sequence_reset_sql(no_style(), list(self.keys)):
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def _add_track(self, changeset: Changeset, track: UUID, value: TrackValue) -> None:
        before = self.tracks.get(track)
        if before is None:
            self.numbers += 1
            self.waiting[Track].append(Track(id=track, series=self.series, number=self.numbers))
        row = TrackRevision(
            pk=self._key(TrackRevision),
            changeset=changeset,
            series=self.series,
            version=changeset.version,
            track_id=track,
            previous_id=before.revision if before else None,
            phase_id=value.phase,
            name=value.name,
            deleted=value.deleted,
        )
        self.waiting[TrackRevision].append(row)
        self.tracks[track] = Head(row.pk, row.version, value)

    def _add_mask(self, changeset: Changeset, subject: MaskSubject, value: MaskValue) -> None:
        before = self.masks.get(subject)
        row = MaskRevision(
            pk=self._key(MaskRevision),
            changeset=changeset,
            series=self.series,
            version=changeset.version,
            track_id=subject[0],
            frame=subject[1],
            previous_id=before.revision if before else None,
            mask_id=value.sha256,
            order=value.order,
            state=value.state,
            origin=value.origin,
            confidence=value.origin.get("confidence"),
        )
        self.waiting[MaskRevision].append(row)
        self.masks[subject] = Head(row.pk, row.version, value)

    def _key(self, model: type[Model]) -> int:
        self.keys[model] += 1
        return self.keys[model]

    def _write(self) -> None:
        for model, rows in self.waiting.items():
            model._default_manager.bulk_create(rows, ignore_conflicts=model is Mask)
            rows.clear()


def _last(model: type[Model]) -> int:
    found: int | None = model._default_manager.aggregate(last=Max("pk"))["last"]
    return found or 0


def _parts(items: Iterable[Any]) -> Iterator[Sequence[Any]]:
    part: list[Any] = []
    for item in items:
        part.append(item)
        if len(part) == ROWS:
            yield part
            part = []
    yield part

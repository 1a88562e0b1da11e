"""The list of changesets: newest first, in pages, filtered by who, what and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Min, Q, QuerySet, TextField
from django.db.models.functions import Cast

from backend.annotations.kinds import Kind
from backend.annotations.models import Changeset, ChangesetKind, EventRevision, MaskRevision, TrackRevision


@dataclass(frozen=True)
class Wanted:
    """Which changesets to list; None: whichever. Of a track on frames: what touched it there.

    `kinds`: those that hold any of them.
    """

    author: int | None = None
    track: UUID | None = None
    first_frame: int | None = None
    last_frame: int | None = None
    kinds: Sequence[Kind] = ()

    @property
    def has_place(self) -> bool:
        return any(value is not None for value in (self.track, self.first_frame, self.last_frame))


def history(
    *, series_id: UUID, before: int | None, limit: int, wanted: Wanted = Wanted()
) -> tuple[Sequence[Changeset], int | None]:
    """Changesets before a version, newest first, and the `before` of the next page."""
    rows = filtered(series_id, wanted)
    if before is not None:
        rows = rows.filter(version__lt=before)
    page = list(rows[: limit + 1])
    following = page[limit - 1].version if len(page) > limit else None
    return page[:limit], following


def filtered(series_id: UUID, wanted: Wanted) -> QuerySet[Changeset]:
    rows = Changeset.objects.filter(series=series_id).select_related("author").order_by("-version")
    if wanted.author is not None:
        rows = rows.filter(author=wanted.author)
    if wanted.kinds:
        kinds = ChangesetKind.objects.filter(series=series_id, kind__in=wanted.kinds)
        rows = rows.filter(version__in=kinds.values("version"))
    if wanted.has_place:
        rows = rows.filter(_touching(series_id, wanted))
    return rows


def _touching(series_id: UUID, wanted: Wanted) -> Q:
    """By version, not by changeset: the indexes of revisions hold it, so no revision itself is read."""
    masks = _masks(MaskRevision.objects.filter(series=series_id), wanted)
    events = EventRevision.objects.filter(series=series_id)
    if wanted.first_frame is not None:
        events = events.filter(last_frame__gte=wanted.first_frame)
    if wanted.last_frame is not None:
        events = events.filter(last_frame__lte=wanted.last_frame)
    if wanted.track is not None:
        events = _naming(events, wanted.track)
    touching = Q(version__in=masks.values("version")) | Q(version__in=events.values("version"))
    if wanted.first_frame is None and wanted.last_frame is None:
        tracks = TrackRevision.objects.filter(series=series_id, track=wanted.track)
        touching |= Q(version__in=tracks.values("version"))
    return touching


def _naming(events: QuerySet[EventRevision], track: UUID) -> QuerySet[EventRevision]:
    """Revisions that name the track, or took it out of their event. SQLite cannot look into JSON: its text is read."""
    names = Q()
    for position, column in enumerate(("parents", "children", "previous__parents", "previous__children")):
        events = events.alias(**{f"named_{position}": Cast(column, TextField())})
        names |= Q(**{f"named_{position}__contains": str(track)})
    return events.filter(names)


def _masks(rows: QuerySet[MaskRevision], wanted: Wanted) -> QuerySet[MaskRevision]:
    if wanted.first_frame is not None:
        rows = rows.filter(frame__gte=wanted.first_frame)
    if wanted.last_frame is not None:
        rows = rows.filter(frame__lte=wanted.last_frame)
    return rows if wanted.track is None else rows.filter(track=wanted.track)


def samples(page: Sequence[Changeset], wanted: Wanted = Wanted()) -> dict[int, MaskRevision]:
    """One mask that each changeset wrote, within what is wanted, with the one before it; by changeset."""
    rows = _masks(MaskRevision.objects.filter(changeset__in=[row.pk for row in page]), wanted)
    first: QuerySet[Any, Any] = rows.values("changeset").annotate(first=Min("id")).values("first")
    found = MaskRevision.objects.filter(pk__in=list(first.values_list("first", flat=True)))
    chosen = found.select_related("mask", "previous__mask").defer("mask__counts", "previous__mask__counts")
    return {row.changeset_id: row for row in chosen}

"""Reads the heads that a changeset starts from. The caller holds the series' lock."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.db.models import F, Max, Q

from backend.annotations.models import (
    EventHead,
    EventMember,
    EventRevision,
    MaskHead,
    MaskRevision,
    TrackHead,
    TrackRevision,
)
from backend.annotations.values import EventValue, Head, MaskSubject, MaskValue, TrackValue

CHUNK = 500  # values in one IN list, well inside SQLite's limit of variables
Item = TypeVar("Item")


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def track_heads(series_id: UUID, tracks: Collection[UUID] | None = None) -> dict[UUID, Head[TrackValue]]:
    """Heads of these tracks, of all where None, by track."""
    filters = [Q()] if tracks is None else [Q(track__in=chunk) for chunk in chunks(tracks)]
    found = {}
    for condition in filters:
        rows = TrackHead.objects.filter(condition, series_id=series_id).select_related("revision")
        for row in rows:
            found[row.track_id] = Head(row.revision_id, row.revision.version, track_value(row.revision))
    return found


def track_value(revision: TrackRevision) -> TrackValue:
    return TrackValue(revision.phase_id, revision.name, revision.deleted)


def event_heads(series_id: UUID, events: Collection[UUID] | None = None) -> dict[UUID, Head[EventValue]]:
    """Heads of these events, of all where None, by event."""
    filters = [Q()] if events is None else [Q(event__in=chunk) for chunk in chunks(events)]
    return {
        row.event_id: Head(row.revision_id, row.revision.version, event_value(row.revision))
        for condition in filters
        for row in EventHead.objects.filter(condition, series_id=series_id).select_related("revision")
    }


def events_naming(series_id: UUID, tracks: Collection[UUID]) -> dict[UUID, Head[EventValue]]:
    """Heads of the events that name any of these tracks."""
    named: set[UUID] = set()
    for chunk in chunks(tracks):
        named.update(EventMember.objects.filter(series=series_id, track__in=chunk).values_list("event", flat=True))
    return event_heads(series_id, named)


def event_value(revision: EventRevision) -> EventValue:
    return EventValue(
        revision.kind,
        revision.first_frame,
        revision.last_frame,
        tuple(map(UUID, revision.parents)),
        tuple(map(UUID, revision.children)),
        revision.confidence,
        revision.state,
        revision.origin,
        revision.deleted,
    )


def mask_heads(
    series_id: UUID,
    subjects: Collection[MaskSubject] = (),
    *,
    whole_tracks: Collection[UUID] = (),
) -> dict[MaskSubject, Head[MaskValue]]:
    """Heads of these masks, and of every mask of `whole_tracks`."""
    conditions = [Q(track__in=chunk) for chunk in chunks(whole_tracks)]
    frames_of: dict[UUID, list[int]] = defaultdict(list)
    for track, frame in subjects:
        frames_of[track].append(frame)
    for chunk in chunks(frames_of):
        frames = [frame for track in chunk for frame in frames_of[track]]
        # A range takes in more than was asked for where the tracks lie on different frames, but it is one query.
        conditions.append(Q(track__in=chunk, frame__gte=min(frames), frame__lte=max(frames)))
    found = {}
    for condition in conditions:
        found.update(read_mask_heads(series_id, condition))
    return found


def read_mask_heads(series_id: UUID, condition: Q) -> dict[MaskSubject, Head[MaskValue]]:
    rows = MaskHead.objects.filter(condition, series_id=series_id).select_related("revision")
    return {
        (row.track_id, row.frame): Head(row.revision_id, row.revision.version, mask_value(row.revision)) for row in rows
    }


def mask_value(revision: MaskRevision) -> MaskValue:
    return MaskValue(revision.mask_id, revision.order, revision.state, revision.origin)


def top_orders(series_id: UUID, frames: Collection[int]) -> dict[int, int]:
    """The highest drawing order in use on each of these frames."""
    top: dict[int, int] = {}
    for chunk in chunks(frames):
        rows = MaskHead.objects.filter(series_id=series_id, frame__in=chunk).exclude(shown="")
        for row in rows.values("frame").annotate(top=Max("revision__order")).order_by():
            top[row["frame"]] = row["top"]
    return top


def masks_before_deletion(tracks: Sequence[UUID]) -> dict[MaskSubject, MaskValue]:
    """For tracks that are deleted now: the masks that went with them."""
    found = {}
    for chunk in chunks(tracks):
        rows = MaskRevision.objects.filter(
            track__in=chunk,
            mask=None,
            track__head__revision__deleted=True,
            changeset=F("track__head__revision__changeset"),
        )
        for row in rows.select_related("previous"):
            if row.previous is not None and row.previous.mask_id is not None:
                found[row.track_id, row.frame] = mask_value(row.previous)
    return found

"""The life of every track as runs of frames, for the timeline's lanes."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any, cast
from uuid import UUID

from django.db.models import F, QuerySet

from backend.annotations import selectors, wire
from backend.annotations.models import MaskHead, MaskState
from backend.annotations.serializers import LaneOutput, LaneRunOutput, LanesOutput

SURE, FAIR = 0.8, 0.5  # a run ends where the confidence passes one of these
Row = tuple[UUID, int, str, float | None]


def lanes(*, series_id: UUID, version: int | None) -> LanesOutput:
    """Every track with masks at a version (None: now), and every event."""
    head = selectors.head_of(series_id)
    version = selectors.known_version(head, version)
    rows = _rows_now(series_id) if version == head else _rows_at(series_id, version)
    runs = {track: list(_runs(list(group))) for track, group in groupby(rows.iterator(), key=lambda row: row[0])}
    tracks = selectors.tracks_at(series_id, version).filter(deleted=False).select_related("track")
    return LanesOutput(
        version=version,
        tracks=[
            LaneOutput(
                track=row.track_id, number=row.track.number, phase=row.phase_id, name=row.name, runs=runs[row.track_id]
            )
            for row in tracks.order_by("track__number")
            if row.track_id in runs
        ],
        events=[wire.event_revision(row) for row in selectors.events_at(series_id, version).filter(deleted=False)],
    )


def _rows_now(series_id: UUID) -> QuerySet[Any, Row]:
    rows = MaskHead.objects.filter(series=series_id).exclude(shown="").order_by("track", "frame")
    return cast("QuerySet[Any, Row]", rows.values_list("track_id", "frame", "shown", "revision__confidence"))


def _rows_at(series_id: UUID, version: int) -> QuerySet[Any, Row]:
    rows = selectors.masks_at(series_id, version).exclude(mask=None).order_by("track", "frame")
    return cast("QuerySet[Any, Row]", rows.values_list("track_id", "frame", F("state"), "confidence"))


def _runs(rows: list[Row]) -> Iterator[LaneRunOutput]:
    """Rows of one track, by frame."""
    first = 0
    for index in range(1, len(rows) + 1):
        if index < len(rows) and _goes_on(rows[index - 1], rows[index]):
            continue
        run = rows[first:index]
        known = [confidence for *_, confidence in run if confidence is not None]
        yield LaneRunOutput(
            first=run[0][1],
            last=run[-1][1],
            state="accepted" if run[0][2] == MaskState.ACCEPTED else "proposal",
            confidence=min(known, default=None),
        )
        first = index


def _goes_on(before: Row, row: Row) -> bool:
    return row[1] == before[1] + 1 and row[2] == before[2] and _level(row[3]) == _level(before[3])


def _level(confidence: float | None) -> int:
    return -1 if confidence is None else (confidence >= FAIR) + (confidence >= SURE)

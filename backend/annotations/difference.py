"""What differs between two versions of a series, counted by frame."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from backend.annotations import heads, selectors
from backend.annotations.history_serializers import DifferenceOutput, FrameDifferenceOutput, ObjectsDifferenceOutput
from backend.annotations.models import MaskRevision
from backend.series.models import Series

MOST_REVISIONS = 50_000  # looked at for one page, unless its first frame alone has more

Side = tuple[str, str, int]  # hash, state and area of a mask


class Change(NamedTuple):
    """A track's mask on a frame in the two versions; None where it has none."""

    track: UUID
    frame: int
    before: Side | None
    after: Side | None


def difference(
    *, series: Series, from_version: int, to_version: int, first_frame: int = 0, limit: int = 200
) -> DifferenceOutput:
    """One page: at most `limit` frames from `first_frame` on that differ, and whatever is not on a frame."""
    head = selectors.head_of(series.pk)
    before, after = (selectors.known_version(head, version) for version in (from_version, to_version))
    frames, following = _frames_between(series.pk, before, after, first_frame, limit)
    found = _counted(changes(series.pk, before, after, frames))
    return DifferenceOutput(
        from_version=before,
        to_version=after,
        frames=found,
        next=following,
        objects=_objects(series.pk, before, after),
        events=_events(series.pk, before, after),
        calibration=selectors.calibration_at(series, before) != selectors.calibration_at(series, after),
    )


def changes(series_id: UUID, before: int, after: int, frames: Sequence[int]) -> list[Change]:
    """Every mask on these frames that is another one or in another state."""
    low, high = sorted((before, after))
    rows = MaskRevision.objects.filter(series=series_id, frame__in=frames)
    written = rows.filter(Q(next=None) | Q(next__version__gt=high), version__gt=low, version__lte=high)
    replaced = rows.filter(version__lte=low, next__version__gt=low, next__version__lte=high)
    then, now = (_sides(written if version == high else replaced) for version in (before, after))
    return [
        Change(*subject, then.get(subject), now.get(subject))
        for subject in sorted({**then, **now}, key=lambda subject: (subject[1], str(subject[0])))
        if then.get(subject) != now.get(subject)
    ]


def _sides(rows: QuerySet[MaskRevision]) -> dict[tuple[UUID, int], Side]:
    present = rows.exclude(mask=None).values_list("track_id", "frame", "mask_id", "state", "mask__area_px")
    return {(track, frame): (sha256, state, area) for track, frame, sha256, state, area in present}


def _frames_between(series_id: UUID, before: int, after: int, first: int, limit: int) -> tuple[list[int], int | None]:
    """Frames that were written to between the versions, and the first of the next page."""
    low, high = sorted((before, after))
    written = MaskRevision.objects.filter(series=series_id, version__gt=low, version__lte=high, frame__gte=first)
    rows: QuerySet[Any, Any] = written.values("frame").annotate(revisions=Count("id")).order_by("frame")
    frames: list[int] = []
    looked_at = 0
    for row in rows[: limit + 1]:
        looked_at += row["revisions"]
        if len(frames) == limit or (frames and looked_at > MOST_REVISIONS):
            return frames, row["frame"]
        frames.append(row["frame"])
    return frames, None


def _counted(found: Sequence[Change]) -> list[FrameDifferenceOutput]:
    by_frame: dict[int, list[Change]] = defaultdict(list)
    for change in found:
        by_frame[change.frame].append(change)
    return [
        FrameDifferenceOutput(
            frame=frame,
            added=sum(each.before is None for each in here),
            removed=sum(each.after is None for each in here),
            changed=sum(_redrawn(each) for each in here),
            reviewed=sum(each.before is not None and each.after is not None and not _redrawn(each) for each in here),
            area_before_px=sum(each.before[2] for each in here if each.before),
            area_after_px=sum(each.after[2] for each in here if each.after),
        )
        for frame, here in sorted(by_frame.items())
    ]


def _redrawn(change: Change) -> bool:
    return change.before is not None and change.after is not None and change.before[0] != change.after[0]


def _objects(series_id: UUID, before: int, after: int) -> ObjectsDifferenceOutput:
    low, high = sorted((before, after))
    # Only tracks that were written to in between can differ.
    touched = Q(version__gt=low) | Q(next__version__gt=low, next__version__lte=high)
    then, now = (
        {
            row.track_id: heads.track_value(row)
            for row in selectors.tracks_at(series_id, version).filter(touched, deleted=False)
        }
        for version in (before, after)
    )
    return ObjectsDifferenceOutput(
        added=len(now.keys() - then.keys()),
        removed=len(then.keys() - now.keys()),
        changed=sum(then[track] != now[track] for track in then.keys() & now.keys()),
    )


def _events(series_id: UUID, before: int, after: int) -> int:
    """How many events are there in one version only, or are another in each."""
    then, now = (
        {row.event_id: heads.event_value(row) for row in selectors.events_at(series_id, version).filter(deleted=False)}
        for version in (before, after)
    )
    return sum(then.get(event) != now.get(event) for event in then.keys() | now.keys())

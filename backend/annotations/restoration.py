"""What must be written so that a series, some frames or some tracks are again what they were at a version."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from backend.annotations import heads, lineage, selectors
from backend.annotations.values import Draft, Head, TrackValue
from backend.protocol.errors import InvalidError
from backend.series.models import Series


def draft_restoration(
    series: Series, version: int, frames: tuple[int, int] | None, tracks: Collection[UUID] | None
) -> Draft:
    """The differences between now and `version`, within `frames` (both ends included) and `tracks`.

    The caller holds the series' lock, or only wants to know what would be written.
    """
    scope = Q()
    if frames is not None:
        scope &= Q(frame__gte=frames[0], frame__lte=frames[1])
    if tracks is not None:
        scope &= Q(track__in=tracks)
    draft = Draft(heads.track_heads(series.pk, tracks), {})
    if tracks is not None and (unknown := set(tracks) - draft.track_heads.keys()):
        raise InvalidError(f"This series has no track {unknown.pop()}.", code="no_track")
    _restore_masks(draft, series, version, scope)
    _restore_tracks(draft, series, version, only_carriers=frames is not None)
    if frames is None:
        _restore_events(draft, series, version, tracks)
    if frames is None and tracks is None:
        before = selectors.calibration_at(series, version)
        if before != selectors.calibration_at(series, series.version):
            draft.calibration = before
    lineage.require_lineage(series, draft)
    return draft


def _restore_masks(draft: Draft, series: Series, version: int, scope: Q) -> None:
    # What was not written to since is as it was: a long series has far more of it.
    present = selectors.masks_written_between(series.pk, version, series.version).filter(scope)
    wanted = {
        (row.track_id, row.frame): heads.mask_value(row)
        for row in selectors.masks_replaced_between(series.pk, version, series.version).filter(scope)
    }
    for row in present:
        subject, now = (row.track_id, row.frame), heads.mask_value(row)
        draft.mask_heads[subject] = Head(row.pk, row.version, now)
        value = wanted.get(subject)
        if value is None or value.sha256 is None:
            if now.sha256 is not None:
                draft.masks[subject] = now.deleted()
        elif value != now:
            draft.masks[subject] = value


def _restore_tracks(draft: Draft, series: Series, version: int, *, only_carriers: bool) -> None:
    """With `only_carriers`, only the tracks that must live again to carry a restored mask, and those left bare."""
    rows = selectors.tracks_at(series.pk, version)
    wanted = {row.track_id: TrackValue(row.phase_id, row.name, row.deleted) for row in rows}
    carriers = {track for (track, _), value in draft.masks.items() if value.sha256 is not None}
    losing = {track for (track, _), value in draft.masks.items() if value.sha256 is None} if only_carriers else set()
    bare = losing - lineage.spans_of(series.pk, draft, losing).keys()
    for track, head in draft.track_heads.items():
        value = wanted.get(track)
        if only_carriers and track not in bare:
            if track in carriers and head.value.deleted and value is not None:
                draft.tracks[track] = value
        elif value is None or value.deleted:
            if not head.value.deleted:
                draft.tracks[track] = TrackValue(head.value.phase, head.value.name, deleted=True)
        elif value != head.value and not only_carriers:
            draft.tracks[track] = value


def _restore_events(draft: Draft, series: Series, version: int, tracks: Collection[UUID] | None) -> None:
    """Every event, or those that name one of the tracks, now or then."""
    wanted = {row.event_id: heads.event_value(row) for row in selectors.events_at(series.pk, version)}
    named = None if tracks is None else set(tracks)
    draft.event_heads = heads.event_heads(series.pk)
    for event, head in draft.event_heads.items():
        value = wanted.get(event) or head.value.gone()
        members = {*value.parents, *value.children, *head.value.parents, *head.value.children}
        if value != head.value and (named is None or members & named) and not (value.deleted and head.value.deleted):
            draft.events[event] = value

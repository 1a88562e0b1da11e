"""What must be written so that a changeset, or what a job did, has not happened."""

from collections.abc import Collection
from uuid import UUID

from backend.annotations import heads, lineage
from backend.annotations.models import Changeset, EventRevision, MaskRevision, TrackRevision
from backend.annotations.values import Draft, StaleBaseError, TrackValue
from backend.annotations.wire import conflicts_about
from backend.protocol.errors import ConflictError
from backend.series.models import Series


def draft_reversal(series: Series, changeset: Changeset) -> Draft:
    """Everything that the changeset wrote as it was before. The caller holds the series' lock.

    Raises
    ------
    StaleBaseError
        Something of it was changed since.
    """
    masks, tracks, events = _written(changeset)
    draft = _heads(series, masks, tracks, events)
    stale_masks = [s for s, row in masks.items() if draft.mask_heads[s].revision != row.pk]
    stale_tracks = [t for t, row in tracks.items() if draft.track_heads[t].revision != row.pk]
    if stale_masks or stale_tracks:
        subjects = [*stale_masks[:100], *((track, None) for track in stale_tracks[:100])]
        raise StaleBaseError(conflicts_about(series.pk, subjects))
    if any(draft.event_heads[event].revision != row.pk for event, row in events.items()):
        raise ConflictError("A merge, split or other event was changed since. Look at it, then decide.", code="stale")
    _fill(draft, masks, tracks, events)
    lineage.require_lineage(series, draft)
    return draft


def draft_job_reversal(series: Series, changeset: Changeset) -> Draft:
    """What of the job's changeset nobody has changed since, as it was before; the rest stays.

    Its tracks go only where none of their masks stay. The caller reverses a job's changesets from the last to the
    first, so that what it wrote twice is taken back twice.
    """
    masks, tracks, events = _written(changeset)
    draft = _heads(series, masks, tracks, events)
    masks = {s: row for s, row in masks.items() if draft.mask_heads[s].revision == row.pk}
    events = {e: row for e, row in events.items() if draft.event_heads[e].revision == row.pk}
    tracks = {t: row for t, row in tracks.items() if draft.track_heads[t].revision == row.pk}
    _fill(draft, masks, {}, events)
    _fill(draft, {}, tracks, {})
    spans = lineage.spans_of(series.pk, draft, {t for t, value in draft.tracks.items() if value.deleted})
    for track in spans:
        del draft.tracks[track]
    for found in lineage.violations(series, draft):
        for subject in [subject for subject in draft.masks if subject[0] == found.track]:
            del draft.masks[subject]
    return draft


def _written(
    changeset: Changeset,
) -> tuple[dict[tuple[UUID, int], MaskRevision], dict[UUID, TrackRevision], dict[UUID, EventRevision]]:
    masks = MaskRevision.objects.filter(changeset=changeset).select_related("previous")
    tracks = TrackRevision.objects.filter(changeset=changeset).select_related("previous")
    events = EventRevision.objects.filter(changeset=changeset).select_related("previous")
    return (
        {(row.track_id, row.frame): row for row in masks},
        {row.track_id: row for row in tracks},
        {row.event_id: row for row in events},
    )


def _heads(
    series: Series, masks: Collection[tuple[UUID, int]], tracks: Collection[UUID], events: Collection[UUID]
) -> Draft:
    found = heads.mask_heads(series.pk, masks)
    return Draft(
        heads.track_heads(series.pk, tracks),
        {subject: head for subject, head in found.items() if subject in masks},
        event_heads=heads.event_heads(series.pk, events),
    )


def _fill(
    draft: Draft,
    masks: dict[tuple[UUID, int], MaskRevision],
    tracks: dict[UUID, TrackRevision],
    events: dict[UUID, EventRevision],
) -> None:
    for subject, mask in masks.items():
        before = mask.previous and heads.mask_value(mask.previous)
        draft.masks[subject] = before or draft.mask_heads[subject].value.deleted()
    for track, row in tracks.items():
        previous = row.previous
        draft.tracks[track] = (
            TrackValue(previous.phase_id, previous.name, previous.deleted)
            if previous
            else TrackValue(row.phase_id, row.name, deleted=True)
        )
    for event, revision in events.items():
        value = heads.event_value(revision.previous or revision)
        draft.events[event] = value if revision.previous else value.gone()

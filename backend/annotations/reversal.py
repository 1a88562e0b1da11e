"""What must be written so that a changeset, or what a job did, has not happened."""

from collections.abc import Collection, Iterable
from uuid import UUID

from backend.annotations import heads, lineage, selectors
from backend.annotations.models import CalibrationRevision, Changeset, EventRevision, MaskRevision, TrackRevision
from backend.annotations.values import Draft, StaleBaseError, TrackValue
from backend.annotations.wire import conflicts_about
from backend.protocol.errors import ConflictError
from backend.series.models import Series


def draft_reversal(series: Series, changeset: Changeset, track: UUID | None = None) -> Draft:
    """Everything that the changeset wrote, or wrote of one track, as it was before. The caller holds the series' lock.

    A mask that went from one track to another stays one mask: then it is everything.

    Raises
    ------
    StaleBaseError
        Something of it is not as the changeset left it. What was changed since and changed back is.
    ConflictError
        So it is with an event or with the calibration.
    """
    masks, tracks, events = _written(changeset)
    if track is not None and not _moved(masks.values()):
        masks = {subject: row for subject, row in masks.items() if subject[0] == track}
        tracks = {subject: row for subject, row in tracks.items() if subject == track}
        events = {}
    draft = _heads(series, masks, tracks, events)
    stale_masks = [s for s, row in masks.items() if not _mask_stands(draft, row)]
    stale_tracks = [t for t, row in tracks.items() if not _track_stands(draft, row)]
    if stale_masks or stale_tracks:
        subjects = [*stale_masks[:100], *((track, None) for track in stale_tracks[:100])]
        raise StaleBaseError(conflicts_about(series.pk, subjects))
    if not all(_event_stands(draft, row) for row in events.values()):
        raise ConflictError("A merge, split or other event was changed since. Look at it, then decide.", code="stale")
    _fill(draft, masks, tracks, events)
    if track is None:
        _fill_calibration(draft, series, changeset)
    _require_homes(series, draft)
    lineage.require_lineage(series, draft)
    return draft


def _fill_calibration(draft: Draft, series: Series, changeset: Changeset) -> None:
    row = CalibrationRevision.objects.filter(changeset=changeset).select_related("previous").first()
    if row is None:
        return
    if selectors.calibration_at(series, series.version) != selectors.calibration_value(series, row):
        raise ConflictError("The calibration was changed since. Look at it, then decide.", code="stale")
    draft.calibration = selectors.calibration_value(series, row.previous)


def _moved(masks: Iterable[MaskRevision]) -> bool:
    """Whether a mask left one track and came to another."""
    rows = list(masks)
    gone = {(row.frame, row.previous.mask_id) for row in rows if row.mask_id is None and row.previous is not None}
    return any((row.frame, row.mask_id) in gone for row in rows if row.mask_id is not None)


def draft_job_reversal(series: Series, changeset: Changeset) -> Draft:
    """What of the job's changeset nobody has changed since, as it was before; the rest stays.

    Its tracks go only where none of their masks stay. The caller reverses a job's changesets from the last to the
    first, so that what it wrote twice is taken back twice.
    """
    masks, tracks, events = _written(changeset)
    draft = _heads(series, masks, tracks, events)
    masks = {s: row for s, row in masks.items() if _mask_stands(draft, row)}
    events = {e: row for e, row in events.items() if _event_stands(draft, row)}
    tracks = {t: row for t, row in tracks.items() if _track_stands(draft, row)}
    _fill(draft, masks, {}, events)
    _fill(draft, {}, tracks, {})
    spans = lineage.spans_of(series.pk, draft, {t for t, value in draft.tracks.items() if value.deleted})
    for track in spans:
        del draft.tracks[track]
    homeless = _homeless(series, draft)
    for subject in [subject for subject in draft.masks if subject[0] in homeless]:
        del draft.masks[subject]
    while found := lineage.violations(series, draft):
        first = found[0]
        if first.event in draft.events:  # people went on from its not being there
            del draft.events[first.event]
            continue
        for subject in [subject for subject in draft.masks if subject[0] == first.track]:
            del draft.masks[subject]
    return draft


def _require_homes(series: Series, draft: Draft) -> None:
    """Raises StaleBaseError where others gave masks to a track that would go, or deleted one that would get some."""
    going = {track for track, value in draft.tracks.items() if value.deleted}
    left = [(track, span[0]) for track, span in lineage.spans_of(series.pk, draft, going).items()]
    homeless = [(track, None) for track in sorted(_homeless(series, draft), key=str)]
    if left or homeless:
        raise StaleBaseError(conflicts_about(series.pk, [*left[:100], *homeless[:100]]))


def _homeless(series: Series, draft: Draft) -> set[UUID]:
    """Tracks that would get masks though they are deleted."""
    carriers = {track for (track, _), value in draft.masks.items() if value.sha256 is not None}
    draft.track_heads.update(heads.track_heads(series.pk, carriers - draft.track_heads.keys()))
    return {track for track in carriers if (value := draft.track(track)) is None or value.deleted}


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


def _mask_stands(draft: Draft, row: MaskRevision) -> bool:
    now, then = draft.mask_heads[row.track_id, row.frame].value, heads.mask_value(row)
    return now == then or now.sha256 is None is then.sha256


def _track_stands(draft: Draft, row: TrackRevision) -> bool:
    now = draft.track_heads[row.track_id].value
    return now == heads.track_value(row) or (now.deleted and row.deleted)


def _event_stands(draft: Draft, row: EventRevision) -> bool:
    now = draft.event_heads[row.event_id].value
    return now == heads.event_value(row) or (now.deleted and row.deleted)


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
            heads.track_value(previous) if previous else TrackValue(row.phase_id, row.name, deleted=True)
        )
    for event, revision in events.items():
        value = heads.event_value(revision.previous or revision)
        draft.events[event] = value if revision.previous else value.gone()

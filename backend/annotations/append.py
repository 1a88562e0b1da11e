"""Writes a draft as the series' next version. The caller holds the series' lock and its transaction."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from backend.annotations.heads import chunks
from backend.annotations.kinds import kinds_of
from backend.annotations.models import (
    CalibrationRevision,
    Changeset,
    ChangesetKind,
    Event,
    EventHead,
    EventMember,
    EventRevision,
    Mask,
    MaskHead,
    MaskRevision,
    MaskState,
    Role,
    Track,
    TrackHead,
    TrackRevision,
)
from backend.annotations.values import CalibrationValue, Draft, Links, MaskValue
from backend.jobs.models import Job
from backend.projects.models import User
from backend.protocol import delivery
from backend.series.models import Series
from ml import rle

UNLINKED = Links()
LISTED_FRAMES = 20  # in a changeset's summary
FRAMES_BY_NAME = 500  # beyond, the annotated frames are counted anew


def append(
    *,
    series: Series,
    draft: Draft,
    author: User,
    request_id: UUID,
    payload_hash: str,
    reason: str,
    job: Job | None = None,
    links: Links = UNLINKED,
) -> Changeset:
    series.version += 1
    changeset = Changeset.objects.create(
        series=series,
        version=series.version,
        author=author,
        reason=reason,
        job=job,
        request_id=request_id,
        payload_hash=payload_hash,
        summary=summary_of(draft),
        **asdict(links),
    )
    ChangesetKind.objects.bulk_create(kind_rows(changeset, job))
    frames = {frame for _, frame in draft.masks}
    annotated_before = _annotated(series.pk, frames)
    _append_tracks(changeset, draft)
    _append_masks(changeset, draft)
    _append_events(changeset, draft)
    if draft.calibration is not None:
        series.calibration = _append_calibration(changeset, draft.calibration)
    series.annotated_frames += len(_annotated(series.pk, frames)) - len(annotated_before)
    series.proposals += _proposals_more(draft)
    series.changed_at, series.changed_by = changeset.created_at, author
    series.save(update_fields=["version", "annotated_frames", "proposals", "calibration", "changed_at", "changed_by"])
    transaction.on_commit(lambda: delivery.committed(series.pk))
    return changeset


def kind_rows(changeset: Changeset, job: Job | None) -> list[ChangesetKind]:
    kinds = kinds_of(changeset.summary["counts"], reason=changeset.reason, job=job.kind if job else None)
    return [ChangesetKind(series_id=changeset.series_id, version=changeset.version, kind=kind.value) for kind in kinds]


def _append_tracks(changeset: Changeset, draft: Draft) -> None:
    series_id = changeset.series_id
    created = [track for track in draft.tracks if track not in draft.track_heads]
    if created:
        last = Track.objects.filter(series=series_id).aggregate(last=Max("number"))["last"] or 0
        numbered = enumerate(created, start=last + 1)
        Track.objects.bulk_create(Track(id=track, series_id=series_id, number=number) for number, track in numbered)
    revisions = TrackRevision.objects.bulk_create(
        TrackRevision(
            changeset=changeset,
            series_id=series_id,
            version=changeset.version,
            track_id=track,
            previous_id=draft.track_heads[track].revision if track in draft.track_heads else None,
            phase_id=value.phase,
            name=value.name,
            deleted=value.deleted,
        )
        for track, value in draft.tracks.items()
    )
    TrackHead.objects.bulk_create(
        [TrackHead(track_id=row.track_id, series_id=series_id, revision=row) for row in revisions],
        update_conflicts=True,
        unique_fields=["track"],
        update_fields=["revision"],
    )


def _append_masks(changeset: Changeset, draft: Draft) -> None:
    series_id = changeset.series_id
    used = {value.sha256 for value in draft.masks.values()}
    # In the order of their keys: two series that write the same masks at once would otherwise wait for each other.
    Mask.objects.bulk_create(
        [mask_row(sha256, pixels) for sha256, pixels in sorted(draft.pixels.items()) if sha256 in used],
        ignore_conflicts=True,
    )
    revisions = MaskRevision.objects.bulk_create(
        MaskRevision(
            changeset=changeset,
            series_id=series_id,
            version=changeset.version,
            track_id=track,
            frame=frame,
            previous_id=draft.mask_heads[track, frame].revision if (track, frame) in draft.mask_heads else None,
            mask_id=value.sha256,
            order=value.order,
            state=value.state,
            origin=value.origin,
            confidence=value.origin.get("confidence"),
        )
        for (track, frame), value in draft.masks.items()
    )
    MaskHead.objects.bulk_create(
        [
            MaskHead(
                series_id=series_id,
                track_id=row.track_id,
                frame=row.frame,
                revision=row,
                shown=row.state if row.mask_id else "",
            )
            for row in revisions
        ],
        update_conflicts=True,
        unique_fields=["track", "frame"],
        update_fields=["revision", "shown"],
    )


def _append_events(changeset: Changeset, draft: Draft) -> None:
    series_id = changeset.series_id
    Event.objects.bulk_create(
        Event(id=event, series_id=series_id) for event in draft.events if event not in draft.event_heads
    )
    revisions = EventRevision.objects.bulk_create(
        EventRevision(
            changeset=changeset,
            series_id=series_id,
            version=changeset.version,
            event_id=event,
            previous_id=draft.event_heads[event].revision if event in draft.event_heads else None,
            kind=value.kind,
            first_frame=value.first_frame,
            last_frame=value.last_frame,
            parents=[str(track) for track in value.parents],
            children=[str(track) for track in value.children],
            confidence=value.confidence,
            state=value.state,
            origin=value.origin,
            deleted=value.deleted,
        )
        for event, value in draft.events.items()
    )
    EventHead.objects.bulk_create(
        [EventHead(event_id=row.event_id, series_id=series_id, revision=row) for row in revisions],
        update_conflicts=True,
        unique_fields=["event"],
        update_fields=["revision"],
    )
    for chunk in chunks(draft.events.keys() & draft.event_heads.keys()):
        EventMember.objects.filter(event__in=chunk).delete()
    EventMember.objects.bulk_create(
        EventMember(series_id=series_id, event_id=event, track_id=track, role=role)
        for event, value in draft.events.items()
        if not value.deleted
        for role, tracks in ((Role.PARENT, value.parents), (Role.CHILD, value.children))
        for track in tracks
    )


def mask_row(sha256: str, pixels: rle.Rle) -> Mask:
    x0, y0, x1, y1 = rle.box_xyxy(pixels)
    height, width = pixels.size
    return Mask(
        sha256=sha256,
        height=height,
        width=width,
        counts=pixels.counts,
        area_px=rle.area(pixels),
        x0=x0,
        y0=y0,
        x1=x1,
        y1=y1,
    )


def _append_calibration(changeset: Changeset, value: CalibrationValue) -> dict[str, Any]:
    before = CalibrationRevision.objects.filter(series=changeset.series_id).order_by("-version").first()
    row = CalibrationRevision.objects.create(
        changeset=changeset,
        series_id=changeset.series_id,
        version=changeset.version,
        previous=before,
        pixel_size=value.pixel_size,
        unit=value.unit,
        frame_interval_s=value.frame_interval_s,
        source=value.source,
    )
    return {
        "pixel_size": value.pixel_size,
        "unit": value.unit,
        "frame_interval_s": value.frame_interval_s,
        "source": value.source,
        "revision": row.pk,
    }


def _annotated(series_id: UUID, frames: Collection[int]) -> set[int]:
    """Which of the frames have an accepted mask."""
    accepted = MaskHead.objects.filter(series=series_id, shown=MaskState.ACCEPTED)
    if len(frames) > FRAMES_BY_NAME:
        return set(accepted.values_list("frame", flat=True).distinct()) & set(frames)
    return {
        frame
        for chunk in chunks(frames)
        for frame in accepted.filter(frame__in=chunk).values_list("frame", flat=True).distinct()
    }


def _proposals_more(draft: Draft) -> int:
    """How many more masks are proposals than before; negative where they are fewer."""
    before = sum(_proposed(draft.mask_heads[subject].value) for subject in draft.masks if subject in draft.mask_heads)
    return sum(map(_proposed, draft.masks.values())) - before


def _proposed(value: MaskValue) -> bool:
    return value.sha256 is not None and value.state == MaskState.PROPOSAL


def summary_of(draft: Draft) -> dict[str, Any]:
    """For the history's list."""
    masks, tracks = draft.masks.values(), draft.tracks.items()
    created = sum(track not in draft.track_heads for track, _ in tracks)
    deleted = sum(value.deleted and track in draft.track_heads for track, value in tracks)
    return {
        "counts": {
            "masks_set": sum(value.sha256 is not None for value in masks),
            "masks_deleted": sum(value.sha256 is None for value in masks),
            "tracks_created": created,
            "tracks_changed": len(tracks) - created - deleted,
            "tracks_deleted": deleted,
            "events": len(draft.events),
            "calibrations": int(draft.calibration is not None),
        },
        "frames": sorted({frame for _, frame in draft.masks})[:LISTED_FRAMES],
    }

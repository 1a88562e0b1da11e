"""Rows as the wire's messages."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import cast
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Length

from backend.annotations.heads import chunks
from backend.annotations.models import (
    CalibrationRevision,
    Changeset,
    EventRevision,
    Mask,
    MaskHead,
    MaskRevision,
    MaskState,
    TrackHead,
    TrackRevision,
)
from backend.annotations.values import Subject
from backend.projects.models import User
from backend.protocol import messages

INLINE_BYTES = 1_000_000  # of run lengths in one message; what is beyond goes by hash


def changesets(rows: Sequence[Changeset]) -> list[messages.Changeset]:
    """These changesets, in order, with all their revisions."""
    of_these = {"changeset__in": [row.pk for row in rows]}
    revisions: dict[int, list[messages.Revision]] = defaultdict(list)

    def some(*counts: str) -> bool:
        return any(row.summary["counts"].get(each) for row in rows for each in counts)

    if some("tracks_created", "tracks_changed", "tracks_deleted"):
        for track in TrackRevision.objects.filter(**of_these).select_related("track").order_by("id"):
            revisions[track.changeset_id].append(track_revision(track))
    for mask, sent in mask_revisions(MaskRevision.objects.filter(**of_these).order_by("id"), INLINE_BYTES):
        revisions[mask.changeset_id].append(sent)
    if some("events"):
        for event in EventRevision.objects.filter(**of_these).order_by("id"):
            revisions[event.changeset_id].append(event_revision(event))
    if some("calibrations"):
        for calibration in CalibrationRevision.objects.filter(**of_these):
            revisions[calibration.changeset_id].append(calibration_revision(calibration))
    return [
        messages.Changeset(
            version=row.version,
            request_id=row.request_id,
            author=person(row.author),
            created_at=row.created_at,
            reason=row.reason,
            job=row.job_id,
            revisions=revisions[row.pk],
        )
        for row in rows
    ]


def masks_in_full(rows: QuerySet[MaskRevision]) -> list[messages.MaskRevision]:
    """Live masks with their pixels, in one query and without a model for each: opening a frame waits for it."""
    read = rows.values_list(
        *("id", "track_id", "frame", "mask_id", "order", "state", "origin"),
        *(
            "mask__height",
            "mask__width",
            "mask__counts",
            "mask__area_px",
            "mask__x0",
            "mask__y0",
            "mask__x1",
            "mask__y1",
        ),
    )
    return [
        messages.MaskRevision(
            revision=revision,
            track=track,
            frame=frame,
            sha256=sha256,
            mask=messages.MaskRle(size=(height, width), counts=counts),
            area_px=area_px,
            box=(x0, y0, x1, y1),
            order=order,
            state=state,
            origin=messages.Origin.model_validate(origin),
        )
        for revision, track, frame, sha256, order, state, origin, height, width, counts, area_px, x0, y0, x1, y1 in read
    ]


def tracks_in_full(rows: QuerySet[TrackRevision]) -> list[messages.TrackRevision]:
    read = rows.values_list("id", "track_id", "track__number", "phase_id", "name", "deleted")
    return [
        messages.TrackRevision(revision=revision, track=track, number=number, phase=phase, name=name, deleted=deleted)
        for revision, track, number, phase, name, deleted in read
    ]


def mask_revisions(rows: QuerySet[MaskRevision], inline_bytes: int) -> list[tuple[MaskRevision, messages.MaskRevision]]:
    """The query's rows and how they are sent: pixels of the first `inline_bytes` come along."""
    # Run lengths are read apart: a large changeset shall not load megabytes that are then left out.
    found = list(rows.select_related("mask").defer("mask__counts").annotate(counts_length=Length("mask__counts")))
    inline: set[str] = set()
    spent = 0
    for row in found:
        if row.mask_id is not None and row.mask_id not in inline:
            spent += row.counts_length
            if spent > inline_bytes:
                break
            inline.add(row.mask_id)
    pixels = pixels_of(inline)
    return [(row, mask_revision(row, pixels.get(row.mask_id or ""))) for row in found]


def pixels_of(hashes: Collection[str]) -> dict[str, messages.MaskRle]:
    return {
        mask.sha256: messages.MaskRle(size=(mask.height, mask.width), counts=mask.counts)
        for chunk in chunks(sorted(hashes))
        for mask in Mask.objects.filter(sha256__in=chunk)
    }


def mask_revision(row: MaskRevision, pixels: messages.MaskRle | None) -> messages.MaskRevision:
    mask = row.mask
    return messages.MaskRevision(
        revision=row.pk,
        track=row.track_id,
        frame=row.frame,
        sha256=row.mask_id,
        mask=pixels,
        area_px=mask.area_px if mask else 0,
        box=(mask.x0, mask.y0, mask.x1, mask.y1) if mask else None,
        order=row.order,
        state="accepted" if row.state == MaskState.ACCEPTED else "proposal",
        origin=messages.Origin.model_validate(row.origin),
    )


def track_revision(row: TrackRevision) -> messages.TrackRevision:
    return messages.TrackRevision(
        revision=row.pk,
        track=row.track_id,
        number=row.track.number,
        phase=row.phase_id,
        name=row.name,
        deleted=row.deleted,
    )


def event_revision(row: EventRevision) -> messages.EventRevision:
    return messages.EventRevision(
        revision=row.pk,
        event=row.event_id,
        what=cast(messages.EventKind, row.kind),
        first_frame=row.first_frame,
        last_frame=row.last_frame,
        parents=[UUID(track) for track in row.parents],
        children=[UUID(track) for track in row.children],
        confidence=row.confidence,
        state="accepted" if row.state == MaskState.ACCEPTED else "proposal",
        origin=messages.Origin.model_validate(row.origin),
        deleted=row.deleted,
    )


def calibration_revision(row: CalibrationRevision) -> messages.CalibrationRevision:
    return messages.CalibrationRevision(
        revision=row.pk,
        pixel_size=row.pixel_size,
        unit=row.unit,
        frame_interval_s=row.frame_interval_s,
        source=row.source,
    )


def person(user: User) -> messages.Person:
    return messages.Person(id=user.pk, name=user.shown_name)


def conflicts_about(series_id: UUID, subjects: Sequence[Subject]) -> list[messages.Conflict]:
    """Where these subjects stand now, and who brought them there."""
    tracks = [track for track, frame in subjects if frame is None]
    current: dict[Subject, tuple[messages.Revision, User]] = {}
    for chunk in chunks(tracks):
        rows = TrackRevision.objects.filter(
            pk__in=TrackHead.objects.filter(series=series_id, track__in=chunk).values("revision")
        )
        for row in rows.select_related("track", "changeset__author"):
            current[row.track_id, None] = (track_revision(row), row.changeset.author)
    frames_of: dict[UUID, set[int]] = defaultdict(set)
    for track, frame in subjects:
        if frame is not None:
            frames_of[track].add(frame)
    for chunk in chunks(frames_of):
        frames = {frame for track in chunk for frame in frames_of[track]}
        heads = MaskHead.objects.filter(
            series=series_id, track__in=chunk, frame__gte=min(frames), frame__lte=max(frames)
        )
        revisions = MaskRevision.objects.filter(pk__in=heads.values("revision")).order_by("id")
        for mask, sent in mask_revisions(revisions.select_related("changeset__author"), INLINE_BYTES):
            current[mask.track_id, mask.frame] = (sent, mask.changeset.author)
    conflicts = []
    for track, frame in subjects:
        revision, author = current.get((track, frame), (None, None))
        conflicts.append(
            messages.Conflict(track=track, frame=frame, current=revision, author=person(author) if author else None)
        )
    return conflicts

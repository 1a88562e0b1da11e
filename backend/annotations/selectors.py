"""Every read of annotations. A version never changes, so what is read at one needs no transaction."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from backend.annotations import wire
from backend.annotations.models import (
    CalibrationRevision,
    Changeset,
    EventRevision,
    MaskHead,
    MaskRevision,
    MaskState,
    TrackRevision,
)
from backend.annotations.proposals import Selection, proposals_of
from backend.annotations.serializers import (
    CalibrationAtVersionOutput,
    FrameCountsOutput,
    FrameStateOutput,
    TimelineOutput,
)
from backend.annotations.values import CalibrationValue
from backend.protocol import messages
from backend.protocol.errors import InvalidError, NotFoundError
from backend.series.models import HEX_64, Series

SHA256 = re.compile(HEX_64)
SCORE_BINS = 20
MOST_CHANGESETS = 100  # in one page
MOST_REVISIONS = 5_000  # in one page, unless its first changeset alone has more


def state_at(*, series: Series, version: int | None, frame: int, masks_only: bool = False) -> FrameStateOutput:
    head = head_of(series.pk)
    version = known_version(head, version)
    if not 0 <= frame < series.pixels.frames:
        raise InvalidError(f"There is no frame {frame}: the series has frames 0 to {series.pixels.frames - 1}.")
    tracks = tracks_at(series.pk, version).filter(deleted=False).order_by("track__number")
    events = events_at(series.pk, version).filter(deleted=False)
    masks = masks_at(series.pk, version).filter(frame=frame).exclude(mask=None)
    return FrameStateOutput(
        version=version,
        head=head,
        frame=frame,
        tracks=[] if masks_only else wire.tracks_in_full(tracks),
        events=[] if masks_only else [wire.event_revision(row) for row in events],
        masks=wire.masks_in_full(masks.order_by("order", "id")),
        calibration=_calibration_at_version(series, version),
    )


def head_of(series_id: UUID) -> int:
    """The series' version now."""
    versions = heads_of([series_id])
    if not versions:
        raise NotFoundError(f"There is no series {series_id}.")
    return versions[series_id]


def heads_of(series_ids: Collection[UUID]) -> dict[UUID, int]:
    """The versions of those series that exist."""
    return dict(Series.objects.filter(pk__in=series_ids).values_list("pk", "version"))


def known_version(head: int, version: int | None) -> int:
    """The version asked for, the head where None."""
    if version is None:
        return head
    if not 0 <= version <= head:
        raise InvalidError(f"There is no version {version}: the series has versions 0 to {head}.")
    return version


# ---- what holds at a version ----------------------------------------------------------------------------------


def _holds_at(version: int) -> Q:
    """Revisions that had been made and had no successor: one per subject, because the chain never forks."""
    return Q(version__lte=version) & (Q(next=None) | Q(next__version__gt=version))


def masks_at(series_id: UUID, version: int) -> QuerySet[MaskRevision]:
    """Each mask's revision at a version, deletions too."""
    return MaskRevision.objects.filter(_holds_at(version), series=series_id)


def masks_written_between(series_id: UUID, low: int, high: int) -> QuerySet[MaskRevision]:
    """What holds at version `high` of the masks that were written after `low`, deletions too."""
    # Found by their changesets: SQLite, which knows no statistics, would read the whole series for their versions.
    written = Q(changeset__series=series_id, changeset__version__gt=low, changeset__version__lte=high)
    return MaskRevision.objects.filter(written & (Q(next=None) | Q(next__version__gt=high)))


def masks_replaced_between(series_id: UUID, low: int, high: int) -> QuerySet[MaskRevision]:
    """What held at version `low` of the masks that were written to until `high`, deletions too."""
    return MaskRevision.objects.filter(
        version__lte=low,
        next__changeset__series=series_id,
        next__changeset__version__gt=low,
        next__changeset__version__lte=high,
    )


def tracks_at(series_id: UUID, version: int) -> QuerySet[TrackRevision]:
    """Each track's revision at a version, deletions too."""
    return TrackRevision.objects.filter(_holds_at(version), series=series_id)


def events_at(series_id: UUID, version: int) -> QuerySet[EventRevision]:
    """Each event's revision at a version, deletions too, in the order in which they happened."""
    rows = EventRevision.objects.filter(_holds_at(version), series=series_id)
    return rows.order_by("last_frame", "event")


def _calibration_at_version(series: Series, version: int) -> CalibrationAtVersionOutput:
    row = CalibrationRevision.objects.filter(_holds_at(version), series=series).first()
    return CalibrationAtVersionOutput(**asdict(calibration_value(series, row)), revision=row.pk if row else None)


def calibration_at(series: Series, version: int) -> CalibrationValue:
    return calibration_value(series, CalibrationRevision.objects.filter(_holds_at(version), series=series).first())


def calibration_value(series: Series, row: CalibrationRevision | None) -> CalibrationValue:
    """What the revision says; None: what the series began with."""
    if row is not None:
        return CalibrationValue(row.pixel_size, row.unit, row.frame_interval_s, row.source)
    initial = series.initial_calibration
    return CalibrationValue(initial["pixel_size"], initial["unit"], initial["frame_interval_s"], initial["source"])


def timeline(*, series_id: UUID, version: int | None) -> TimelineOutput:
    """How many masks each frame has that has any."""
    head = head_of(series_id)
    version = known_version(head, version)
    # A commit in between can make this newer than the head it names; that commit is delivered, and its frames with it.
    rows = _counts_now(series_id) if version == head else _counts_at(series_id, version)
    counts = rows.values("frame", "accepted", "proposals").order_by("frame")
    return TimelineOutput(version=version, frames=[FrameCountsOutput(**row) for row in counts])


def _counts_now(series_id: UUID) -> QuerySet[Any]:
    accepted, proposal = Q(shown=MaskState.ACCEPTED), Q(shown=MaskState.PROPOSAL)
    rows = MaskHead.objects.filter(series=series_id).exclude(shown="").values("frame")
    return rows.annotate(accepted=Count("id", accepted), proposals=Count("id", proposal))


def _counts_at(series_id: UUID, version: int) -> QuerySet[Any]:
    accepted, proposal = Q(state=MaskState.ACCEPTED), Q(state=MaskState.PROPOSAL)
    rows = masks_at(series_id, version).exclude(mask=None).values("frame")
    return rows.annotate(accepted=Count("id", accepted), proposals=Count("id", proposal))


def proposal_counts(series_id: UUID, selection: Selection) -> dict[str, Any]:
    """How many proposals there are now, by frame and by score: {count, frames, scores, unscored}."""
    frames: Counter[int] = Counter()
    scores, unscored = [0] * SCORE_BINS, 0
    for frame, score in proposals_of(series_id, selection).values_list("frame", "revision__origin__score").iterator():
        frames[frame] += 1
        if score is None:
            unscored += 1
        else:
            scores[min(max(int(score * SCORE_BINS), 0), SCORE_BINS - 1)] += 1
    listed = [{"frame": frame, "count": count} for frame, count in sorted(frames.items())]
    return {"count": frames.total(), "frames": listed, "scores": scores, "unscored": unscored}


def changesets_of_job(series_id: UUID, job_id: UUID) -> list[tuple[UUID, dict[str, int]]]:
    """Request and counts of each changeset that the job made in the series."""
    rows = Changeset.objects.filter(series=series_id, job=job_id).values_list("request_id", "summary")
    return [(request_id, summary["counts"]) for request_id, summary in rows]


def kinds_of_events(series_id: UUID, job_id: UUID) -> list[str]:
    """What the events are that the job found and that still stand."""
    rows = EventRevision.objects.filter(series=series_id, changeset__job=job_id, deleted=False, next=None)
    return list(rows.values_list("kind", flat=True))


# ---- changesets -----------------------------------------------------------------------------------------------


def changeset(series_id: UUID, version: int) -> messages.Changeset:
    rows = Changeset.objects.filter(series=series_id, version=version).select_related("author")
    found = wire.changesets(list(rows))
    if not found:
        raise NotFoundError(f"There is no version {version}.")
    return found[0]


def changes_since(series_id: UUID, version: int) -> list[messages.Changeset]:
    """The next changesets after a version, oldest first: a page of them."""
    rows = Changeset.objects.filter(series=series_id, version__gt=version).select_related("author")
    page: list[Changeset] = []
    revisions = 0
    for row in rows.order_by("version")[:MOST_CHANGESETS]:
        revisions += sum(row.summary["counts"].values())
        if page and revisions > MOST_REVISIONS:
            break
        page.append(row)
    return wire.changesets(page)


def mask(series_id: UUID, sha256: str) -> messages.MaskRle:
    """A mask by its hash, if any version of the series has it."""
    # Anything else is no hash, and PostgreSQL refuses a U+0000 in the question already.
    if not SHA256.fullmatch(sha256) or not MaskRevision.objects.filter(series=series_id, mask=sha256).exists():
        raise NotFoundError(f"No version of this series has a mask {sha256!r}.")
    return wire.pixels_of([sha256])[sha256]

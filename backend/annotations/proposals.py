"""What jobs propose, and what becomes of it: drafts that are made under the series' lock, so that none is stale."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from backend.annotations import heads
from backend.annotations.models import MaskHead, MaskState, TrackRevision
from backend.annotations.values import Draft, Head, MaskSubject, MaskValue, TrackValue
from backend.projects.models import Phase
from backend.series.models import Series
from ml import rle
from ml.rle import Rle

MOST_IN_ONE = 20_000  # masks of one changeset
# Of a new mask, before it is the object that is there already. An IoU of so much with one mask implies it.
COVERED = 0.5


@dataclass(frozen=True)
class Proposal:
    """A mask that a model offers; `origin` is the wire's `Origin` as JSON. The job names the track it will be."""

    track: UUID
    phase: UUID | None
    mask: Rle
    origin: dict[str, Any]


@dataclass(frozen=True)
class Selection:
    """Proposals by frame (both ends included), by score, and by the job that made them.

    A mask without a score counts as one of 0. `below`: only scores less than this.
    """

    first: int = 0
    last: int | None = None
    min_score: float = 0.0
    below: float | None = None
    job: UUID | None = None

    def takes(self, score: float | None) -> bool:
        value = score or 0.0
        return value >= self.min_score and (self.below is None or value < self.below)


def proposals_of(series_id: UUID, selection: Selection) -> QuerySet[MaskHead]:
    """Those of the frames and the job, whatever their score."""
    rows = MaskHead.objects.filter(series=series_id, shown=MaskState.PROPOSAL, frame__gte=selection.first)
    if selection.last is not None:
        rows = rows.filter(frame__lte=selection.last)
    if selection.job is not None:
        rows = rows.filter(track__in=_made_by_jobs(series_id).filter(changeset__job=selection.job).values("track"))
    return rows


def draft_proposals(series: Series, frame: int, proposals: Sequence[Proposal], *, replace: bool) -> Draft:
    """The proposals that do not lie under what stays on the frame. The caller holds the series' lock."""
    here = Q(frame=frame)
    proposed = MaskHead.objects.filter(here, series=series.pk, shown=MaskState.PROPOSAL)
    given_way = _subjects(proposed.filter(track__in=_made_by_jobs(series.pk).values("track"))) if replace else []
    draft = _removal(series, given_way)
    live = MaskHead.objects.filter(here, series=series.pk).exclude(shown="").select_related("revision__mask")
    gone = set(given_way)
    staying = [row.revision.mask for row in live if (row.track_id, row.frame) not in gone]
    others = [Rle((mask.height, mask.width), mask.counts) for mask in staying if mask is not None]
    shares = rle.covered([proposal.mask for proposal in proposals], others)
    phases = set(Phase.objects.filter(project=series.project_id).values_list("id", flat=True))
    order = heads.top_orders(series.pk, [frame]).get(frame, -1)
    for proposal, share in zip(proposals, shares, strict=True):
        if share >= COVERED:
            continue
        order += 1
        sha256 = rle.sha256(proposal.mask)
        draft.pixels[sha256] = proposal.mask
        draft.tracks[proposal.track] = TrackValue(proposal.phase if proposal.phase in phases else None, "", False)
        value = MaskValue(sha256, order, MaskState.PROPOSAL.value, proposal.origin)
        draft.masks[proposal.track, frame] = value
    return draft


def draft_acceptance(series: Series, selection: Selection) -> Draft:
    """The first of the selected proposals as accepted masks. The caller holds the series' lock."""
    draft = Draft({}, _mask_heads(series, list(islice(_selected(series.pk, selection), MOST_IN_ONE))))
    for subject, head in draft.mask_heads.items():
        draft.masks[subject] = replace(head.value, state=MaskState.ACCEPTED.value)
    return draft


def draft_removal(series: Series, selection: Selection) -> Draft:
    """The first of the selected proposals deleted. The caller holds the series' lock."""
    return _removal(series, list(islice(_selected(series.pk, selection), MOST_IN_ONE)))


def _selected(series_id: UUID, selection: Selection) -> Iterator[MaskSubject]:
    rows = proposals_of(series_id, selection).order_by("frame", "id")
    # Scores are compared here: the two databases have their own minds about numbers within JSON.
    found = rows.values_list("track_id", "frame", "revision__origin__score")
    return ((track, frame) for track, frame, score in found if selection.takes(score))


def _removal(series: Series, subjects: Collection[MaskSubject]) -> Draft:
    """Deletes the masks, and the tracks that have no others."""
    draft = Draft({}, _mask_heads(series, subjects))
    for subject, head in draft.mask_heads.items():
        draft.masks[subject] = head.value.deleted()
    delete_bare_tracks(series, draft, {track for track, _ in subjects})
    return draft


def delete_bare_tracks(series: Series, draft: Draft, tracks: Collection[UUID]) -> None:
    """Deletes those of the tracks that the draft leaves without masks."""
    left = _live_masks(series.pk, tracks)
    for (track, frame), value in draft.masks.items():
        if track not in left:
            continue
        head = draft.mask_heads.get((track, frame))
        there = head is not None and head.value.sha256 is not None
        left[track] += (value.sha256 is not None) - there
    bare = [track for track, count in left.items() if count == 0]
    for track, end in heads.track_heads(series.pk, bare).items():
        draft.track_heads.setdefault(track, end)
        draft.tracks[track] = TrackValue(end.value.phase, end.value.name, deleted=True)


def _live_masks(series_id: UUID, tracks: Collection[UUID]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    for chunk in heads.chunks(tracks):
        rows = MaskHead.objects.filter(series=series_id, track__in=chunk).exclude(shown="")
        counts.update(rows.values_list("track").annotate(Count("id")).order_by())
    return counts


def _mask_heads(series: Series, subjects: Collection[MaskSubject]) -> dict[MaskSubject, Head[MaskValue]]:
    wanted = set(subjects)
    # The query takes in every frame between the first and the last.
    return {subject: head for subject, head in heads.mask_heads(series.pk, subjects).items() if subject in wanted}


def _subjects(rows: QuerySet[MaskHead]) -> list[MaskSubject]:
    return list(rows.order_by("frame", "id").values_list("track_id", "frame"))


def _made_by_jobs(series_id: UUID) -> QuerySet[TrackRevision]:
    """First revisions of the tracks that jobs made."""
    return TrackRevision.objects.filter(series=series_id, previous=None, changeset__job__isnull=False)

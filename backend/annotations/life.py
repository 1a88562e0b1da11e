"""Who or what made each part of a track's life, and every version of its mask on a frame."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from backend.annotations import selectors, wire
from backend.annotations.history_serializers import (
    LifeChangeOutput,
    LifeOutput,
    LifeRunOutput,
    MakerOutput,
    MaskVersionOutput,
    RevisionsOutput,
)
from backend.annotations.models import MaskRevision, MaskState, Track, TrackRevision
from backend.projects.models import User
from backend.protocol import messages
from backend.protocol.errors import NotFoundError


class _Row(NamedTuple):
    frame: int
    version: int
    mask: str | None
    state: str
    origin: dict[str, Any]
    confidence: float | None
    author: int
    job: UUID | None
    created_at: datetime


class _Made(NamedTuple):
    """A mask as it is, the revision that first gave these pixels to the frame, and the one that accepted them."""

    now: _Row
    maker: _Row
    accepter: _Row | None


def life(*, series_id: UUID, track: UUID, version: int | None) -> LifeOutput:
    """The frames on which a track has a mask at a version (None: now), by who made the masks."""
    known = _track(series_id, track)
    version = selectors.known_version(selectors.head_of(series_id), version)
    rows = _revisions(series_id, track, version).order_by("frame", "version")
    read = rows.values_list(
        *("frame", "version", "mask_id", "state", "origin", "confidence"),
        *("changeset__author_id", "changeset__job_id", "changeset__created_at"),
    )
    chains = groupby((_Row(*row) for row in read.iterator()), key=lambda row: row.frame)
    made = [found for _, chain in chains if (found := _maker(list(chain))) is not None]
    people = _people({each.author for one in made for each in one if each is not None})
    changes = TrackRevision.objects.filter(series=series_id, track=track, version__lte=version)
    return LifeOutput(
        version=version,
        track=track,
        number=known.number,
        runs=list(_runs(made, people)),
        changes=[_change(row) for row in changes.select_related("changeset__author").order_by("-version")],
    )


def revisions(*, series_id: UUID, track: UUID, frame: int, version: int | None) -> RevisionsOutput:
    """Every version of the track's mask on a frame, up to one (None: now)."""
    _track(series_id, track)
    version = selectors.known_version(selectors.head_of(series_id), version)
    rows = _revisions(series_id, track, version).filter(frame=frame).order_by("-version")
    found = rows.select_related("mask", "changeset__author").defer("mask__counts")
    return RevisionsOutput(track=track, frame=frame, revisions=[_mask_version(row) for row in found])


def _track(series_id: UUID, track: UUID) -> Track:
    found = Track.objects.filter(series=series_id, pk=track).first()
    if found is None:
        raise NotFoundError(f"This series has no track {track}.")
    return found


def _revisions(series_id: UUID, track: UUID, version: int) -> QuerySet[MaskRevision]:
    return MaskRevision.objects.filter(series=series_id, track=track, version__lte=version)


def _maker(chain: Sequence[_Row]) -> _Made | None:
    """Whoever accepts or restores a mask did not make it: its maker is whoever first wrote these pixels there."""
    now = chain[-1]
    if now.mask is None:
        return None
    same = [row for row in chain if row.mask == now.mask]
    accepter = None
    for row in same:  # a mask that was deleted and came back stays accepted by whom it was
        if row.state != MaskState.ACCEPTED:
            accepter = None
        elif accepter is None:
            accepter = row
    return _Made(now, same[0], accepter)


def _runs(made: Sequence[_Made], people: dict[int, User]) -> Iterator[LifeRunOutput]:
    first = 0
    for index in range(1, len(made) + 1):
        if index < len(made) and _goes_on(made[index - 1], made[index]):
            continue
        run = made[first:index]
        known = [each.now.confidence for each in run if each.now.confidence is not None]
        yield LifeRunOutput(
            first=run[0].now.frame,
            last=run[-1].now.frame,
            state="accepted" if run[0].now.state == MaskState.ACCEPTED else "proposal",
            maker=_maker_output(run[0], people),
            first_version=min(each.maker.version for each in run),
            last_version=max(each.maker.version for each in run),
            made_at=max(each.maker.created_at for each in run),
            confidence=min(known, default=None),
        )
        first = index


def _goes_on(before: _Made, made: _Made) -> bool:
    return made.now.frame == before.now.frame + 1 and _same(before) == _same(made)


def _same(made: _Made) -> tuple[Any, ...]:
    """What masks of one run have in common."""
    origin = made.maker.origin
    names = (origin.get("model"), origin.get("model_hash"), origin.get("tracker"), origin.get("edited"))
    return (*names, _prompted(origin), made.maker.author, made.maker.job, made.now.state, _accepted_by(made))


def _prompted(origin: dict[str, Any]) -> bool:
    return bool(origin.get("points")) or origin.get("box") is not None


def _accepted_by(made: _Made) -> int | None:
    proposed = made.maker.state == MaskState.PROPOSAL
    return made.accepter.author if proposed and made.accepter is not None else None


def _maker_output(made: _Made, people: dict[int, User]) -> MakerOutput:
    origin, accepted_by = made.maker.origin, _accepted_by(made)
    return MakerOutput(
        author=wire.person(people[made.maker.author]),
        model=origin.get("model"),
        prompts=_prompted(origin),
        edited=bool(origin.get("edited")),
        tracker=origin.get("tracker"),
        job=made.maker.job,
        accepted_by=None if accepted_by is None else wire.person(people[accepted_by]),
    )


def _people(ids: set[int]) -> dict[int, User]:
    return User.objects.in_bulk(ids)


def _change(row: TrackRevision) -> LifeChangeOutput:
    return LifeChangeOutput(
        version=row.version,
        author=wire.person(row.changeset.author),
        created_at=row.changeset.created_at,
        phase=row.phase_id,
        name=row.name,
        deleted=row.deleted,
    )


def _mask_version(row: MaskRevision) -> MaskVersionOutput:
    mask = row.mask
    return MaskVersionOutput(
        version=row.version,
        author=wire.person(row.changeset.author),
        created_at=row.changeset.created_at,
        reason=row.changeset.reason,
        job=row.changeset.job_id,
        sha256=row.mask_id,
        box=(mask.x0, mask.y0, mask.x1, mask.y1) if mask else None,
        area_px=mask.area_px if mask else 0,
        state="accepted" if row.state == MaskState.ACCEPTED else "proposal",
        origin=messages.Origin.model_validate(row.origin),
    )

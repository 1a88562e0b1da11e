"""Every change of annotations: each appends one changeset, in one transaction, under the series' lock.

Lock order: the series' row, then the masks by their hash. A request that is repeated gets its first answer.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction

from backend.annotations import actions, selectors
from backend.annotations.append import UNLINKED, append, summary_of
from backend.annotations.edits import draft_edit
from backend.annotations.following import Followed, draft_followed
from backend.annotations.models import Changeset
from backend.annotations.operations import draft_operations, read_pixels
from backend.annotations.proposals import Proposal, Selection, draft_acceptance, draft_proposals, draft_removal
from backend.annotations.restoration import draft_restoration
from backend.annotations.reversal import draft_job_reversal, draft_reversal
from backend.annotations.steps import Edit
from backend.annotations.values import CalibrationValue, Draft, Links
from backend.jobs.models import Job
from backend.projects.models import User
from backend.protocol.errors import ConflictError, InvalidError, NotFoundError
from backend.protocol.messages import ChangesetCommit
from backend.series.models import Series
from backend.series.permissions import require_open_series


@dataclass(frozen=True)
class Committed:
    """The version a request made; `repeated` when it was made by an earlier arrival of the same request."""

    version: int
    repeated: bool


def commit(*, series_id: UUID, author: User, message: ChangesetCommit, job: Job | None = None) -> Committed:
    """Appends the operations as the series' next version, all of them or none.

    Raises
    ------
    StaleBaseError
        Somebody else changed one of the objects first; the error says how they stand now.
    InvalidError
        An operation that is impossible whoever else works: the message names it.
    """
    series = _series(series_id)
    pixels = read_pixels(
        message.operations, frames=series.pixels.frames, height=series.pixels.height, width=series.pixels.width
    )

    def fill(locked: Series) -> Draft:
        return draft_operations(locked, author, message, pixels)

    payload = message.model_dump(mode="json", exclude={"undoes"})
    links = Links(undoes=message.undoes)
    return _append(_Request(series_id, author, message.request_id, payload, message.reason, job, links), fill)


def restore(
    *,
    series_id: UUID,
    author: User,
    request_id: UUID,
    version: int,
    base: int | None = None,
    frames: tuple[int, int] | None = None,
    tracks: Sequence[UUID] | None = None,
) -> Committed:
    """Makes the series, or some frames, or some tracks of it, what they were at a version: as a new version.

    Only what differs is written. A track that must come back to carry a restored mask comes back without its other
    masks. The calibration is restored with the series as a whole only. `base`: the newest version that the person has
    seen; ConflictError where there is a newer one, which would be undone unseen.
    """
    _require_frames(series_id, frames)
    payload = {"version": version, "frames": frames, "tracks": [str(track) for track in tracks] if tracks else tracks}
    parts = [f"Restore version {version}"]
    if frames is not None:  # people count from one
        first, last = frames
        parts.append(f"of frame {first + 1}" if first == last else f"of frames {first + 1} to {last + 1}")
    if tracks is not None:
        parts.append("of 1 track" if len(tracks) == 1 else f"of {len(tracks)} tracks")

    def fill(locked: Series) -> Draft:
        selectors.known_version(locked.version, version)
        if base is not None and base != locked.version:
            raise ConflictError(
                f"The series has changed: version {locked.version} is the newest, and you have seen {base}. Look at "
                "what is new, then restore again.",
                code="stale",
                version=locked.version,
            )
        draft = draft_restoration(locked, version, frames, tracks)
        if draft.empty:
            raise InvalidError(f"Nothing to restore: it is as in version {version}.", code="unchanged")
        return draft

    return _append(_Request(series_id, author, request_id, payload, " ".join(parts)), fill)


def restoration(
    *,
    series_id: UUID,
    version: int,
    frames: tuple[int, int] | None = None,
    tracks: Sequence[UUID] | None = None,
) -> dict[str, Any]:
    """What `restore` would change if it were asked now: {counts, frames, first_frame, last_frame}. Writes nothing."""
    series = _require_frames(series_id, frames)
    selectors.known_version(series.version, version)
    draft = draft_restoration(series, version, frames, tracks)
    touched = {frame for _, frame in draft.masks}
    return {
        "counts": summary_of(draft)["counts"],
        "frames": len(touched),
        "first_frame": min(touched, default=None),
        "last_frame": max(touched, default=None),
    }


def _require_frames(series_id: UUID, frames: tuple[int, int] | None) -> Series:
    series = _series(series_id)
    last = series.pixels.frames - 1
    if frames is not None and not 0 <= frames[0] <= frames[1] <= last:
        named = f"frame {frames[0]}" if frames[0] == frames[1] else f"span of frames {frames[0]} to {frames[1]}"
        raise InvalidError(f"There is no {named}: the series has frames 0 to {last}.")
    return series


def edit(*, series_id: UUID, author: User, asked: Edit) -> Committed:
    """Appends an edit of tracks and their lineage as the series' next version.

    Raises
    ------
    StaleBaseError
        Somebody else changed one of the masks after the version that the author has seen.
    InvalidError
        A step that is impossible whoever else works: the message names it.
    """

    def fill(locked: Series) -> Draft:
        draft = draft_edit(locked, author, asked)
        if draft.empty:
            raise InvalidError("Nothing to change: it is so already.", code="unchanged")
        return draft

    # A page that was loaded anew asks for the same, and has seen more by then.
    payload = asked.model_dump(mode="json", exclude={"seen"})
    return _append(_Request(series_id, author, asked.request_id, payload, asked.reason), fill)


def revert(*, series_id: UUID, author: User, request_id: UUID, version: int) -> Committed:
    """Makes what one version changed as it was before, unless somebody has changed it since (StaleBaseError)."""

    def fill(locked: Series) -> Draft:
        changeset = Changeset.objects.filter(series=locked, version=version).first()
        if changeset is None:
            raise NotFoundError(f"There is no version {version} to undo: the series has 1 to {locked.version}.")
        draft = draft_reversal(locked, changeset)
        if draft.empty:
            raise InvalidError(f"Version {version} changed nothing that can be undone.", code="unchanged")
        return draft

    with _locked(series_id):
        made = Changeset.objects.filter(series=series_id, version=version).first()
        reason = _taken_back(made.reason) if made and made.reason else f"Undo version {version}"
        links = actions.links_of_reversal(made) if made else UNLINKED
        request = _Request(series_id, author, request_id, {"revert": version}, reason[:200], links=links)
        return _append(request, fill)


def take_back(*, series_id: UUID, author: User, request_id: UUID, action: UUID) -> Committed:
    """Makes what one of the author's actions changed as it was before, all of it or nothing.

    Raises
    ------
    StaleBaseError
        Something of it was changed since, and not changed back.
    """
    with _locked(series_id):
        parts = actions.parts_of(series_id, author.pk, action)
        if not parts:
            raise NotFoundError(f"You have no action {action} in this series.")
        reason = _taken_back(parts[-1].reason or f"Version {parts[-1].version}")[:200]
        links = Links(action=request_id if len(parts) > 1 else None, undoes=action)
        for number, part in enumerate(parts):

            def fill(locked: Series, part: Changeset = part) -> Draft:
                draft = draft_reversal(locked, part)
                if draft.empty:
                    raise InvalidError(f"Version {part.version} changed nothing that can be undone.", code="unchanged")
                return draft

            # The last one has the request's own id: it is the answer.
            own = request_id if part is parts[-1] else uuid5(request_id, str(number))
            made = _append(_Request(series_id, author, own, {"take back": str(action)}, reason, links=links), fill)
    return made


def take_back_of_object(*, series_id: UUID, author: User, request_id: UUID, track: UUID, frame: int) -> Committed:
    """Takes back what the latest action on an object did to it: to its mask on the frame, or to its properties.

    Other objects of the action stay as they are. Doing it again goes one action further back.

    Raises
    ------
    InvalidError
        Nobody has changed the object, or it was another person who did so last.
    StaleBaseError
        The object is not as the action left it.
    """

    def fill(locked: Series) -> Draft:
        if latest is None:
            raise InvalidError("There is no change of this object left to undo.", code="unchanged")
        if latest.author_id != author.pk:
            raise InvalidError(
                f"{latest.author.shown_name} changed this object last, in version {latest.version}. Undo takes back "
                "your own changes only; the history can restore any version.",
                code="not_yours",
            )
        draft = draft_reversal(locked, latest, track)
        if draft.empty:
            raise InvalidError("There is no change of this object left to undo.", code="unchanged")
        return draft

    with _locked(series_id):
        latest = actions.latest_of_object(series_id, track, frame)
        reason = f"Undo on one object: {latest.reason}"[:200] if latest else "Undo on one object"
        links = Links(undoes_part=actions.action_of(latest) if latest else None)
        payload = {"take back of": str(track), "frame": frame}
        return _append(_Request(series_id, author, request_id, payload, reason, links=links), fill)


def _taken_back(reason: str) -> str:
    """What is said of undoing it: an undo that is undone is a redo."""
    verb, _, what = reason.partition(": ")
    if verb == "Undo":
        return f"Redo: {what}"
    return f"Undo: {what if verb == 'Redo' else reason}"


def revert_job(*, series_id: UUID, author: User, request_id: UUID, job: UUID) -> int:
    """Takes back what of a job's masks, tracks and events nobody has changed since; returns how many masks.

    It is one action of many parts. A request that broke off goes on where it was when it is repeated.
    """
    changesets = list(Changeset.objects.filter(series=series_id, job=job).order_by("-version"))
    if not changesets:
        raise NotFoundError(f"Job {job} changed nothing in this series.")
    reason = f"Undo: {changesets[0].reason} and {len(changesets) - 1} more"[:200]
    links, payload = Links(action=request_id), {"revert job": str(job)}
    for changeset in changesets:

        def fill(locked: Series, changeset: Changeset = changeset) -> Draft:
            return _written(draft_job_reversal(locked, changeset))

        own = uuid5(request_id, str(changeset.version))
        with suppress(_UnchangedError):
            _append(_Request(series_id, author, own, payload, reason, links=links), fill)
    made = Changeset.objects.filter(series=series_id, author=author, action=request_id)
    counts = [summary["counts"] for summary in made.values_list("summary", flat=True)]
    return sum(each["masks_set"] + each["masks_deleted"] for each in counts)


def set_calibration(
    *, series_id: UUID, author: User, request_id: UUID, value: CalibrationValue, base: int | None = None
) -> Committed:
    """Another pixel size or frame interval, from the next version on.

    `base`: the revision of the calibration that the person has seen, 0 for the file's own; ConflictError where there
    is a newer one. None: whatever it is now.
    """

    def fill(locked: Series) -> Draft:
        now = locked.calibration
        if base is not None and base != (now["revision"] or 0):
            size = "none" if now["pixel_size"] is None else f"{now['pixel_size']:g} {now['unit']}"
            raise ConflictError(
                f"The calibration was changed meanwhile: the pixel size is {size} ({now['source']}). Look at it, then "
                "enter yours again.",
                code="stale",
                calibration=now,
            )
        return Draft({}, {}, calibration=value)

    return _append(_Request(series_id, author, request_id, asdict(value), "Calibrate"), fill)


def propose(
    *,
    series_id: UUID,
    author: User,
    job: Job,
    request_id: UUID,
    frame: int,
    proposals: Sequence[Proposal],
    replace: bool,
) -> Committed | None:
    """Appends what a job found on one frame as proposals, each a new track; None where there is nothing to write.

    Accepted masks stay as they are, and what lies under them is left out. With `replace`, proposals that jobs made on
    this frame before give way; without, they count as accepted ones do.
    """

    def fill(locked: Series) -> Draft:
        return _written(draft_proposals(locked, frame, proposals, replace=replace))

    # Equal however the frame looks by now: the job that comes back is told of what it did before.
    payload = {"job": str(job.pk), "frame": frame}
    reason = f"Segment frame {frame + 1}"  # people count from one
    try:
        return _append(_Request(series_id, author, request_id, payload, reason, job), fill)
    except _UnchangedError:
        return None


def follow(*, series_id: UUID, author: User, job: Job, request_id: UUID, followed: Followed) -> Committed | None:
    """Appends what a tracking job confirmed of one frame; None where there is nothing to write.

    Accepted masks stay as they are. Proposals of the tracks that are followed give way.
    """

    def fill(locked: Series) -> Draft:
        return _written(draft_followed(locked, followed))

    payload = {"job": str(job.pk), "frame": followed.frame}
    reason = f"Track frame {followed.frame + 1}"  # people count from one
    try:
        return _append(_Request(series_id, author, request_id, payload, reason, job), fill)
    except _UnchangedError:
        return None


def accept_proposals(*, series_id: UUID, author: User, selection: Selection, action: UUID | None = None) -> int:
    """Makes the selected proposals accepted masks, as one action that can be taken back; returns how many."""
    return _in_parts(series_id, author, "Accept", action, lambda series: draft_acceptance(series, selection))


def discard_proposals(*, series_id: UUID, author: User, selection: Selection, action: UUID | None = None) -> int:
    """Deletes the selected proposals, and the tracks that have no other mask, likewise; returns how many."""
    return _in_parts(series_id, author, "Discard", action, lambda series: draft_removal(series, selection))


def _in_parts(series_id: UUID, author: User, verb: str, action: UUID | None, draft: Callable[[Series], Draft]) -> int:
    """One changeset after the other, until a draft is empty. `action`: what the client calls them all."""
    links = Links(action=action or uuid4())
    done = 0
    while True:
        written: list[Draft] = []

        def fill(locked: Series, written: list[Draft] = written) -> Draft:
            written.append(_written(draft(locked)))
            return written[0]

        try:
            _append(_Request(series_id, author, uuid4(), {}, f"{verb} proposals", links=links), fill)
        except _UnchangedError:
            return done
        done += len(written[0].masks)


class _UnchangedError(Exception):
    """A draft says nothing new: no version is made of it."""


def _written(draft: Draft) -> Draft:
    if draft.empty:
        raise _UnchangedError
    return draft


def _series(series_id: UUID) -> Series:
    series = Series.objects.select_related("pixels").filter(pk=series_id).first()
    if series is None:
        raise NotFoundError(f"There is no series {series_id}.")
    return series


@dataclass(frozen=True)
class _Request:
    """Who asks for what. The same id with another payload is a mistake of the client's."""

    series_id: UUID
    author: User
    id: UUID
    payload: dict[str, Any]
    reason: str
    job: Job | None = None
    links: Links = UNLINKED

    @property
    def payload_hash(self) -> str:
        return hashlib.sha256(json.dumps(self.payload, sort_keys=True).encode()).hexdigest()


@contextmanager
def _locked(series_id: UUID) -> Iterator[Series]:
    """A transaction in which nobody else appends to the series."""
    with transaction.atomic():
        # On SQLite the transaction itself is the lock: it begins IMMEDIATE.
        series = Series.objects.select_for_update(no_key=True).filter(pk=series_id).first()
        if series is None:
            raise NotFoundError(f"There is no series {series_id}.")
        yield series


def _append(request: _Request, fill: Callable[[Series], Draft]) -> Committed:
    """Locks the series and appends what `fill` drafts, unless the request came before."""
    with _locked(request.series_id) as series:
        return _append_to(series, request, fill)


def _append_to(series: Series, request: _Request, fill: Callable[[Series], Draft]) -> Committed:
    earlier = Changeset.objects.filter(series=series, author=request.author, request_id=request.id).first()
    if earlier is not None:
        if earlier.payload_hash != request.payload_hash:
            raise ConflictError(
                f"Request {request.id} was another one, which made version {earlier.version}. Use a new id.",
                code="request_reused",
            )
        return Committed(earlier.version, repeated=True)
    require_open_series(series)  # the project is read under the lock, which its archiving takes, too
    changeset = append(
        series=series,
        draft=fill(series),
        author=request.author,
        request_id=request.id,
        payload_hash=request.payload_hash,
        reason=request.reason,
        job=request.job,
        links=request.links,
    )
    return Committed(changeset.version, repeated=False)

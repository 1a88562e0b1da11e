"""Changes of annotations: each appends one changeset, or one for each part of what is too large for one."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from uuid import UUID, uuid4

from backend.annotations.edits import draft_edit
from backend.annotations.following import Followed, draft_followed
from backend.annotations.operations import draft_operations, read_pixels
from backend.annotations.proposals import Proposal, Selection, draft_acceptance, draft_proposals, draft_removal
from backend.annotations.requests import Committed, Request, UnchangedError, appended, known_series, not_empty
from backend.annotations.steps import Edit
from backend.annotations.values import CalibrationValue, Draft, Links
from backend.jobs.models import Job
from backend.projects.models import User
from backend.protocol.errors import ConflictError, InvalidError
from backend.protocol.messages import ChangesetCommit
from backend.series.models import Series


def commit(*, series_id: UUID, author: User, message: ChangesetCommit, job: Job | None = None) -> Committed:
    """Appends the operations as the series' next version, all of them or none.

    Raises
    ------
    StaleBaseError
        Somebody else changed one of the objects first; the error says how they stand now.
    InvalidError
        An operation that is impossible whoever else works: the message names it.
    """
    series = known_series(series_id)
    pixels = read_pixels(
        message.operations, frames=series.pixels.frames, height=series.pixels.height, width=series.pixels.width
    )

    def fill(locked: Series) -> Draft:
        return draft_operations(locked, author, message, pixels)

    payload = message.model_dump(mode="json", exclude={"undoes"})
    links = Links(undoes=message.undoes)
    return appended(Request(series_id, author, message.request_id, payload, message.reason, job, links), fill)


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
    return appended(Request(series_id, author, asked.request_id, payload, asked.reason), fill)


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

    return appended(Request(series_id, author, request_id, asdict(value), "Calibrate"), fill)


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
        return not_empty(draft_proposals(locked, frame, proposals, replace=replace))

    # Equal however the frame looks by now: the job that comes back is told of what it did before.
    payload = {"job": str(job.pk), "frame": frame}
    reason = f"Segment frame {frame + 1}"  # people count from one
    try:
        return appended(Request(series_id, author, request_id, payload, reason, job), fill)
    except UnchangedError:
        return None


def follow(*, series_id: UUID, author: User, job: Job, request_id: UUID, followed: Followed) -> Committed | None:
    """Appends what a tracking job confirmed of one frame; None where there is nothing to write.

    Accepted masks stay as they are. Proposals of the tracks that are followed give way.
    """

    def fill(locked: Series) -> Draft:
        return not_empty(draft_followed(locked, followed))

    payload = {"job": str(job.pk), "frame": followed.frame}
    reason = f"Track frame {followed.frame + 1}"  # people count from one
    try:
        return appended(Request(series_id, author, request_id, payload, reason, job), fill)
    except UnchangedError:
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
            written.append(not_empty(draft(locked)))
            return written[0]

        try:
            appended(Request(series_id, author, uuid4(), {}, f"{verb} proposals", links=links), fill)
        except UnchangedError:
            return done
        done += len(written[0].masks)

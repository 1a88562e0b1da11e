"""Going back: to an older version, or to before a version, an action, a job. Each is a new version itself."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid5

from backend.annotations import actions, selectors
from backend.annotations.append import UNLINKED, summary_of
from backend.annotations.models import Changeset
from backend.annotations.requests import (
    Committed,
    Request,
    UnchangedError,
    appended,
    known_series,
    locked_series,
    not_empty,
)
from backend.annotations.restoration import draft_restoration
from backend.annotations.reversal import draft_job_reversal, draft_reversal
from backend.annotations.values import Draft, Links
from backend.projects.models import User
from backend.protocol.errors import ConflictError, InvalidError, NotFoundError
from backend.series.models import Series


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

    return appended(Request(series_id, author, request_id, payload, " ".join(parts)), fill)


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
    series = known_series(series_id)
    last = series.pixels.frames - 1
    if frames is not None and not 0 <= frames[0] <= frames[1] <= last:
        named = f"frame {frames[0]}" if frames[0] == frames[1] else f"span of frames {frames[0]} to {frames[1]}"
        raise InvalidError(f"There is no {named}: the series has frames 0 to {last}.")
    return series


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

    with locked_series(series_id):
        made = Changeset.objects.filter(series=series_id, version=version).first()
        reason = _taken_back(made.reason) if made and made.reason else f"Undo version {version}"
        links = actions.links_of_reversal(made) if made else UNLINKED
        request = Request(series_id, author, request_id, {"revert": version}, reason[:200], links=links)
        return appended(request, fill)


def take_back(*, series_id: UUID, author: User, request_id: UUID, action: UUID) -> Committed:
    """Makes what one of the author's actions changed as it was before, all of it or nothing.

    Raises
    ------
    StaleBaseError
        Something of it was changed since, and not changed back.
    """
    with locked_series(series_id):
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
            made = appended(Request(series_id, author, own, {"take back": str(action)}, reason, links=links), fill)
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

    with locked_series(series_id):
        latest = actions.latest_of_object(series_id, track, frame)
        reason = f"Undo on one object: {latest.reason}"[:200] if latest else "Undo on one object"
        links = Links(undoes_part=actions.action_of(latest) if latest else None)
        payload = {"take back of": str(track), "frame": frame}
        return appended(Request(series_id, author, request_id, payload, reason, links=links), fill)


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
            return not_empty(draft_job_reversal(locked, changeset))

        own = uuid5(request_id, str(changeset.version))
        with suppress(UnchangedError):
            appended(Request(series_id, author, own, payload, reason, links=links), fill)
    made = Changeset.objects.filter(series=series_id, author=author, action=request_id)
    counts = [summary["counts"] for summary in made.values_list("summary", flat=True)]
    return sum(each["masks_set"] + each["masks_deleted"] for each in counts)

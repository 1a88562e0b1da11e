"""A person's own actions in a series, in the order in which they would be undone: what one did, taken back as one.

An action is a changeset, or several that name the same `action`. What takes an action back is an action too, and
names it in `undoes`; so a page that is loaded anew, on whatever machine, knows what undo and redo mean next.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from backend.annotations.models import Changeset, MaskRevision, TrackRevision

LONGEST = 200  # as the page's own list
CHANGESETS_READ = 1_000  # the newest; an action may have several, and each may have been undone and redone


@dataclass(frozen=True)
class Action:
    """`version`: of its last changeset."""

    id: UUID
    reason: str
    version: int


@dataclass(frozen=True)
class Actions:
    """The oldest first: the last of `undo` is undone next."""

    undo: list[Action]
    redo: list[Action]


def action_of(changeset: Changeset) -> UUID:
    return changeset.action or changeset.request_id


def actions_of(series_id: UUID, author_id: int) -> Actions:
    """What this person can undo and redo. Jobs are not among it: each is taken back as a whole, where it is listed."""
    rows = Changeset.objects.filter(series=series_id, author=author_id, job=None).order_by("-version")
    return _replayed(reversed(list(rows[:CHANGESETS_READ])))


def _replayed(changesets: Iterable[Changeset]) -> Actions:
    undo: list[Action] = []
    redo: list[Action] = []
    for row in changesets:
        name, back = action_of(row), row.undoes
        # A later part of the action before it: the same place, another version.
        for known in (undo, redo):
            if known and known[-1].id == name:
                known[-1] = Action(name, known[-1].reason, row.version)
                break
        else:
            action = Action(name, row.reason, row.version)
            if not _changes_objects(row):
                continue
            if back and undo and undo[-1].id == back:
                redo.append(Action(name, undo.pop().reason, row.version))
            elif back and redo and redo[-1].id == back:
                undo.append(Action(name, redo.pop().reason, row.version))
            elif back and any(each.id == back for each in undo):
                # Taken back out of turn, from the history or another tab.
                undo = [each for each in undo if each.id != back]
            else:
                undo.append(action)
                redo.clear()
    return Actions(undo[-LONGEST:], redo[-LONGEST:])


def _changes_objects(row: Changeset) -> bool:
    """A calibration is changed by entering another."""
    return any(count for name, count in row.summary["counts"].items() if name != "calibrations")


def parts_of(series_id: UUID, author_id: int, action: UUID) -> list[Changeset]:
    """The action's changesets, the newest first."""
    rows = Changeset.objects.filter(Q(action=action) | Q(request_id=action), series=series_id, author=author_id)
    return list(rows.order_by("-version"))


def latest_of_object(series_id: UUID, track: UUID, frame: int) -> Changeset | None:
    """The newest changeset whose change of an object has not been taken back: of its mask, or of its properties."""
    masks = MaskRevision.objects.filter(series=series_id, track=track, frame=frame)
    properties = TrackRevision.objects.filter(series=series_id, track=track)
    found = [
        _latest(list(masks.select_related("changeset", "changeset__author").order_by("-version"))),
        _latest(list(properties.select_related("changeset", "changeset__author").order_by("-version"))),
    ]
    standing = [changeset for changeset in found if changeset is not None]
    return max(standing, key=lambda changeset: changeset.version, default=None)


def _latest(chain: Sequence[MaskRevision | TrackRevision]) -> Changeset | None:
    """`chain`: all revisions of one subject, the newest first."""
    position = {(row.changeset.author_id, action_of(row.changeset)): at for at, row in enumerate(chain)}
    at = 0
    while at < len(chain):
        changeset = chain[at].changeset
        back = changeset.undoes or changeset.undoes_part
        taken = None if back is None else position.get((changeset.author_id, back))
        if taken is None or taken <= at:
            return changeset
        at = taken + 1  # it is as it was before what was taken back
    return None

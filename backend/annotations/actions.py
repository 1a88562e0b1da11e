"""A person's own actions in a series, in the order in which they would be undone: what one did, taken back as one.

An action is a changeset, or several that name the same `action`. What takes an action back is an action too, and
names it in `undoes`; so a page that is loaded anew, on whatever machine, knows what undo and redo mean next.
"""

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Q

from backend.annotations.kinds import RESTORING
from backend.annotations.models import Changeset, MaskRevision, TrackRevision
from backend.annotations.values import Links

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


def links_of_reversal(changeset: Changeset) -> Links:
    """What a changeset says that undoes this one: of an action with other parts it takes back a part only."""
    action = action_of(changeset)
    alone = len(parts_of(changeset.series_id, changeset.author_id, action)) == 1
    return Links(undoes=action) if alone else Links(undoes_part=action)


def actions_of(series_id: UUID, author_id: int) -> Actions:
    """What this person can undo and redo. Jobs are not among it: each is taken back as a whole, where it is listed."""
    rows = Changeset.objects.filter(series=series_id).order_by("-version")
    own = list(rows.filter(author=author_id, job=None)[:CHANGESETS_READ])
    if not own:
        return Actions([], [])
    # What others took back of it: the history lets everybody undo any version.
    others = rows.exclude(author=author_id).filter(undoes__isnull=False, version__gt=own[-1].version)
    replay = _Replay(author_id)
    for row in sorted([*own, *others[:CHANGESETS_READ]], key=lambda row: row.version):
        replay.add(row)
    return Actions(replay.undo[-LONGEST:], replay.redo[-LONGEST:])


class _Replay:
    """The two lists as they grow and shrink, changeset by changeset."""

    def __init__(self, author_id: int) -> None:
        self.author_id = author_id
        self.undo: list[Action] = []
        self.redo: list[Action] = []
        self.gone: dict[UUID, Action] = {}  # out of `undo` before its turn, by the action that took it back
        self.again: dict[UUID, UUID] = {}  # such a one that came back, by the action that brought it

    def add(self, row: Changeset) -> None:
        name, back = action_of(row), row.undoes
        if row.author_id != self.author_id:
            if back is not None:
                self._turn(name, back)
                self.redo = [each for each in self.redo if each.id != back]
            return
        if self._goes_on(row) or not _is_action(row):
            return
        if back is not None and self.undo and self.undo[-1].id == back:
            self.redo.append(Action(name, self.undo.pop().reason, row.version))
            self._turn(name, back)
        elif back is not None and self.redo and self.redo[-1].id == back:
            self.undo.append(Action(name, self.redo.pop().reason, row.version))
            self._turn(name, back)
        else:
            # Also what takes one back out of turn, from the history or another tab.
            if back is not None and any(each.id == back for each in self.undo):
                self._turn(name, back)
            self.undo.append(Action(name, row.reason, row.version))
            self.redo.clear()

    def _goes_on(self, row: Changeset) -> bool:
        """Whether it is a later part of an action: the same place, another version."""
        for known in (self.undo, self.redo):
            for at, action in enumerate(known):
                if action.id == action_of(row):
                    known[at] = replace(action, version=row.version)
                    return True
        return False

    def _turn(self, name: UUID, back: UUID) -> None:
        """Takes what `back` names out of `undo`; puts in what it took out itself."""
        named = self.again.pop(back, back)
        taken = [each for each in self.undo if each.id == named]
        self.undo = [each for each in self.undo if each.id != named]
        if back in self.gone:
            action = self.gone.pop(back)
            self.again[name] = action.id
            insort(self.undo, action, key=lambda each: each.version)
        elif taken:
            self.gone[name] = taken[0]


def _is_action(row: Changeset) -> bool:
    """A calibration is changed by entering another, unless it was restored."""
    changes = any(count for name, count in row.summary["counts"].items() if name != "calibrations")
    return changes or row.reason.startswith(RESTORING)


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

"""What merges and splits say of tracks holds at every version: parents end before their children begin."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from backend.annotations import heads
from backend.annotations.models import MaskHead, Track
from backend.annotations.values import Draft, EventValue
from backend.protocol.errors import InvalidError
from backend.series.models import Series

FEWEST = {"merge": (2, 1), "split": (1, 2), "contact": (2, 0), "birth": (0, 1), "dissolution": (1, 0), "exit": (1, 0)}


@dataclass(frozen=True)
class Violation:
    """A parent of the event that has a mask when it has ended, or a child that has one before it began."""

    event: UUID
    track: UUID
    frame: int


def read_events(series: Series, draft: Draft, tracks: Collection[UUID]) -> None:
    """Puts the events that name these tracks into the draft, unless they are there."""
    for event, head in heads.events_naming(series.pk, tracks).items():
        draft.event_heads.setdefault(event, head)


def require_lineage(series: Series, draft: Draft) -> None:
    """Raises InvalidError where the draft's masks and its merges and splits contradict each other."""
    if found := next(iter(violations(series, draft)), None):
        event = draft.event(found.event)
        assert event is not None
        numbers = names_of([*event.parents, *event.children])
        who, what = numbers.get(found.track, "a new track"), event.kind
        parents = " and ".join(numbers.get(track, "a new track") for track in event.parents)
        children = " and ".join(numbers.get(track, "a new track") for track in event.children)
        raise InvalidError(
            f"A {what} of {parents} into {children} ends its parents on frame {event.first_frame + 1} and begins its "
            f"children on frame {event.last_frame + 1}, but {who} has a mask on frame {found.frame + 1}. Give that "
            f"mask to another track or delete it, or undo the {what}.",
            code="lineage",
        )


def violations(series: Series, draft: Draft) -> list[Violation]:
    """Where masks and events contradict each other, of those that the draft changes."""
    touched = {track for track, _ in draft.masks}
    if touched:
        read_events(series, draft, touched)
    changed = set(draft.events)
    events = {
        event: value
        for event in {*draft.event_heads, *draft.events}
        if (value := draft.event(event)) is not None
        and value.is_lineage
        and not value.deleted
        and (event in changed or touched & {*value.parents, *value.children})
    }
    members = {track for value in events.values() for track in (*value.parents, *value.children)}
    spans = spans_of(series.pk, draft, members)
    found = []
    for event, value in sorted(events.items()):
        parents, children = living(series, draft, value)
        if len(parents) < FEWEST[value.kind][0] or len(children) < FEWEST[value.kind][1]:
            continue  # readers see no such event while one of its tracks is deleted
        for track in parents:
            if track in spans and spans[track][1] > value.first_frame:
                found.append(Violation(event, track, spans[track][1]))
        for track in children:
            if track in spans and spans[track][0] < value.last_frame:
                found.append(Violation(event, track, spans[track][0]))
    return found


def living(series: Series, draft: Draft, value: EventValue) -> tuple[list[UUID], list[UUID]]:
    """The event's parents and children that are not deleted."""
    missing = {*value.parents, *value.children} - draft.track_heads.keys() - draft.tracks.keys()
    if missing:
        draft.track_heads.update(heads.track_heads(series.pk, missing))

    def lives(track: UUID) -> bool:
        state = draft.track(track)
        return state is not None and not state.deleted

    return [track for track in value.parents if lives(track)], [track for track in value.children if lives(track)]


def spans_of(series_id: UUID, draft: Draft, tracks: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """First and last frame of each track's masks, as the draft leaves them; without a mask it is left out."""
    frames: dict[UUID, set[int]] = {}
    for chunk in heads.chunks(tracks):
        rows = MaskHead.objects.filter(series=series_id, track__in=chunk).exclude(shown="")
        for track, frame in rows.values_list("track", "frame").iterator():
            frames.setdefault(track, set()).add(frame)
    for (track, frame), value in draft.masks.items():
        if track in tracks:
            there = frames.setdefault(track, set())
            there.discard(frame) if value.sha256 is None else there.add(frame)
    return {track: (min(there), max(there)) for track, there in frames.items() if there}


def renamed(value: EventValue, names: dict[tuple[UUID, int], UUID]) -> EventValue:
    """The event once masks changed hands: `names` has the new owner by track and frame.

    A parent is known by its mask on the event's first frame, a child by that on its last. What no longer has tracks
    enough to have happened is deleted.
    """
    parents = _once(names.get((track, value.first_frame), track) for track in value.parents)
    children = _once(names.get((track, value.last_frame), track) for track in value.children)
    if value.is_lineage:
        both = set(parents) & set(children)
        parents, children = (tuple(track for track in side if track not in both) for side in (parents, children))
    fewest = FEWEST[value.kind]
    if len(parents) < fewest[0] or len(children) < fewest[1]:
        return value.gone()
    return replace(value, parents=parents, children=children)


def _once(tracks: Iterable[UUID]) -> tuple[UUID, ...]:
    return tuple(dict.fromkeys(tracks))


def names_of(tracks: Collection[UUID]) -> dict[UUID, str]:
    return {pk: f"#{number}" for pk, number in Track.objects.filter(pk__in=tracks).values_list("pk", "number")}

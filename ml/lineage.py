"""Which track came from which: merges (n → 1) and splits (1 → n) as links between tracks, and events in time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

LinkKind = Literal["merge", "split"]
EventKind = Literal["birth", "dissolution", "exit", "contact", "merge", "split"]


@dataclass(frozen=True)
class Link:
    """A parent and a child. A merge has a link per parent, a split one per child.

    `first_frame` is the parent's last frame and `last_frame` the child's first: it happened between the two.
    """

    parent: int
    child: int
    kind: LinkKind
    first_frame: int
    last_frame: int
    confidence: float


@dataclass(frozen=True)
class Event:
    """What happened between `first_frame` and `last_frame`; of a contact, `parents` are the two that touch."""

    kind: EventKind
    first_frame: int
    last_frame: int
    parents: tuple[int, ...]
    children: tuple[int, ...]
    confidence: float
    author: str


def links_of(events: Iterable[Event]) -> list[Link]:
    """The links that merges and splits say: each parent with each child."""
    return [
        Link(parent, child, event.kind, event.first_frame, event.last_frame, event.confidence)
        for event in events
        if event.kind in ("merge", "split")
        for parent in event.parents
        for child in event.children
    ]


class LineageError(ValueError):
    """Links that no tracks can have."""


def check(spans: Mapping[int, tuple[int, int]], links: Iterable[Link]) -> None:
    """See that links join tracks that are there, from earlier to later, without a circle.

    Parameters
    ----------
    spans
        first and last frame of each track.

    Raises
    ------
    LineageError
        naming the link and what is wrong with it.
    """
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for link in links:
        for track in (link.parent, link.child):
            if track not in spans:
                raise LineageError(
                    f"The {link.kind} {link.parent} → {link.child} names track {track}, which is not there."
                )
        sorter.add(link.child, link.parent)
    try:
        sorter.prepare()
    except CycleError as error:
        raise LineageError(f"Tracks {', '.join(map(str, error.args[1]))} are their own ancestors.") from error
    for link in links:
        if spans[link.parent][1] >= spans[link.child][0]:
            raise LineageError(
                f"Track {link.child} begins on frame {spans[link.child][0]}, before its parent {link.parent} has ended "
                f"on {spans[link.parent][1]}."
            )


def largest_parents(links: Iterable[Link], last_areas: Mapping[int, int]) -> dict[int, int]:
    """The one parent of each child that the Cell Tracking Challenge's table has room for: the largest at its end."""
    parents: dict[int, int] = {}
    for link in links:
        best = parents.get(link.child)
        if best is None or last_areas[link.parent] > last_areas[best]:
            parents[link.child] = link.parent
    return parents

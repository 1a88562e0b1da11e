"""From held frames to confirmed ones: tracks get the numbers that stay, and events are told."""

from collections.abc import Mapping

import numpy as np

from ml.lineage import Event, Link
from ml.tracking.confirmed import Before, Confirmed, Observed
from ml.tracking.ledger import Ledger
from ml.tracking.pending import Change, Ending, Held
from ml.tracking.votes import Labels

_LEAST_CONTACT_PX = 3
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0))  # a gap of one pixel is none that can be seen


class Publisher:
    """Numbers tracks in the order in which they appear, above `highest`, and finds contacts that last `confirm` frames.

    Changes and endings are told with the frame that they belong to.
    """

    def __init__(self, author: str, confirm: int, highest: int = 0) -> None:
        self.author, self.confirm = author, confirm
        self._number_of: dict[int, int] = {}
        self._published: set[int] = set()
        self._highest = highest
        self._touching: dict[tuple[int, int], int] = {}
        self._told: set[tuple[int, int]] = set()

    def go_on(self, before: Before) -> None:
        """What is confirmed has its numbers already."""
        self._highest = max([self._highest, *before.first_frames])
        self._published = set(before.first_frames)
        last = before.next_frame - 1
        pairs = _of_one_phase(before.last(), before.phase_of)
        self._touching = dict.fromkeys(pairs, last)
        for frame in range(last - 1, max(last - self.confirm, -1), -1):
            if (labels := before.labels(frame)) is None:
                break
            pairs &= touching(labels)
            self._touching |= dict.fromkeys(pairs, frame)
        self._told = {pair for pair, since in self._touching.items() if last - since + 1 >= self.confirm}

    def know(self, under_way: int, number: int) -> None:
        """Say which number a track under way has."""
        self._number_of[under_way] = number
        self._highest = max(self._highest, number)

    def number(self, under_way: int) -> int | None:
        """The number of a track under way, None where it has none yet."""
        return self._number_of.get(under_way)

    def publish(self, held: Held, ledger: Ledger) -> Confirmed:
        """The frame with its tracks, links and events; what is told of the ledger's changes and endings leaves it."""
        frame, present = held.frame, sorted(track for track in held.infos if track)
        visible = {int(track) for track in np.unique(held.labels)}
        present = [track for track in present if track in visible]
        for track in present:
            if track not in self._number_of:
                self._highest += 1
                self._number_of[track] = self._highest
        new = [track for track in present if self._number_of[track] not in self._published]
        self._published |= {self._number_of[track] for track in new}
        table = np.zeros(max(visible, default=0) + 1, np.uint32)
        for track in present:
            table[track] = self._number_of[track]
        labels = table[held.labels]
        links, events = self._links(frame, ledger.changes)
        children = {link.child for link in links}
        events += [
            Event("birth", frame - 1, frame, (), (number,), held.infos[track].confidence, self.author)
            for track in new
            if frame and (number := self._number_of[track]) not in children
        ]
        events += self._ended(frame, ledger.endings)
        phases = {self._number_of[track]: ledger.phase_of[track] for track in present}
        events += self._contacts(frame, labels, phases)
        objects = tuple(
            Observed(self._number_of[track], ledger.phase_of[track], info.score, info.confidence, info.bridged)
            for track in present
            if (info := held.infos[track])
        )
        return Confirmed(frame, labels, objects, tuple(links), tuple(events))

    def _links(self, frame: int, changes: list[Change]) -> tuple[list[Link], list[Event]]:
        links: list[Link] = []
        events: list[Event] = []
        for change in [change for change in changes if change.frame == frame]:
            changes.remove(change)
            parents, children = (
                tuple(self._number_of[track] for track in tracks if track in self._number_of)
                for tracks in (change.parents, change.children)
            )
            if parents and children and max(len(parents), len(children)) > 1:
                kind = change.kind
                events.append(Event(kind, frame - 1, frame, parents, children, change.confidence, self.author))
                links += [
                    Link(parent, child, kind, frame - 1, frame, change.confidence)
                    for parent in parents
                    for child in children
                ]
        return links, events

    def _ended(self, frame: int, endings: list[Ending]) -> list[Event]:
        events = []
        for ending in [ending for ending in endings if ending.last_frame < frame]:
            endings.remove(ending)
            if ending.track in self._number_of:
                track = (self._number_of[ending.track],)
                last = ending.last_frame
                events.append(Event(ending.kind, last, last + 1, track, (), ending.confidence, self.author))
        return events

    def _contacts(self, frame: int, labels: Labels, phases: Mapping[int, int]) -> list[Event]:
        pairs = _of_one_phase(labels, phases)
        self._touching = {pair: self._touching.get(pair, frame) for pair in pairs}
        self._told &= pairs
        lasting = {p for p, since in self._touching.items() if frame - since + 1 >= self.confirm} - self._told
        self._told |= lasting
        return [
            Event("contact", self._touching[pair] - 1, self._touching[pair], pair, (), 1.0, self.author)
            for pair in sorted(lasting)
            if self._touching[pair] > 0
        ]


def _of_one_phase(labels: Labels, phases: Mapping[int, int]) -> set[tuple[int, int]]:
    return {pair for pair in touching(labels) if phases.get(pair[0]) == phases.get(pair[1])}


def touching(labels: Labels) -> set[tuple[int, int]]:
    """Pairs of numbers, the lower first, that meet on several pixels or nearly so."""
    height, width = labels.shape
    found = []
    for down, right in _NEIGHBOURS:
        one = labels[: height - down, max(-right, 0) : width - max(right, 0)]
        two = labels[down:, max(right, 0) : width - max(-right, 0)]
        there = (one != two) & (one > 0) & (two > 0)
        found.append(np.sort(np.stack([one[there], two[there]], axis=1), axis=1))
    pairs, counts = np.unique(np.concatenate(found), axis=0, return_counts=True)
    return {(int(a), int(b)) for (a, b), count in zip(pairs, counts, strict=True) if count >= _LEAST_CONTACT_PX}

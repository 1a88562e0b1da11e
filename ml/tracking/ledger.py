"""The tracks under way and what is open about them: merges, splits, births and gaps that await confirmation."""

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np

from ml.tracking.necks import hang_together
from ml.tracking.pending import Change, Ending, Held, Joining, Parting
from ml.tracking.traces import Trace, at_border, boxes
from ml.tracking.votes import Labels

_SHRUNK = 0.5  # of its largest area: so it has dissolved rather than been lost
_LEAST_AT_THE_END = 2  # frames, of what is still open when the series ends


@dataclass(frozen=True)
class Settings:
    """How long it is waited, and for what.

    Attributes
    ----------
    confirm
        frames that a merge, split, birth or contact has to last.
    gap
        frames that an object may be missing for and still keep its track; as long as it is not sure to be anything, no
        more than it was seen on.
    longest_lag
        frames that are held back at most.
    reach
        how far from where it is expected an object is looked for, in its diameters.
    neck
        how wide the neck between two objects is when they have merged, in diameters of the smaller one; None: when
        they are segmented as one, as labels that are known to be right have it.
    """

    confirm: int = 3
    gap: int = 5
    longest_lag: int = 12
    reach: float = 1.0
    neck: float | None = 0.6


class Ledger:
    """Tracks have numbers of their own here until they are published.

    Attributes
    ----------
    traces
        the tracks under way.
    held
        the frames that are held back, whose labels are corrected when something is decided.
    changes, endings
        what has been decided and not been told yet.
    phase_of
        of all tracks, those that have ended too.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.traces: dict[int, Trace] = {}
        self.joinings: dict[frozenset[int], Joining] = {}
        self.partings: dict[int, Parting] = {}
        self.held: list[Held] = []
        self.changes: list[Change] = []
        self.endings: list[Ending] = []
        self.phase_of: dict[int, int] = {}
        self.numbers = itertools.count(1)

    def is_part(self, trace: Trace) -> bool:
        """Whether it belongs to something that may have split."""
        return any(trace.track in parting.parts for parting in self.partings.values())

    def is_sure(self, trace: Trace) -> bool:
        return trace.sure or trace.first == 0 or self.is_part(trace)

    def is_open(self, trace: Trace) -> bool:
        """Whether it is not known yet if it is anything."""
        return not trace.sure and not self.is_part(trace)

    def open_since(self, now: int) -> int:
        """The first frame about which something is open, or the next one."""
        since = [now + 1]
        since += [joining.onset for joining in self.joinings.values()]
        since += [parting.onset for parting in self.partings.values()]
        since += [trace.missing for trace in self.traces.values() if trace.missing is not None and not trace.lapsed]
        since += [trace.first for trace in self.traces.values() if self.is_open(trace)]
        return min(since)

    def begin(self, trace: Trace) -> None:
        self.traces[trace.track] = trace
        self.phase_of[trace.track] = trace.phase  # a merge may be merged again before it is judged

    def keep(self, track: int, frame: int) -> None:
        """It lives on this frame: what was pending and would have ended it is dropped."""
        if track in self.partings:
            self._rejoin(self.partings[track])
        self.joinings = {pair: joining for pair, joining in self.joinings.items() if track not in pair}
        self.traces[track].alive_until = max(self.traces[track].alive_until, frame)

    def part(self, trace: Trace, parts: list[Trace], frame: int) -> None:
        """Follow the parts of what may have split."""
        self.forget(trace.track)
        self.traces |= {part.track: part for part in parts}
        self.partings[trace.track] = Parting(trace, {part.track for part in parts}, frame)

    def absorb(self, members: list[int]) -> list[int]:
        """Of tracks that lie in one segment, those that are too young to be sure of have been parts of the largest.

        What is larger than that one ever was, or older, has not.
        """
        traces = [self.traces[track] for track in members]
        sure = [trace for trace in traces if self.is_sure(trace)]
        if sure:
            keeper = max(sure, key=lambda trace: trace.area)
            unsure = [trace for trace in traces if not self.is_sure(trace) and trace.area <= keeper.largest_px]
        else:
            keeper = min(traces, key=lambda trace: (trace.first, -trace.area))
            unsure = [trace for trace in traces if trace is not keeper]
        young = [trace.track for trace in unsure if trace.first >= keeper.first]
        self.rename(keeper.first, dict.fromkeys(young, keeper.track))
        for track in young:
            self.drop(self.traces[track])
        return [track for track in members if track not in young]

    def count(self, frame: int, seen: set[int], together: set[frozenset[int]]) -> None:
        """Add up what speaks for and against each possible merge and split; of the tracks seen, pairs are together."""
        for pair in together:
            traces = [self.traces[track] for track in pair]
            if not any(self.is_part(trace) or trace.alive_until >= frame for trace in traces):
                self.joinings.setdefault(pair, Joining(frame))
        for pair, joining in self.joinings.items():
            if pair <= seen:
                joining.score += 1 if pair in together else -1
        for parting in self.partings.values():
            parts = sorted(parting.parts & seen)
            if len(parts) > 1:
                parting.score += -1 if hang_together(parts, together) else 1

    def judge(self) -> None:
        """Believe what has lasted, and give up what has not."""
        for pair, joining in list(self.joinings.items()):
            if joining.score <= 0:
                self.joinings.pop(pair, None)
        for parting in list(self.partings.values()):
            if parting.score >= self.settings.confirm:
                self._split(parting)
            elif parting.score <= 0:
                self._rejoin(parting)
        while sure := [(j.onset, sorted(p), p) for p, j in self.joinings.items() if j.score >= self.settings.confirm]:
            _, _, pair = min(sure)
            self._merge(pair, self.settings.confirm)
        for trace in list(self.traces.values()):
            patience = min(trace.seen, self.settings.gap) if self.is_open(trace) else self.settings.gap
            if trace.track in self.traces and trace.absent > patience:
                self._end(trace)
            elif trace.seen >= self.settings.confirm and not self.is_part(trace):
                trace.sure = True
        self.phase_of |= {track: trace.phase for track, trace in self.traces.items()}

    def close(self, frames: int) -> None:
        """The series of so many frames is over: decide all that is open."""
        for pair in list(self.joinings):
            seen = all(track in self.traces and self.traces[track].missing is None for track in pair)
            if seen and pair in self.joinings and self.joinings[pair].score >= _LEAST_AT_THE_END:
                self._merge(pair, _LEAST_AT_THE_END)
        for parting in list(self.partings.values()):
            if parting.score >= _LEAST_AT_THE_END:
                self._split(parting)
            else:
                self._rejoin(parting)
        self.joinings.clear()
        for trace in list(self.traces.values()):
            if trace.lapsed:
                self.forget(trace.track)
            elif trace.missing is not None:
                self._end(trace)
            elif not trace.sure and trace.seen < max(frames - trace.first, _LEAST_AT_THE_END if trace.first else 0):
                self.drop(trace)
        self.phase_of |= {track: trace.phase for track, trace in self.traces.items()}

    def decide(self, held: Held) -> None:
        """A frame has been held back for too long: what is open there is left as it was, or given up."""
        frame = held.frame
        for joining in self.joinings.values():
            joining.onset = max(joining.onset, frame + 1)
        for parting in self.partings.values():
            if parting.onset <= frame:
                held.rename(dict.fromkeys(parting.parts, parting.parent.track))
                parting.onset = frame + 1
                for part in parting.parts:
                    self.traces[part].first = max(self.traces[part].first, frame + 1)
        for trace in list(self.traces.values()):
            if trace.missing is not None and trace.missing <= frame:
                if trace.absent:
                    self._end(trace)
                else:  # nothing could be seen: it goes on as expected
                    trace.missing = frame + 1
            if trace.track in self.traces and trace.first <= frame and self.is_open(trace):
                if trace.seen > 1:
                    trace.sure = True
                else:
                    self.drop(trace)

    def drop(self, trace: Trace) -> None:
        """It was nothing."""
        self.rename(0, {trace.track: 0})
        self.forget(trace.track)

    def forget(self, track: int) -> None:
        self.traces.pop(track, None)
        self.joinings = {pair: joining for pair, joining in self.joinings.items() if track not in pair}

    def rename(self, first: int, names: dict[int, int]) -> None:
        """Give pixels of some tracks to others on the held frames from `first` on; 0 is nobody's."""
        for held in self.held:
            if held.frame >= first:
                held.rename(names)

    def _merge(self, pair: frozenset[int], least: int) -> None:
        """Tracks have become one: a new track from the first frame on which they were together."""
        joining = self.joinings[pair]
        onset = joining.onset
        members = set(pair)
        while more := {
            track
            for other, edge in self.joinings.items()
            if edge.score >= least and edge.onset <= onset and other & members
            for track in other - members
        }:
            members |= more
        edges = {other: edge for other, edge in self.joinings.items() if other & members}
        self.joinings = {other: edge for other, edge in self.joinings.items() if other not in edges}
        traces = [self.traces.pop(track) for track in members]
        parents = [trace for trace in traces if trace.first < onset]
        keeper = max(parents or traces, key=lambda trace: trace.area)
        merged = len(parents) > 1
        number = next(self.numbers) if merged else keeper.track
        self.rename(onset, dict.fromkeys(members - {number}, number))
        first, phases = (onset, Counter({keeper.phase: 1})) if merged else (keeper.first, keeper.phases)
        child = Trace.at(number, first, *boxes(self.held[-1].labels)[number], phases)
        child.velocity, child.sure, child.seen = keeper.velocity, True, self.settings.confirm
        self.begin(child)
        if merged:
            certainty = min(1.0, joining.score / (self.held[-1].frame - onset + 1))
            self._trust(number, onset, certainty)
            self.changes.append(Change("merge", onset, tuple(sorted(p.track for p in parents)), (number,), certainty))
        for other, edge in edges.items():
            if (rest := other - members) and edge.score > 0:
                self.joinings[frozenset({number, *rest})] = Joining(max(edge.onset, onset + 1), edge.score)

    def _split(self, parting: Parting) -> None:
        """The parts are tracks of their own from the first frame on which they were apart."""
        del self.partings[parting.parent.track]
        parts = [self.traces[track] for track in parting.parts if track in self.traces]
        for part in parts:
            part.sure = True
        certainty = min(1.0, parting.score / (self.held[-1].frame - parting.onset + 1))
        for part in parts:
            self._trust(part.track, parting.onset, certainty)
        children = tuple(sorted(part.track for part in parts if part.first == parting.onset))
        self.changes.append(Change("split", parting.onset, (parting.parent.track,), children, certainty))

    def _trust(self, track: int, first: int, certainty: float) -> None:
        """What a child of a merge or split is on the frames that confirmed it is as sure as that: nobody voted yet."""
        for held in self.held:
            if held.frame >= first and (info := held.infos.get(track)) is not None:
                info.confidence = max(info.confidence, certainty)

    def _rejoin(self, parting: Parting) -> None:
        """It had not split."""
        trace = parting.parent
        del self.partings[trace.track]
        self.rename(parting.onset, dict.fromkeys(parting.parts, trace.track))
        parts = [self.traces[track] for track in parting.parts if track in self.traces]
        for track in parting.parts:
            self.forget(track)
        if (here := boxes(self.held[-1].labels).get(trace.track)) is not None:
            trace.put(*here)
        missing = [part.missing for part in parts if part.missing is not None]
        if parts and len(missing) == len(parts):
            trace.missing, trace.absent = max(missing), min(part.absent for part in parts)
        self.begin(trace)

    def _end(self, trace: Trace) -> None:
        """It has been missing for too long: it ended where it was seen last."""
        for parting in list(self.partings.values()):
            if trace.track in parting.parts:
                self._end_part(parting, trace)
                return
        if not trace.sure:
            self.drop(trace)
            return
        missing = self.held[-1].frame + 1 if trace.missing is None else trace.missing
        self.rename(missing, {trace.track: 0})
        if trace.alive_until >= self.held[-1].frame:
            trace.lapsed = True
            return
        left = at_border(trace.place, self.held[-1].labels.shape)
        certain = left or trace.area < _SHRUNK * trace.largest_px
        last = max(missing - 1, trace.alive_until)
        ending = Ending(trace.track, last, "exit" if left else "dissolution", 1.0 if certain else 0.5)
        self.endings.append(ending)
        self.forget(trace.track)

    def _end_part(self, parting: Parting, part: Trace) -> None:
        self.rename(part.missing or 0, {part.track: 0})
        self.forget(part.track)
        parting.parts.discard(part.track)
        self.rename(parting.onset, {part.track: min(parting.parts)})
        if len(parting.parts) < 2:
            self._rejoin(parting)


def told(ledger: Ledger, labels: Labels, followed: set[int]) -> Labels:
    """Labels as the tracker is to know them: what may have split as a whole, and nothing that is not sure yet."""
    table = np.arange(int(labels.max(initial=0)) + 1, dtype=np.uint32)
    names = {part: parting.parent.track for parting in ledger.partings.values() for part in parting.parts}
    names |= {t: 0 for t, trace in ledger.traces.items() if ledger.is_open(trace) and t not in followed}
    for track, name in names.items():
        if track < len(table):
            table[track] = name
    return table[labels]

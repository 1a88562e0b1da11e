"""The pipeline that is used unless somebody chooses otherwise: the segmenter owns geometry, the tracker votes identity.

Each frame's segments and the tracks, as they are expected there, form a graph of overlaps. What it says of merges,
splits, births and disappearances is believed when it has lasted for some frames; until then the frames are held back.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ml.tracking.confirmed import Before, Confirmed, ReadFrame, Segment
from ml.tracking.drift import Shift, drift
from ml.tracking.ledger import Ledger, Settings, told
from ml.tracking.necks import neck_ratio, pairs
from ml.tracking.objects import Segmented, nothing
from ml.tracking.overlaps import Matching, Overlaps, match, overlaps
from ml.tracking.pending import Held, Info
from ml.tracking.publishing import Publisher, touching
from ml.tracking.tiles import fitted
from ml.tracking.traces import Place, Trace, at_border, boxes, centre_of, divide, paint, put
from ml.tracking.tracker import Tracker
from ml.tracking.votes import Votes
from ml.types import BoolMask, Grey

_DEAD = 0.25  # of the contrast of the last frame that was alive
_TRUST = 0.9  # in the tracker's votes, against the overlap of masks
_LEAST_VOTE = 0.5  # the confidence from which on the tracker's mask is taken for what the segmenter missed
_SIZES = 2.5  # an object that is found again is not so many times larger or smaller


def follow(
    frames: int,
    read: ReadFrame,
    segment: Segment,
    tracker: Tracker,
    before: Before | None = None,
    *,
    settings: Settings | None = None,
) -> Iterator[Confirmed]:
    """Follow a series; frames come in order, each as soon as it stands.

    Parameters
    ----------
    frames
        their number; `read` gives each as grey float32 (H, W), `segment` its objects.
    before
        what is confirmed already; the first frame that is given is then `before.next_frame`.

    Frames on which nothing is to be seen, or nothing is found, are bridged: tracks go on as they are expected.
    """
    state = Following(tracker, settings or Settings())
    first = 0
    if before is not None and before.next_frame > 0:
        state.go_on(before, read)
        first = before.next_frame
    for frame in range(first, frames):
        image = read(frame)
        yield from state.feed(frame, image, segment(frame, image))
    yield from state.finish(frames)


@dataclass(frozen=True)
class Sight:
    """A frame as it is seen: its segments, where the tracks are expected, and what the tracker says.

    `moves` has how far each track has moved, in px (rows, columns); `shift` the field.
    """

    segmented: Segmented
    objects: dict[int, tuple[Place, BoolMask]]
    shift: Shift
    moves: dict[int, tuple[float, float]]
    votes: Votes
    graph: Overlaps

    def confidence(self, track: int, segment: int) -> float:
        """That the segment is the track: as it was voted, or else the share of the smaller one that they share."""
        if track in self.votes.confidence:
            return min(self.votes.segments.get(segment, {}).get(track, 0.0), 1.0)
        if track not in self.graph.tracks:
            return 1.0
        row = self.graph.tracks.index(track)
        smaller = min(self.graph.track_areas[row], self.graph.segment_areas[segment - 1])
        return min(float(self.graph.shared[row, segment - 1] / max(smaller, 1)), 1.0)


class Following:
    """A series under way."""

    def __init__(self, tracker: Tracker, settings: Settings) -> None:
        self.tracker, self.settings = tracker, settings
        self.ledger = Ledger(settings)
        self.publisher = Publisher("graticule", settings.confirm)
        self.last_alive: tuple[Grey, BoolMask] | None = None
        self.started = False

    def feed(self, frame: int, image: Grey, segmented: Segmented) -> Iterator[Confirmed]:
        """Take the next frame; gives those that stand by now."""
        dead = self._is_dead(image)
        if dead:
            segmented = nothing(segmented.labels.shape)
        lost = dead or (not len(segmented) and len(self.ledger.traces) > 1)
        if lost:
            self.ledger.held.append(self._bridge(frame, image.shape, ageing=not dead))
        else:
            self._associate(frame, image, segmented)
            self.last_alive = image, segmented.labels > 0
        self.ledger.judge()
        if not lost:
            self._tell(image)
        yield from self._standing(frame)

    def finish(self, frames: int) -> Iterator[Confirmed]:
        """There are no more frames."""
        self.ledger.close(frames)
        yield from self._publish(len(self.ledger.held))

    def go_on(self, before: Before, read: ReadFrame) -> None:
        """Rebuild what is under way from confirmed frames: the tracks, their motion, and the tracker's memory."""
        last = before.next_frame - 1
        labels, image = before.labels(last), read(last)
        earlier, shift = {}, (0.0, 0.0)
        if last:
            earlier = boxes(before.labels(last - 1))
            shift = drift(read(last - 1), image, before.labels(last - 1) > 0, labels > 0)
        self.publisher.go_on(before)
        number_of: dict[int, int] = {}
        for track, here in boxes(labels).items():
            number = next(self.ledger.numbers)
            self.publisher.know(number, track)
            number_of[track] = number
            phases = Counter({before.phase_of.get(track, 0): 1})
            trace = Trace.at(number, before.first_frames[track], *earlier.get(track, here), phases)
            trace.move(*here, shift if track in earlier else (0.0, 0.0))
            trace.sure = True
            self.ledger.begin(trace)
        for frame in sorted({before.first_frames[track] for track in number_of} | {0, last}):
            known = np.zeros_like(labels)
            for track, place_and_mask in boxes(before.labels(frame)).items():
                if track in number_of:
                    put(known, number_of[track], *place_and_mask)
            if frame == 0:
                self.tracker = fitted(self.tracker, known)
                self.tracker.start(read(frame), known)
            else:
                self.tracker.add(image if frame == last else read(frame), known)
        self.started = True
        self.last_alive = image, labels > 0

    def _is_dead(self, image: Grey) -> bool:
        contrast = float(image.std())
        usual = float(self.last_alive[0].std()) if self.last_alive else 0.0
        return contrast < 1e-6 or contrast < _DEAD * usual

    def _bridge(self, frame: int, shape: tuple[int, int], *, ageing: bool) -> Held:
        """A frame of which nothing is known."""
        traces = self.ledger.traces
        held = Held(frame, paint(shape, traces.values()))
        for trace in traces.values():
            trace.wait(frame, ageing=ageing)
            held.infos[trace.track] = Info(math.nan, 0.0, bridged=True)
        return held

    def _look(self, image: Grey, segmented: Segmented) -> tuple[Sight, NDArray[np.uint32]]:
        """The frame, and the tracks as labels where they are expected on it."""
        shift = (0.0, 0.0)
        if self.last_alive is not None:
            shift = drift(self.last_alive[0], image, self.last_alive[1], segmented.labels > 0)
        traces = self.ledger.traces
        moves = {track: trace.expected(shift) for track, trace in traces.items()}
        expected = paint(image.shape, traces.values(), moves)
        votes = self.tracker.propagate(image, segmented.labels) if self.started else Votes(expected, {})
        trust = {track: _TRUST * confidence for track, confidence in votes.confidence.items()}
        graph = overlaps(expected, segmented.labels, list(traces), len(segmented)).with_votes(votes.segments, trust)
        return Sight(segmented, boxes(segmented.labels), shift, moves, votes, graph), expected

    def _associate(self, frame: int, image: Grey, segmented: Segmented) -> None:
        """Say which track each segment is, and open what may have happened."""
        sight, expected = self._look(image, segmented)
        ledger = self.ledger
        found = match(sight.graph, [ledger.traces[t].phase for t in sight.graph.tracks], segmented.phases)
        self._find_again(found, sight)
        segment_of = dict(found.pairs)
        joined: dict[int, list[int]] = {}
        for segment, together in found.joined.items():
            members = ledger.absorb(together)
            segment_of |= dict.fromkeys(members, segment)
            if len(members) > 1:
                joined[segment] = members
        self._part(frame, found, sight, segment_of)
        for segment in found.born:
            trace = Trace.at(
                next(ledger.numbers), frame, *sight.objects[segment], Counter({segmented.phases[segment - 1]: 0})
            )
            trace.seen = 0
            ledger.begin(trace)
            segment_of[trace.track] = segment
        owner = np.zeros(len(segmented) + 1, np.uint32)
        for track, segment in segment_of.items():
            owner[segment] = track
        for track, segments in found.cut.items():
            owner[segments] = track
        labels = owner[segmented.labels]
        for segment, members in joined.items():
            place, mask = sight.objects[segment]
            shares = divide(mask, expected[place], members)
            labels[place][mask] = shares[mask]
        held = Held(frame, labels)
        ledger.held.append(held)
        self._move(held, sight, segment_of)
        ledger.count(frame, set(segment_of), self._together(held, joined.values()))

    def _part(self, frame: int, found: Matching, sight: Sight, segment_of: dict[int, int]) -> None:
        for track, segments in found.parted.items():
            trace = self.ledger.traces[track]
            if all(at_border(sight.objects[segment][0], sight.segmented.labels.shape) for segment in segments):
                segment_of[track], found.cut[track] = segments[0], segments
                continue
            if not trace.sure:  # or a part itself: it goes on in the nearest, and the others are new
                segment_of[track] = segments[0]
                found.born += segments[1:]
                continue
            parts = []
            for segment in segments:
                part = Trace.at(next(self.ledger.numbers), frame, *sight.objects[segment], Counter(trace.phases))
                part.velocity, part.seen = trace.velocity, 0
                parts.append(part)
                segment_of[part.track] = segment
            self.ledger.part(trace, parts, frame)

    def _move(self, held: Held, sight: Sight, segment_of: dict[int, int]) -> None:
        """Move the tracks to where they are, and those that are missing to where they are expected."""
        present = boxes(held.labels)
        for track, trace in self.ledger.traces.items():
            if track in present and track in segment_of:
                segment = segment_of[track]
                trace.move(*present[track], sight.shift)
                trace.found(sight.segmented.phases[segment - 1])
                held.infos[track] = Info(sight.segmented.scores[segment - 1], sight.confidence(track, segment))
            else:
                segment_of.pop(track, None)
                trace.wait(held.frame, ageing=True)
                self._carry(held, trace, sight)

    def _together(self, held: Held, joined: Iterable[list[int]]) -> set[frozenset[int]]:
        """Pairs that are one object on this frame, whether or not they were segmented as one."""
        traces = self.ledger.traces
        one_segment = {pair for members in joined for pair in pairs(members)}
        if self.settings.neck is None:
            return one_segment
        meeting = {frozenset(pair) for pair in touching(held.labels)} | one_segment
        found = set()
        for pair in meeting:
            one, two = (traces[track] for track in pair)
            seen = one.missing is None and two.missing is None
            if seen and one.phase == two.phase and neck_ratio(one.here, two.here) >= self.settings.neck:
                found.add(pair)
        return found

    def _carry(self, held: Held, trace: Trace, sight: Sight) -> None:
        """Paint a missing track where nothing else is: as the tracker sees it, or else where it is expected."""
        trace.carry(sight.moves.get(trace.track, (0.0, 0.0)))
        confidence = sight.votes.confidence.get(trace.track, 0.0)
        own = np.zeros_like(held.labels)
        put(own, 1, trace.place, trace.mask)
        if not own.any():  # out of the frame
            trace.absent = self.settings.gap + 1
        seen = sight.votes.labels == trace.track
        if confidence >= _LEAST_VOTE and seen.any():
            own = seen.astype(np.uint32)
        free = (held.labels == 0) & (own > 0)
        if not free.any():  # a track has no holes in time, be it for one pixel
            free.flat[np.flatnonzero(own)[np.count_nonzero(own) // 2 :][:1]] = True
        held.labels[free] = trace.track
        held.infos[trace.track] = Info(math.nan, confidence, bridged=True)

    def _find_again(self, found: Matching, sight: Sight) -> None:
        """Tracks without a segment and segments without a track that are near each other and alike are one object."""
        if not found.missing or not found.born:
            return
        cost = np.full((len(found.missing), len(found.born)), np.inf)
        for column, segment in enumerate(found.born):
            centre, area = centre_of(*sight.objects[segment]), sight.graph.segment_areas[segment - 1]
            for row, track in enumerate(found.missing):
                trace = self.ledger.traces[track]
                if sight.segmented.phases[segment - 1] != trace.phase or not 1 / _SIZES < area / trace.area < _SIZES:
                    continue
                reach = self.settings.reach * trace.diameter * math.sqrt(1 + trace.absent)
                expected = [at + by for at, by in zip(trace.centre, sight.moves[track], strict=True)]
                distance = math.dist(expected, centre)
                vote = sight.votes.segments.get(segment, {}).get(track, 0.0)
                if distance <= reach or vote >= _LEAST_VOTE:
                    cost[row, column] = distance / reach - vote
        possible = np.isfinite(cost)
        if not possible.any():
            return
        far = float(np.abs(cost[possible]).sum()) + 1e3
        for row, column in zip(*linear_sum_assignment(np.where(possible, cost, far)), strict=True):
            if possible[row, column]:
                found.pairs[found.missing[row]] = found.born[column]
        again = set(found.pairs.values())
        found.missing = [track for track in found.missing if track not in found.pairs]
        found.born = [segment for segment in found.born if segment not in again]

    def _tell(self, image: Grey) -> None:
        """Tell the tracker what is accepted of this frame."""
        labels = self.ledger.held[-1].labels
        if not self.started:
            self.tracker = fitted(self.tracker, labels)
            self.tracker.start(image, labels)
            self.started = True
            return
        known = told(self.ledger, labels, self.tracker.tracks)
        self.tracker.forget(self.tracker.tracks - set(self.ledger.traces) - set(self.ledger.partings))
        if {int(track) for track in np.unique(known) if track} - self.tracker.tracks:
            self.tracker.add(image, known)
        else:
            self.tracker.update(known)

    def _standing(self, now: int) -> Iterator[Confirmed]:
        ledger = self.ledger
        while True:
            since = ledger.open_since(now)
            yield from self._publish(sum(held.frame < since for held in ledger.held))
            if not ledger.held or ledger.held[0].frame > now - self.settings.longest_lag:
                return
            ledger.decide(ledger.held[0])

    def _publish(self, count: int) -> Iterator[Confirmed]:
        for held in self.ledger.held[:count]:
            yield self.publisher.publish(held, self.ledger)
        del self.ledger.held[:count]

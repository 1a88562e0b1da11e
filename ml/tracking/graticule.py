"""The pipeline that is used unless somebody chooses otherwise: the segmenter owns geometry, the tracker votes identity.

Each frame's segments and the tracks, as they are expected there, form a graph of overlaps. What it says of merges,
splits, births and disappearances is believed when it has lasted for some frames; until then the frames are held back.
"""

import math
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ml.segmenters.pieces import finished
from ml.tracking.confirmed import Before, Confirmed, ReadFrame, Segment
from ml.tracking.drift import Shift, drift
from ml.tracking.ledger import Ledger, Settings, told
from ml.tracking.necks import neck_ratio, pairs
from ml.tracking.objects import Segmented, nothing
from ml.tracking.overlaps import Matching, Overlaps, match, overlaps
from ml.tracking.pending import Held, Info
from ml.tracking.publishing import Publisher, touching
from ml.tracking.tiles import fitted
from ml.tracking.traces import Place, Trace, at_border, boxes, centre_of, divide, outlines, paint, put
from ml.tracking.tracker import Call, Tracker, in_pieces
from ml.tracking.votes import Votes
from ml.types import BoolMask, Grey

Steps = Generator[float | None, None, None]

_DEAD = 0.25  # of the contrast of the last frame that was alive
_TRUST = 0.9  # in the tracker's votes, against the overlap of masks
_LEAST_VOTE = 0.5  # the confidence from which on the tracker's mask is taken for what the segmenter missed
_COVERED = 0.5  # of a missing object's area: it is painted on what covers it, if that keeps as much of its own
_SIZES = 2.5  # an object that is found again is not so many times larger or smaller


def follow(
    frames: int,
    read: ReadFrame,
    segment: Segment,
    tracker: Tracker,
    before: Before | None = None,
    *,
    settings: Settings | None = None,
    highest: int = 0,
    alive_until: Mapping[int, int] | None = None,
) -> Iterator[Confirmed]:
    """Follow a series; frames come in order, each as soon as it stands.

    Parameters
    ----------
    frames
        their number; `read` gives each as grey float32 (H, W), `segment` its objects.
    before
        what is confirmed already; the first frame that is given is then `before.next_frame`.
    highest, alive_until
        see `Following`.

    Frames on which nothing is to be seen, or nothing is found, are bridged: tracks go on as they are expected.
    """
    state = Following(tracker, settings or Settings(), highest=highest, alive_until=alive_until)
    first = 0
    if before is not None and before.next_frame > 0:
        finished(state.go_on_steps(before, read))
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
    """A series under way.

    Parameters
    ----------
    highest
        new tracks get numbers above it.
    alive_until
        the frame until which a track is known to live: nothing ends it before.
    """

    def __init__(
        self,
        tracker: Tracker,
        settings: Settings,
        *,
        highest: int = 0,
        alive_until: Mapping[int, int] | None = None,
    ) -> None:
        self.tracker, self.settings = tracker, settings
        self.ledger = Ledger(settings)
        self.publisher = Publisher("graticule", settings.confirm, highest)
        self.alive_until = alive_until or {}
        self.last_alive: tuple[Grey, BoolMask] | None = None
        self.started = False

    def feed(self, frame: int, image: Grey, segmented: Segmented) -> list[Confirmed]:
        """Take the next frame; gives those that stand by now."""
        return finished(self.feed_steps(frame, image, segmented))

    def feed_steps(
        self, frame: int, image: Grey, segmented: Segmented
    ) -> Generator[float | None, None, list[Confirmed]]:
        """`feed` in pieces, so that other work goes between."""
        dead = self._is_dead(image)
        if dead and not segmented.known:
            segmented = nothing(segmented.labels.shape)
        lost = not len(segmented) and (dead or len(self.ledger.traces) > 1)
        if lost:
            self.ledger.held.append(self._bridge(frame, image.shape, ageing=not dead))
        else:
            yield from self._associate(frame, image, segmented, dead=dead)
        yield None
        self.ledger.judge()
        if not lost and not dead:
            self.last_alive = image, segmented.labels > 0
            yield from self._tell(image)
        standing = []
        for confirmed in self._standing(frame):
            standing.append(confirmed)
            yield None
        return standing

    def finish(self, frames: int) -> Iterator[Confirmed]:
        """There are no more frames."""
        self.ledger.close(frames)
        yield from self._publish(len(self.ledger.held))

    def go_on_steps(self, before: Before, read: ReadFrame) -> Steps:
        """Rebuild what is under way from confirmed frames: the tracks, their motion, and the tracker's memory.

        Only those frames are read whose labels are at hand.
        """
        last = before.next_frame - 1
        labels, image = before.last(), read(last)
        earlier, shift = {}, (0.0, 0.0)
        if last and (one_before := before.labels(last - 1)) is not None:
            earlier = boxes(one_before)
            shift = drift(read(last - 1), image, one_before > 0, labels > 0)
        yield None
        self.publisher.go_on(before)
        number_of: dict[int, int] = {}
        for track, here in boxes(labels).items():
            number = next(self.ledger.numbers)
            self.publisher.know(number, track)
            number_of[track] = number
            phases = Counter({before.phase_of.get(track, 0): 1})
            trace = Trace.at(number, before.first_frames[track], *earlier.get(track, here), phases)
            trace.move(*here, shift if track in earlier else (0.0, 0.0))
            trace.sure, trace.alive_until = True, self.alive_until.get(track, -1)
            self.ledger.begin(trace)
        for frame in sorted({before.first_frames[track] for track in number_of} | {0, last}):
            if (there := before.labels(frame)) is None:
                continue
            known = np.zeros_like(labels)
            for track, place_and_mask in boxes(there).items():
                if track in number_of:
                    put(known, number_of[track], *place_and_mask)
            if not self.started:
                self.tracker = fitted(self.tracker, known)
            call: Call = "add" if self.started else "start"
            yield from in_pieces(self.tracker, call, image if frame == last else read(frame), known)
            self.started = True
            yield None
        self.last_alive = image, labels > 0

    def _is_dead(self, image: Grey) -> bool:
        contrast = float(image.std())
        usual = float(self.last_alive[0].std()) if self.last_alive else 0.0
        return contrast < 1e-6 or contrast < _DEAD * usual

    def _bridge(self, frame: int, shape: tuple[int, int], *, ageing: bool) -> Held:
        """A frame of which nothing is known."""
        traces = self.ledger.traces
        held = Held(frame, paint(shape, [trace for trace in traces.values() if not trace.lapsed]))
        for trace in traces.values():
            trace.wait(frame, ageing=ageing)
            if trace.lapsed:
                continue
            held.infos[trace.track] = Info(math.nan, 0.0, bridged=True)
        return held

    def _look(self, image: Grey, segmented: Segmented, *, dead: bool) -> Generator[float | None, None, Sight]:
        shift = (0.0, 0.0)
        if self.last_alive is not None and not dead:
            shift = drift(self.last_alive[0], image, self.last_alive[1], segmented.labels > 0)
        yield None
        moves = {track: trace.expected(shift) for track, trace in self.ledger.traces.items()}
        traces = {track: trace for track, trace in self.ledger.traces.items() if not trace.lapsed}
        expected = paint(image.shape, traces.values(), moves)
        votes = Votes(expected, {})
        if self.started and not dead:
            votes = yield from in_pieces(self.tracker, "propagate", image, segmented.labels, shift)
        yield None
        trust = {track: _TRUST * confidence for track, confidence in votes.confidence.items()}
        graph = overlaps(expected, segmented.labels, list(traces), len(segmented)).with_votes(votes.segments, trust)
        return Sight(segmented, boxes(segmented.labels), shift, moves, votes, graph)

    def _associate(self, frame: int, image: Grey, segmented: Segmented, *, dead: bool) -> Steps:
        """Say which track each segment is, and open what may have happened."""
        ledger = self.ledger
        known = self._known(frame, segmented)
        sight = yield from self._look(image, segmented, dead=dead)
        yield None
        known |= self._known_anew(frame, sight, set(known.values()))
        graph = sight.graph.without(known, segmented.known)
        traces = [ledger.traces[track] for track in graph.tracks]
        apart = np.array([np.count_nonzero((trace.apart or trace.here)[1]) for trace in traces], np.float64)
        found = match(graph, [trace.phase for trace in traces], segmented.phases, apart)
        lapsed = [track for track, trace in ledger.traces.items() if trace.lapsed]
        found.missing = [track for track in found.missing + lapsed if track not in known]
        found.born = [segment for segment in found.born if segment not in segmented.known]
        self._find_again(found, sight)
        segment_of = found.pairs | known
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
            theirs = outlines(place, [ledger.traces[track] for track in members], sight.moves)
            shares = divide(mask, theirs, members)
            labels[place][mask] = shares[mask]
        yield None
        held = Held(frame, labels, known=frozenset(known))
        ledger.held.append(held)
        self._move(held, sight, segment_of, {track for members in joined.values() for track in members})
        yield None
        ledger.count(frame, set(segment_of), self._together(held, joined.values()))

    def _known(self, frame: int, segmented: Segmented) -> dict[int, int]:
        """The segments of tracks under way that are known to be here; what was pending and contradicts is dropped."""
        ledger, found = self.ledger, {}
        segment_of = {number: segment for segment, number in segmented.known.items()}
        for track in [*ledger.traces, *ledger.partings]:
            if (number := self.publisher.number(track)) in segment_of:
                found[track] = segment_of[number]
                ledger.keep(track, frame)
                ledger.traces[track].told(segmented.phases[found[track] - 1])
        return found

    def _known_anew(self, frame: int, sight: Sight, done: set[int]) -> dict[int, int]:
        """The segments of known tracks that are not under way: they begin, and are sure at once."""
        ledger, segmented, found = self.ledger, sight.segmented, {}
        for segment, number in segmented.known.items():
            if segment in done:
                continue
            trace = Trace.at(next(ledger.numbers), frame, *sight.objects[segment], Counter())
            trace.told(segmented.phases[segment - 1])
            trace.seen, trace.sure = 0, True
            trace.alive_until = max(frame, self.alive_until.get(number, -1))
            ledger.endings = [each for each in ledger.endings if self.publisher.number(each.track) != number]
            self.publisher.know(trace.track, number)
            ledger.begin(trace)
            found[trace.track] = segment
        return found

    def _part(self, frame: int, found: Matching, sight: Sight, segment_of: dict[int, int]) -> None:
        for track, segments in found.parted.items():
            trace = self.ledger.traces[track]
            if all(at_border(sight.objects[segment][0], sight.segmented.labels.shape) for segment in segments):
                segment_of[track], found.cut[track] = segments[0], segments
                continue
            # Not sure, a part itself, or known to live on: it goes on in the nearest, and the others are new.
            if not trace.sure or trace.alive_until >= frame:
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

    def _move(self, held: Held, sight: Sight, segment_of: dict[int, int], shared: set[int]) -> None:
        """Move the tracks to where they are, and those that are missing to where they are expected.

        `shared` have a segment with others.
        """
        present = boxes(held.labels)
        for track, trace in self.ledger.traces.items():
            if track in present and track in segment_of:
                segment = segment_of[track]
                trace.move(*present[track], sight.shift, shared=track in shared)
                trace.found(sight.segmented.phases[segment - 1])
                confidence = 1.0 if track in held.known else sight.confidence(track, segment)
                held.infos[track] = Info(sight.segmented.scores[segment - 1], confidence)
        for track, trace in self.ledger.traces.items():
            if track not in held.infos:
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
        """Paint a missing track as the tracker sees it, or else where it is expected: where nothing else is.

        If something else covers it for the better part, it is painted on that.
        """
        trace.carry(sight.moves.get(trace.track, (0.0, 0.0)))
        if trace.lapsed:
            return
        confidence = sight.votes.confidence.get(trace.track, 0.0)
        own = np.zeros(held.labels.shape, bool)
        put(own, True, trace.place, trace.mask)
        if not own.any():  # out of the frame
            trace.absent = self.settings.gap + 1
        seen = sight.votes.labels == trace.track
        if confidence >= _LEAST_VOTE and seen.any():
            own = seen
        free = own & (held.labels == 0)
        if np.count_nonzero(free) < _COVERED * np.count_nonzero(own):
            free |= own & np.isin(held.labels, _giving_way(held, own))
        if not free.any():  # a track has no holes in time, be it for one pixel
            others = own & ~np.isin(held.labels, list(held.known))
            free.flat[np.flatnonzero(others)[np.count_nonzero(others) // 2 :][:1]] = True
        held.cover(trace.track, free)
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
                reach = self.settings.reach * trace.diameter * math.sqrt(1 + min(trace.absent, self.settings.gap))
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

    def _tell(self, image: Grey) -> Steps:
        """Tell the tracker what is accepted of this frame."""
        labels = self.ledger.held[-1].labels
        if not self.started:
            self.tracker = fitted(self.tracker, labels)
            yield from in_pieces(self.tracker, "start", image, labels)
            self.started = True
            return
        under_way = {track for track, trace in self.ledger.traces.items() if not trace.lapsed}
        known = told(self.ledger, labels, self.tracker.tracks)
        self.tracker.forget(self.tracker.tracks - under_way - set(self.ledger.partings))
        if self.ledger.held[-1].known:
            yield from in_pieces(self.tracker, "add", image, known, confirmed=True)
        elif {int(track) for track in np.unique(known) if track} - self.tracker.tracks:
            yield from in_pieces(self.tracker, "add", image, known)
        else:
            yield from in_pieces(self.tracker, "update", known)

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


def _giving_way(held: Held, mask: BoolMask) -> list[int]:
    """The tracks that were found on a frame and keep the better part of themselves without the pixels of a mask."""
    there, counts = np.unique(held.labels[mask], return_counts=True)
    return [
        int(track)
        for track, count in zip(there, counts, strict=True)
        if track and track not in held.known and not held.infos[int(track)].bridged
        if count < (1 - _COVERED) * np.count_nonzero(held.labels == track)
    ]

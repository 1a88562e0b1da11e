"""Series that are followed for a job: each is a session that takes a frame at a time and gives those that stand.

A session lives in memory only. Whoever finds that it is gone begins anew from what was confirmed.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import numpy as np

from ml import registry, rle
from ml.engine.queue import Steps
from ml.engine.requests import BeginTrackingRequest, CommittedBefore, TrackFrameRequest, TrackMask
from ml.engine.work import MASKS_PER_PIECE, Device, found
from ml.rle import Rle
from ml.segmenters.parameters import resolve
from ml.tracking.confirmed import Before, Confirmed
from ml.tracking.graticule import Following
from ml.tracking.ledger import Settings
from ml.tracking.objects import Known, nothing, of_instances, with_known
from ml.tracking.traces import boxes
from ml.tracking.votes import Labels
from ml.types import Grey

MOST_SESSIONS = 4
IDLE_S = 15 * 60.0


class NoTrackingError(LookupError):
    """There is no such session, or none any more."""


class TrackingError(ValueError):
    """A frame that cannot be the session's next one."""


@dataclass
class Session:
    """A series under way. It holds its models, which the engine may let go of meanwhile."""

    asked: BeginTrackingRequest
    segmenter: Any
    tracker: Any
    following: Following
    size: tuple[int, int]
    next_index: int = 0
    known: dict[int, dict[int, Rle]] = field(default_factory=dict)  # of frames that do not stand yet
    last: tuple[TrackFrameRequest, dict[str, Any]] | None = None
    used_at: float = 0.0


class Sessions:
    """The sessions by ticket; on the device thread only. The least recently used one beyond the bound is let go."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, ticket: str) -> Session:
        """The session, or NoTrackingError."""
        self.drop_idle()
        if ticket not in self._sessions:
            raise NoTrackingError("No series is followed under this ticket; begin anew from what is confirmed.")
        return self._sessions[ticket]

    def put(self, ticket: str, session: Session) -> None:
        """Keep a session that is at rest."""
        session.used_at = self.clock()
        self._sessions[ticket] = session
        self._sessions.move_to_end(ticket)
        self.drop_idle()
        while len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def drop(self, ticket: str) -> bool:
        """Let a session go; whether there was one."""
        return self._sessions.pop(ticket, None) is not None

    def drop_idle(self) -> None:
        """Let those go that nobody has asked for a while."""
        oldest = self.clock() - IDLE_S
        for ticket in [ticket for ticket, session in self._sessions.items() if session.used_at < oldest]:
            del self._sessions[ticket]


def begin(device: Device, sessions: Sessions, request: BeginTrackingRequest) -> Steps[dict[str, Any]]:
    """Load the models and, where there is something to go on from, rebuild what was under way."""
    sessions.drop(request.ticket)
    size = device.stores.size(request.store)
    segmenter = device.models.get(request.segmenter, request.weights)
    yield None
    tracker = device.models.tracker(request.tracker)
    yield None
    following = Following(tracker, Settings(), highest=request.highest, alive_until=request.alive_until)
    session = Session(request, segmenter, tracker, following, size)
    if request.before is not None:
        before = yield from _before(request.before, size)
        frame_of = {each.index: each.frame for each in request.before.labels}
        yield from following.go_on_steps(before, lambda index: _read(device, request, frame_of[index]))
        session.next_index = request.before.next
    sessions.put(request.ticket, session)
    return {"segmenter_hash": segmenter.weights_hash, "tracker_hash": tracker.weights_hash}


def feed(device: Device, sessions: Sessions, ticket: str, request: TrackFrameRequest) -> Steps[dict[str, Any]]:
    """Take the next frame; a repeated request is answered as before.

    A session is out of reach while it takes a frame, and comes back when that is done: one whose caller hangs up in
    the middle, or whose models fail, is gone.
    """
    session = sessions.get(ticket)
    if session.last is not None and session.last[0] == request:
        sessions.put(ticket, session)
        return session.last[1]
    if request.index >= session.asked.frames:
        raise TrackingError(f"Index {request.index} of a way of {session.asked.frames} frames.")
    if request.index != session.next_index:
        raise TrackingError(f"Index {request.index} does not come next; that is {session.next_index}.")
    masks: dict[int, Rle] = {}
    known: list[Known] = []
    for number, each in enumerate(request.known, start=1):
        masks[each.track] = _checked(each, session.size)
        known.append(Known(each.track, each.phase, rle.decode(masks[each.track])))
        if number % MASKS_PER_PIECE == 0:
            yield None
    yield None
    with_known(nothing(session.size), known)  # an error, if it is one, leaves the session as it is
    image = _read(device, session.asked, request.frame)
    sessions.drop(ticket)
    yield None
    instances = yield from found(session.segmenter, image, session.asked.parameters)
    yield None
    segmented = of_instances(instances, image.shape)
    yield None
    segmented = with_known(segmented, known)
    session.known[request.index] = masks
    standing = yield from session.following.feed_steps(request.index, image, segmented)
    answer = {"confirmed": (yield from _described(session, standing))}
    session.next_index, session.last = request.index + 1, (request, answer)
    sessions.put(ticket, session)
    return answer


def finish(sessions: Sessions, ticket: str) -> Steps[dict[str, Any]]:
    """There are no more frames: the rest of those that were held back."""
    session = sessions.get(ticket)
    if session.next_index < session.asked.frames:
        raise TrackingError(f"Frame {session.next_index} of {session.asked.frames} comes next; send them all first.")
    sessions.drop(ticket)
    yield None
    standing = list(session.following.finish(session.asked.frames))
    return {"confirmed": (yield from _described(session, standing))}


def end(sessions: Sessions, ticket: str) -> Steps[dict[str, Any]]:
    """Let the session go; whether there was one."""
    yield None
    return {"dropped": sessions.drop(ticket)}


def tidy(sessions: Sessions) -> Steps[None]:
    """Let idle sessions go though nobody asks for any."""
    yield None
    sessions.drop_idle()


def check(device: Device, request: BeginTrackingRequest) -> None:
    """UnknownModelError or ParameterError before anything is loaded."""
    info = device.models.info(request.segmenter)
    registry.info(request.tracker, kind="tracker")
    resolve(info.parameters, request.parameters)


def _read(device: Device, asked: BeginTrackingRequest, frame: int) -> Grey:
    return device.stores.frame(asked.store, frame, asked.input_range, asked.channel)


def _checked(each: TrackMask, size: tuple[int, int]) -> Rle:
    """The mask, which is neither malformed nor empty and has the frames' size."""
    try:
        mask = rle.validate(each.rle.size, each.rle.counts)
    except rle.InvalidRleError as error:
        raise TrackingError(f"The mask of track {each.track} is malformed: {error}") from error
    if mask.size != size:
        raise TrackingError(
            f"The mask of track {each.track} has {' × '.join(map(str, mask.size))} px, the frames "
            f"{' × '.join(map(str, size))}."
        )
    if not rle.area(mask):
        raise TrackingError(f"The mask of track {each.track} is empty; leave it out.")
    return mask


def _before(committed: CommittedBefore, size: tuple[int, int]) -> Steps[Before]:
    labels: dict[int, Labels] = {}
    for frame in committed.labels:
        masks = [(_checked(each, size), each.track) for each in frame.objects]
        labels[frame.index] = np.zeros(size, np.uint32)
        for mask, track in sorted(masks, key=lambda each: -rle.area(each[0])):  # smaller ones lie on larger ones
            labels[frame.index][rle.decode(mask)] = track
        yield None
    return Before(committed.next, labels.get, dict(committed.phase_of), dict(committed.first))


def _described(session: Session, standing: Sequence[Confirmed]) -> Steps[list[dict[str, Any]]]:
    frames = []
    for confirmed in standing:
        known = session.known.pop(confirmed.frame, {})
        there = boxes(confirmed.labels)
        objects = []
        for number, observed in enumerate(confirmed.objects, start=1):
            mask = known.get(observed.track)  # as it was accepted, also where it lies under another one
            if mask is None:
                place, crop = there[observed.track]
                whole = np.zeros(confirmed.labels.shape, bool)
                whole[place] = crop
                mask = rle.encode(whole)
            objects.append(
                {
                    "track": observed.track,
                    "phase": observed.phase,
                    "score": None if math.isnan(observed.score) else round(float(observed.score), 5),
                    "confidence": round(float(observed.confidence), 5),
                    "bridged": observed.bridged,
                    "rle": {"size": mask.size, "counts": mask.counts},
                    "area_px": rle.area(mask),
                    "box": rle.box_xyxy(mask),
                }
            )
            if number % MASKS_PER_PIECE == 0:
                yield None
        frames.append(
            {
                "index": confirmed.frame,
                "objects": objects,
                "links": [
                    {
                        "parent": link.parent,
                        "child": link.child,
                        "kind": link.kind,
                        "first_index": link.first_frame,
                        "last_index": link.last_frame,
                        "confidence": round(float(link.confidence), 5),
                    }
                    for link in confirmed.links
                ],
                "events": [
                    {
                        "kind": event.kind,
                        "first_index": event.first_frame,
                        "last_index": event.last_frame,
                        "parents": event.parents,
                        "children": event.children,
                        "confidence": round(float(event.confidence), 5),
                    }
                    for event in confirmed.events
                ],
            }
        )
        yield None
    return frames

"""The frames that a tracking passes, and what is known of them before it comes there.

Tracks have numbers of their own with the tracker. Those of the series have theirs; the tracker numbers new ones.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from django.db.models import Max, Min, Q

from backend.annotations.models import EventHead, MaskHead, MaskState, Track, TrackHead
from backend.annotations.selectors import changesets_of_job
from backend.annotations.values import EventValue
from backend.inference.choices import Choice
from backend.jobs.models import Job
from ml import rle
from ml.rle import Rle

RESERVED = 1_000_000  # numbers for tracks that people make meanwhile: the tracker gives higher ones
LAST_FRAMES = 4  # before the next one: the tracker sees motion, and who touched whom
FIRST_FRAMES = 6  # on which tracks that are there began


@dataclass(frozen=True)
class Known:
    """A mask whose track is known, by the tracker's number; known masks of one frame do not overlap."""

    track: int
    phase: int
    mask: Rle

    def on_the_wire(self) -> dict[str, Any]:
        return {"track": self.track, "phase": self.phase, "rle": {"size": self.mask.size, "counts": self.mask.counts}}


@dataclass
class Way:
    """Frames in the order in which they are passed, and the job's tracks by the tracker's numbers."""

    job: Job
    series: UUID
    frames: list[int]
    choice: Choice
    track_of: dict[int, UUID] = field(default_factory=dict)
    number_of: dict[UUID, int] = field(default_factory=dict)
    phase_of: dict[UUID, UUID | None] = field(default_factory=dict)
    next_index: int = 0
    highest: int = 0

    @classmethod
    def of(cls, job: Job, series: UUID, choice: Choice) -> "Way":
        """As far as the job has come by now."""
        start, end = job.parameters["frames"]["start"], job.parameters["frames"]["end"]
        step = 1 if end > start else -1
        way = cls(job, series, list(range(start, end + step, step)), choice)
        done = {request_id for request_id, _ in changesets_of_job(series, job.pk)}
        indices = [index for index in range(len(way.frames)) if way.request_id(index) in done]
        # Frames on which there was nothing to write have left no trace, but they come in order.
        way.next_index = max(indices, default=-1) + 1
        way.highest = RESERVED + (Track.objects.filter(series=series).aggregate(last=Max("number"))["last"] or 0)
        for row in TrackHead.objects.filter(series=series, revision__deleted=False).select_related("track", "revision"):
            way.know(row.track.number, row.track_id, row.revision.phase_id)
        return way

    @property
    def backward(self) -> bool:
        return self.frames[-1] < self.frames[0]

    def request_id(self, index: int) -> UUID:
        return uuid5(self.job.pk, str(self.frames[index]))

    def know(self, number: int, track: UUID, phase: UUID | None) -> None:
        self.track_of[number], self.number_of[track], self.phase_of[track] = track, number, phase

    def named(self, number: int) -> UUID:
        """The track of this number; a new one is named by where this attempt began."""
        if number not in self.track_of:
            self.know(number, uuid5(self.job.pk, f"{self.next_index}/{number}"), None)
        return self.track_of[number]

    @cached_property
    def usual_phase(self) -> UUID | None:
        """Of new objects of a model that knows no phases: as most objects on the first frame have."""
        there = _live(self.series, [self.frames[0]]).values_list("track", flat=True)
        counts = Counter(self.phase_of.get(track) for track in there)
        if counts:
            return counts.most_common(1)[0][0]
        own = list(self.job.project.phases.values_list("id", flat=True)[:2])
        return own[0] if len(own) == 1 else None

    def known_on(self, index: int) -> tuple[list[Known], set[UUID]]:
        """Masks that are given: on the first frame all, on others those that people have accepted or rely on.

        And their tracks, those included that lie wholly under others.
        """
        frame = self.frames[index]
        rows = _live(self.series, [frame])
        if index > 0:
            relied = self._relied_on(frame)
            rows = rows.filter(Q(shown=MaskState.ACCEPTED) | Q(track__in=relied))
        return self._apart(rows), set(rows.values_list("track", flat=True))

    def committed(self, index: int) -> list[Known]:
        """What is there on a frame that is done."""
        return self._apart(_live(self.series, [self.frames[index]]))

    def alive_until(self) -> dict[int, int]:
        """The last index on which each track has an accepted mask."""
        low, high = min(self.frames), max(self.frames)
        rows = MaskHead.objects.filter(series=self.series, shown=MaskState.ACCEPTED, frame__gte=low, frame__lte=high)
        furthest = Min("frame") if self.backward else Max("frame")
        found = rows.values_list("track").annotate(furthest=furthest).order_by()
        return {self.number_of[track]: abs(frame - self.frames[0]) for track, frame in found if track in self.number_of}

    def before(self) -> dict[str, Any] | None:
        """What the engine needs to go on; None at the beginning."""
        if self.next_index == 0:
            return None
        low, high = sorted((self.frames[0], self.frames[self.next_index - 1]))
        rows = MaskHead.objects.filter(series=self.series, frame__gte=low, frame__lte=high).exclude(shown="")
        earliest = Max("frame") if self.backward else Min("frame")
        spans = rows.values_list("track").annotate(earliest=earliest).order_by()
        first = {
            self.number_of[track]: abs(frame - self.frames[0]) for track, frame in spans if track in self.number_of
        }
        last = self.next_index - 1
        there = {known.track for known in self.committed(last)}
        began = sorted({first[track] for track in there if track in first}, reverse=True)[:FIRST_FRAMES]
        wanted = sorted({0, *began, *range(max(last - LAST_FRAMES + 1, 0), last + 1)})
        return {
            "next": self.next_index,
            "labels": [
                {
                    "index": index,
                    "frame": self.frames[index],
                    "objects": [
                        {"track": each.track, "rle": each.on_the_wire()["rle"]} for each in self.committed(index)
                    ],
                }
                for index in wanted
            ],
            "phase_of": {number: self.phase_index(track) for number, track in self.track_of.items() if number in first},
            "first": first,
        }

    def phase_index(self, track: UUID) -> int:
        """As the model calls the track's phase; 0 where it knows none."""
        phase = self.phase_of.get(track)
        return self.choice.phases.index(phase) if phase is not None and phase in self.choice.phases else 0

    def frames_between(self, first_index: int, last_index: int) -> tuple[int, int]:
        one, other = sorted((self.frames[first_index], self.frames[last_index]))
        return one, other

    def event(self, told: dict[str, Any]) -> tuple[UUID, EventValue]:
        """An event of the engine's as it happened in time: backward a merge is a split."""
        parents, children = (tuple(self.named(number) for number in told[side]) for side in ("parents", "children"))
        kind = told["kind"]
        if self.backward and kind != "contact":
            kind = _REVERSED[kind]
            parents, children = children, parents
        first, last = self.frames_between(told["first_index"], told["last_index"])
        name = f"{kind}/{first}/{last}/{sorted(map(str, parents))}/{sorted(map(str, children))}"
        value = EventValue(kind, first, last, parents, children, told["confidence"], MaskState.PROPOSAL.value, {})
        return uuid5(self.job.pk, name), value

    def _knows(self, track: UUID) -> bool:
        """Whether the track has a number; one that a person has made since the beginning gets its own."""
        if track not in self.number_of:
            head = TrackHead.objects.filter(pk=track).select_related("track", "revision").first()
            if head is None or head.track.number > self.highest:
                return False
            self.know(head.track.number, track, head.revision.phase_id)
        return True

    def _relied_on(self, frame: int) -> set[UUID]:
        """Tracks whose mask on this frame shows a merge or split that a person has confirmed."""
        rows = EventHead.objects.filter(
            Q(revision__first_frame=frame) | Q(revision__last_frame=frame),
            series=self.series,
            revision__deleted=False,
            revision__state=MaskState.ACCEPTED,
            revision__kind__in=("merge", "split"),
        )
        return {
            UUID(track)
            for row in rows.select_related("revision")
            for track in (row.revision.parents if row.revision.first_frame == frame else row.revision.children)
        }

    def _apart(self, rows: Any) -> list[Known]:
        """Masks without what lies under others: the topmost are whole."""
        found: list[Known] = []
        taken: np.ndarray[Any, np.dtype[np.bool_]] | None = None
        for row in rows.select_related("revision__mask").order_by("-revision__order", "-id"):
            mask = row.revision.mask
            if mask is None or not self._knows(row.track_id):
                continue
            pixels = rle.decode(Rle((mask.height, mask.width), mask.counts))
            if taken is not None:
                pixels = pixels & ~taken
            taken = pixels if taken is None else taken | pixels
            if pixels.any():
                found.append(Known(self.number_of[row.track_id], self.phase_index(row.track_id), rle.encode(pixels)))
        return found


_REVERSED = {"merge": "split", "split": "merge", "birth": "dissolution", "dissolution": "birth", "exit": "birth"}


def _live(series: UUID, frames: Iterable[int]) -> Any:
    return MaskHead.objects.filter(series=series, frame__in=list(frames)).exclude(shown="")

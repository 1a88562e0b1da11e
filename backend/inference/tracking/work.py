"""The job that follows objects through a series: each frame is a changeset, written when the engine has confirmed it.

A killed worker goes on at the first frame that is not written, from what is there; so does a paused job, and one whose
engine was restarted.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from backend.annotations import services as annotations
from backend.annotations.following import Followed, FollowedObject
from backend.annotations.models import TrackRevision
from backend.annotations.selectors import changesets_of_job, kinds_of_events
from backend.annotations.values import EventValue
from backend.inference import gateway
from backend.inference.asking import Ask, asking
from backend.inference.choices import choose
from backend.inference.frames import frame_of
from backend.inference.tracking.way import Way
from backend.jobs.models import Job
from backend.jobs.permissions import require_author
from backend.jobs.registry import JobContext
from backend.protocol.errors import DomainError, InvalidError, NotFoundError
from backend.protocol.messages import Origin
from backend.series.models import Series
from backend.series.selectors import find_series
from ml import rle

MOST_RESTARTS = 3  # of the engine, without a frame in between


def track_series(context: JobContext) -> dict[str, Any]:
    job = context.job
    series = find_series(job.series) if job.series else None
    if series is None:
        raise NotFoundError("The series was deleted before its tracking began.")
    restarts, reached = 0, -1
    with asking(context) as ask:
        while True:
            require_author(job)
            passage = _Passage.begin(context, series, ask)
            try:
                passage.go()
                break
            except InvalidError as error:
                if error.code != "no_tracking":
                    raise
                restarts = restarts + 1 if passage.way.next_index == reached else 0
                reached = passage.way.next_index
                if restarts >= MOST_RESTARTS:
                    raise
            finally:
                passage.end()
    return _result(job, series, len(passage.way.frames))


@dataclass
class _Passage:
    """One session with the engine, from the first frame that is not written."""

    context: JobContext
    series: Series
    ask: Ask
    way: Way
    origin: dict[str, Any]
    ticket: str
    scope: set[UUID] | None
    kept: dict[int, set[UUID]] = field(default_factory=dict)

    @classmethod
    def begin(cls, context: JobContext, series: Series, ask: Ask) -> "_Passage":
        job, asked = context.job, context.job.parameters
        choice = choose(series.project_id, asked["model"], UUID(asked["version"]) if asked["version"] else None)
        way = Way.of(job, series.pk, choice)
        ticket = uuid4().hex
        begun = gateway.track_begin(
            frame_of(series.pixels, way.frames[0]),
            ticket=ticket,
            model=choice.model,
            weights=choice.weights,
            parameters=asked["parameters"],
            tracker=asked["tracker"],
            client=f"job {job.pk}",
            frames=len(way.frames),
            highest=way.highest,
            alive_until=way.alive_until(),
            before=way.before(),
        )
        answer = ask(begun, way.next_index / len(way.frames), "Beginning")
        origin = Origin(
            model=choice.model,
            model_hash=choice.weights or answer["segmenter_hash"],
            tracker=asked["tracker"],
            tracker_hash=answer["tracker_hash"] or None,
        )
        return cls(context, series, ask, way, origin.model_dump(mode="json"), ticket, _scope(job, way))

    def go(self) -> None:
        way, count = self.way, len(self.way.frames)
        for index in range(way.next_index, count):
            step = f"Frame {way.frames[index] + 1}: {index + 1} of {count}"
            self.context.progress(index / count, step)
            known, self.kept[index] = way.known_on(index)
            question = gateway.track_frame(
                self.ticket, index=index, frame=way.frames[index], known=[each.on_the_wire() for each in known]
            )
            self._write(self.ask(question, index / count, step))
        self._write(self.ask(gateway.track_finish(self.ticket), 0.99, "Finishing"))

    def end(self) -> None:
        with suppress(DomainError):  # the engine forgets it by itself
            self.ask(gateway.track_end(self.ticket), 0.99, "Ending")

    def _write(self, confirmed: list[dict[str, Any]]) -> None:
        for told in confirmed:
            # Anew for each frame: a person may have been removed since the last one.
            require_author(self.context.job)
            followed = self._followed(told)
            with transaction.atomic():
                self.context.hold()
                annotations.follow(
                    series_id=self.series.pk,
                    author=self.context.job.created_by,
                    job=self.context.job,
                    request_id=self.way.request_id(told["index"]),
                    followed=followed,
                )

    def _followed(self, told: dict[str, Any]) -> Followed:
        way, index = self.way, told["index"]
        events = dict(way.event(event) for event in told["events"])
        for value in events.values():
            self._learn(value)
        phases = self._phases(told, events)
        objects = [
            FollowedObject(
                track,
                phases.get(track),
                rle.validate(tuple(each["rle"]["size"]), each["rle"]["counts"]),
                self.origin | {"score": each["score"], "confidence": each["confidence"], "bridged": each["bridged"]},
            )
            for each in told["objects"]
            if self._written(track := way.named(each["track"]))
        ]
        return Followed(
            frame=way.frames[index],
            objects=objects,
            kept=self.kept.pop(index, set()),
            events={
                name: EventValue(**vars(value) | {"origin": self.origin})
                for name, value in events.items()
                if self.scope is None or {*value.parents, *value.children} & self.scope
            },
            between=way.frames_between(index - 1, index) if index > 0 else None,
            scope=self.scope,
        )

    def _learn(self, value: EventValue) -> None:
        """What becomes of an object that is followed is followed, too."""
        if self.scope is not None and value.is_lineage:
            before, after = (value.children, value.parents) if self.way.backward else (value.parents, value.children)
            if self.scope & {*before}:
                self.scope.update(after)

    def _written(self, track: UUID) -> bool:
        return self.scope is None or track in self.scope

    def _phases(self, told: dict[str, Any], events: dict[UUID, EventValue]) -> dict[UUID, UUID | None]:
        """Of new tracks: as the model says, or as their parents, or as most objects have."""
        way, found = self.way, {}
        heirs: dict[UUID, tuple[UUID, ...]] = {}
        for value in events.values():
            if value.is_lineage:
                old, new = (value.children, value.parents) if way.backward else (value.parents, value.children)
                heirs |= dict.fromkeys(new, old)
        for each in told["objects"]:
            track = way.named(each["track"])
            if way.phase_of.get(track) is not None:
                found[track] = way.phase_of[track]
            elif way.choice.phases:
                found[track] = way.choice.phase(each["phase"])
            else:
                inherited = [phase for heir in heirs.get(track, ()) if (phase := way.phase_of.get(heir)) is not None]
                found[track] = inherited[0] if inherited else way.usual_phase
            way.phase_of[track] = found[track]
        return found


def _scope(job: Job, way: Way) -> set[UUID] | None:
    """The tracks that are followed: those chosen, and what the job has made of them before. None: all."""
    if job.parameters["new_objects"]:
        return None
    chosen = job.parameters["tracks"]
    first = (
        {UUID(track) for track in chosen}
        if chosen is not None
        else {way.track_of[known.track] for known in way.committed(0)}
    )
    made = TrackRevision.objects.filter(changeset__job=job, previous=None).values_list("track", flat=True)
    return first | set(made)


def _result(job: Job, series: Series, frames: int) -> dict[str, Any]:
    made = [counts for _, counts in changesets_of_job(series.pk, job.pk)]
    kinds = Counter(kinds_of_events(series.pk, job.pk))
    return {
        "series": str(series.pk),
        "frames": frames,
        "masks": sum(counts["masks_set"] for counts in made),
        "tracks": sum(counts["tracks_created"] for counts in made),
        "merges": kinds["merge"],
        "splits": kinds["split"],
    }

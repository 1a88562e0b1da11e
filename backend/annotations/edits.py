"""Edits of tracks over many frames, drafted under the series' lock."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import assert_never
from uuid import UUID

from django.db.models import Q

from backend.annotations import heads, lineage
from backend.annotations.models import Event, EventRevision, Mask, MaskRevision, MaskState, Track
from backend.annotations.steps import (
    AcceptMasks,
    DeleteMasks,
    Edit,
    EventDelete,
    EventSet,
    FrameSpan,
    Move,
    NewTrack,
    Reassign,
)
from backend.annotations.values import Draft, EventValue, MaskSubject, MaskValue, StaleBaseError, TrackValue
from backend.annotations.wire import conflicts_about
from backend.projects.models import Phase, User
from backend.protocol.errors import ConflictError, InvalidError
from backend.protocol.messages import Origin
from backend.series.models import Series
from ml import rle
from ml.rle import Rle

MOST_MASKS = 20_000  # of one changeset


def draft_edit(series: Series, author: User, edit: Edit) -> Draft:
    """What the steps make of the present heads. The caller holds the series' lock."""
    application = _Application(series, author, edit, Draft({}, {}))
    for step in edit.steps:
        match step:
            case NewTrack():
                application.create(step)
            case Reassign():
                application.reassign(step)
            case DeleteMasks():
                application.delete_masks(step)
            case AcceptMasks():
                application.accept(step)
            case EventSet():
                application.set_event(step)
            case EventDelete():
                application.delete_event(step)
            case _:
                assert_never(step)
    if len(application.draft.masks) > MOST_MASKS:
        raise InvalidError(
            f"That would change {len(application.draft.masks)} masks; one edit changes at most {MOST_MASKS}. "
            "Choose fewer frames."
        )
    lineage.require_lineage(series, application.draft)
    return application.draft


@dataclass
class _Application:
    series: Series
    author: User
    edit: Edit
    draft: Draft

    def create(self, step: NewTrack) -> None:
        self._know([step.track])
        if self.draft.track(step.track) is not None:
            raise InvalidError(f"Track {step.track} exists already. Draw a new random id.", code="track_exists")
        if Track.objects.filter(pk=step.track).exists():
            raise InvalidError(f"The id {step.track} is taken. Draw a new random one.", code="track_exists")
        if step.phase is not None and not Phase.objects.filter(project=self.series.project_id, pk=step.phase).exists():
            raise InvalidError(f"This project has no phase {step.phase}. Choose one of its phases.", code="no_phase")
        self.draft.tracks[step.track] = TrackValue(step.phase, step.name, deleted=False)

    def reassign(self, step: Reassign) -> None:
        receiver = self._receivers(step.moves)
        self._live({*receiver, *receiver.values()})
        there = self._masks({*receiver, *receiver.values()}, step)
        arriving: dict[MaskSubject, list[MaskSubject]] = defaultdict(list)
        for track, frame in sorted(there, key=lambda subject: (subject[1], there[subject].order)):
            arriving[receiver.get(track, track), frame].append((track, frame))
        moved = [subject for subject in there if subject[0] in receiver]
        if missing := set(receiver) - {track for track, _ in moved}:
            raise InvalidError(f"{self._name(missing.pop())} has no mask on {_told(step)}.", code="no_mask")
        if step.collision == "refuse":
            self._require_apart(arriving, receiver)
        first = {track: min(frame for owner, frame in moved if owner == track) for track in receiver}
        for subject in there:
            self._put(subject, there[subject].deleted())
        for subject, sources in arriving.items():
            staying = _staying(step, subject, sources)
            value = self._joined([there[source] for source in staying])
            if any(frame == first.get(track) for track, frame in staying):  # what the person had in sight
                value = replace(value, state=MaskState.ACCEPTED.value)
            self._put(subject, value)
        self._rename({subject: receiver[subject[0]] for subject in moved})
        self._delete_bare(receiver)

    def delete_masks(self, step: DeleteMasks) -> None:
        self._live({step.track})
        there = self._masks({step.track}, step)
        if not there:
            raise InvalidError(f"{self._name(step.track)} has no mask on {_told(step)}.", code="no_mask")
        for subject, value in there.items():
            self._put(subject, value.deleted())
        self._delete_bare({step.track})

    def accept(self, step: AcceptMasks) -> None:
        if step.tracks is not None:
            self._live(set(step.tracks))
        there = self._masks(step.tracks and set(step.tracks), step, shown=MaskState.PROPOSAL)
        for subject, value in there.items():
            if value.state == MaskState.PROPOSAL:
                self._put(subject, replace(value, state=MaskState.ACCEPTED.value))

    def set_event(self, step: EventSet) -> None:
        parents, children = tuple(dict.fromkeys(step.parents)), tuple(dict.fromkeys(step.children))
        fewest, what = lineage.FEWEST[step.what], step.what
        if len(parents) < fewest[0] or len(children) < fewest[1] or set(parents) & set(children):
            raise InvalidError(
                f"A {what} has {fewest[0]} or more tracks before it and {fewest[1]} or more after it, none of them on "
                f"both sides; this one has {len(parents)} and {len(children)}.",
                code="event_tracks",
            )
        if what in ("merge", "split") and (len(children) if what == "merge" else len(parents)) > 1:
            raise InvalidError(
                f"A {what} has one {'child' if what == 'merge' else 'parent'}. Write down several events.",
                code="event_tracks",
            )
        if not step.first_frame < step.last_frame < self.series.pixels.frames:
            raise InvalidError(
                f"A {what} between frames {step.first_frame} and {step.last_frame}; it lies between two frames of 0 to "
                f"{self.series.pixels.frames - 1}, in their order.",
                code="event_frames",
            )
        self._live({*parents, *children})
        self._read_event(step.event)
        self._require_event_seen(step.event)
        before = self.draft.event(step.event)
        if before is None and Event.objects.filter(pk=step.event).exists():
            raise InvalidError(f"The id {step.event} is taken. Draw a new random one.", code="event_exists")
        origin = before.origin if before is not None else Origin().model_dump(mode="json")
        self.draft.events[step.event] = EventValue(
            what, step.first_frame, step.last_frame, parents, children, step.confidence, step.state, origin
        )
        lineage.read_events(self.series, self.draft, {*parents, *children})

    def delete_event(self, step: EventDelete) -> None:
        self._read_event(step.event)
        self._require_event_seen(step.event)
        value = self.draft.event(step.event)
        if value is None or value.deleted:
            raise InvalidError(f"There is no event {step.event}; somebody may have removed it.", code="no_event")
        self.draft.events[step.event] = value.gone()

    def _receivers(self, moves: list[Move]) -> dict[UUID, UUID]:
        receiver = {move.track: move.to for move in moves if move.track != move.to}
        if len(receiver) != len(moves):
            raise InvalidError("A track is moved twice, or to itself. Name each track once.", code="moves")
        return receiver

    def _masks(
        self, tracks: Collection[UUID] | None, span: FrameSpan, shown: str | None = None
    ) -> dict[MaskSubject, MaskValue]:
        """Live masks of the tracks (of all where None) on the frames, as the draft has them."""
        last = self.series.pixels.frames - 1 if span.last_frame is None else span.last_frame
        frames = Q(frame__gte=span.first_frame, frame__lte=last)
        if shown is not None:
            frames &= Q(shown=shown)
        conditions = [Q()] if tracks is None else [Q(track__in=chunk) for chunk in heads.chunks(tracks)]
        for condition in conditions:
            for subject, head in heads.read_mask_heads(self.series.pk, frames & condition).items():
                self.draft.mask_heads.setdefault(subject, head)
        named = None if tracks is None else set(tracks)
        subjects = {*self.draft.mask_heads, *self.draft.masks}
        found = {
            subject: value
            for subject in subjects
            if (named is None or subject[0] in named)
            and span.first_frame <= subject[1] <= last
            and (value := self.draft.mask(subject)) is not None
            and value.sha256 is not None
        }
        self._require_seen(found)
        return found

    def _require_seen(self, subjects: Collection[MaskSubject]) -> None:
        """Raises StaleBaseError where others wrote one of the masks after the version that the author has seen."""
        newer = {
            head.revision: subject
            for subject in subjects
            if (head := self.draft.mask_heads.get(subject)) is not None and head.version > self.edit.seen
        }
        stale: list[MaskSubject] = []
        for chunk in heads.chunks(newer):
            rows = MaskRevision.objects.filter(pk__in=chunk).exclude(changeset__author=self.author, changeset__job=None)
            stale.extend(newer[pk] for pk in rows.values_list("pk", flat=True))
        if stale:
            raise StaleBaseError(conflicts_about(self.series.pk, sorted(stale, key=str)[:100]))

    def _require_apart(self, arriving: dict[MaskSubject, list[MaskSubject]], receiver: dict[UUID, UUID]) -> None:
        frames = sorted({frame for (_, frame), sources in arriving.items() if len(sources) > 1})
        if frames:
            names = sorted({self._name(track) for track in (*receiver, *receiver.values())})
            listed = ", ".join(str(frame + 1) for frame in frames[:5]) + (" …" if len(frames) > 5 else "")
            raise InvalidError(
                f"{' and '.join(names)} both have masks on {len(frames)} of these frames ({listed}). Join the masks, "
                "exchange the two, or keep those of one.",
                code="collision",
            )

    def _joined(self, values: list[MaskValue]) -> MaskValue:
        if len(values) == 1:
            return values[0]
        pixels = [self._pixels(value.sha256 or "") for value in values]
        largest = max(range(len(values)), key=lambda index: rle.area(pixels[index]))
        together = rle.union(pixels)
        sha256 = rle.sha256(together)
        self.draft.pixels[sha256] = together
        accepted = any(value.state == MaskState.ACCEPTED for value in values)
        return replace(
            values[largest],
            sha256=sha256,
            state=(MaskState.ACCEPTED if accepted else MaskState.PROPOSAL).value,
            origin=values[largest].origin | {"edited": True},
        )

    def _pixels(self, sha256: str) -> Rle:
        if sha256 not in self.draft.pixels:
            mask = Mask.objects.get(pk=sha256)
            self.draft.pixels[sha256] = Rle((mask.height, mask.width), mask.counts)
        return self.draft.pixels[sha256]

    def _put(self, subject: MaskSubject, value: MaskValue) -> None:
        """Draft the mask, or nothing where it is as it was."""
        head = self.draft.mask_heads.get(subject)  # `_masks` has read all of the span, deleted ones too
        if (head.value == value) if head is not None else value.sha256 is None:
            self.draft.masks.pop(subject, None)
        else:
            self.draft.masks[subject] = value

    def _rename(self, owner: dict[MaskSubject, UUID]) -> None:
        lineage.read_events(self.series, self.draft, {track for track, _ in owner})
        for event in {*self.draft.event_heads, *self.draft.events}:
            value = self.draft.event(event)
            if value is not None and not value.deleted and (new := lineage.renamed(value, owner)) != value:
                self.draft.events[event] = new

    def _delete_bare(self, tracks: Collection[UUID]) -> None:
        spans = lineage.spans_of(self.series.pk, self.draft, tracks)
        for track in set(tracks) - spans.keys():
            value = self.draft.track(track)
            if value is not None:
                self.draft.tracks[track] = replace(value, deleted=True)

    def _live(self, tracks: Collection[UUID]) -> None:
        self._know(tracks)
        for track in tracks:
            value = self.draft.track(track)
            if value is None:
                raise InvalidError(f"This series has no track {track}.", code="no_track")
            if value.deleted:
                raise StaleBaseError(conflicts_about(self.series.pk, [(track, None)]))

    def _know(self, tracks: Collection[UUID]) -> None:
        unknown = set(tracks) - self.draft.track_heads.keys()
        self.draft.track_heads.update(heads.track_heads(self.series.pk, unknown))

    def _read_event(self, event: UUID) -> None:
        if event not in self.draft.event_heads:
            self.draft.event_heads.update(heads.event_heads(self.series.pk, [event]))

    def _require_event_seen(self, event: UUID) -> None:
        """Raises ConflictError where others wrote the event after the version that the author has seen."""
        head = self.draft.event_heads.get(event)
        if head is None or head.version <= self.edit.seen:
            return
        rows = EventRevision.objects.filter(pk=head.revision)
        if rows.exclude(changeset__author=self.author, changeset__job=None).exists():
            raise ConflictError("Somebody changed this event meanwhile. Look at it, then decide.", code="stale")

    def _name(self, track: UUID) -> str:
        return lineage.names_of([track]).get(track, "The new object")


def _staying(step: Reassign, subject: MaskSubject, sources: list[MaskSubject]) -> list[MaskSubject]:
    """Which of several masks in one place the person keeps."""
    own = [source for source in sources if source == subject]
    if not own or len(sources) == 1 or step.collision in ("refuse", "join"):
        return sources
    return own if step.collision == "keep" else [source for source in sources if source != subject]


def _told(span: FrameSpan) -> str:
    last = "the end" if span.last_frame is None else str(span.last_frame + 1)
    return (
        f"frame {span.first_frame + 1}"
        if span.last_frame == span.first_frame
        else (f"frames {span.first_frame + 1} to {last}")
    )

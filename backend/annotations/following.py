"""What a tracking job writes of one frame. Drafted under the series' lock, so that nothing in it can be stale."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Q

from backend.annotations import heads, lineage
from backend.annotations.models import EventRevision, MaskState
from backend.annotations.proposals import delete_bare_tracks
from backend.annotations.values import Draft, EventValue, Head, MaskSubject, MaskValue, TrackValue
from backend.projects.models import Phase
from backend.series.models import Series
from ml import rle
from ml.rle import Rle


@dataclass(frozen=True)
class FollowedObject:
    """A track's mask on the frame; `origin` is the wire's `Origin` as JSON."""

    track: UUID
    phase: UUID | None
    mask: Rle
    origin: dict[str, Any]


@dataclass(frozen=True)
class Followed:
    """One frame as it was tracked.

    Attributes
    ----------
    kept
        tracks whose masks on this frame were given to the tracker and stay as they are.
    events
        by the ids that the job gives them.
    between
        the two frames that lie on both sides of the step to this one: the events that jobs found there before give
        way. None on the first frame.
    scope
        the tracks that are followed, whose proposals give way; None: all.
    """

    frame: int
    objects: Sequence[FollowedObject]
    kept: Collection[UUID]
    events: dict[UUID, EventValue]
    between: tuple[int, int] | None
    scope: Collection[UUID] | None


def draft_followed(series: Series, followed: Followed) -> Draft:
    """The frame's masks and events in place of the proposals that were there. The caller holds the series' lock."""
    draft = Draft({}, heads.read_mask_heads(series.pk, Q(frame=followed.frame) & ~Q(shown="")))
    _draft_masks(series, draft, followed)
    _draft_events(series, draft, followed)
    _settle(series, draft, followed)
    gone = [track for (track, _), value in draft.masks.items() if value.sha256 is None]
    delete_bare_tracks(series, draft, gone)
    return draft


def _draft_masks(series: Series, draft: Draft, followed: Followed) -> None:
    frame, scope = followed.frame, followed.scope
    draft.track_heads.update(heads.track_heads(series.pk, {each.track for each in followed.objects}))
    staying = {
        track
        for (track, _), head in draft.mask_heads.items()
        if head.value.state == MaskState.ACCEPTED or track in followed.kept
    }
    phases = set(Phase.objects.filter(project=series.project_id).values_list("id", flat=True))
    # A mask that was deleted has a head, too.
    written = {(each.track, frame) for each in followed.objects} - draft.mask_heads.keys()
    draft.mask_heads.update(heads.mask_heads(series.pk, written))
    order = heads.top_orders(series.pk, [frame]).get(frame, -1)
    for each in followed.objects:
        if each.track in staying:
            continue
        subject = each.track, frame
        present = draft.mask_heads.get(subject)
        if present is None or present.value.sha256 is None:
            order += 1
        place = present.value.order if present is not None and present.value.sha256 is not None else order
        sha256 = rle.sha256(each.mask)
        draft.pixels[sha256] = each.mask
        draft.masks[subject] = MaskValue(sha256, place, MaskState.PROPOSAL.value, each.origin)
        track = draft.track(each.track)
        if track is None:
            draft.tracks[each.track] = TrackValue(each.phase if each.phase in phases else None, "", deleted=False)
        elif track.deleted:
            draft.tracks[each.track] = replace(track, deleted=False)
    for subject, head in list(draft.mask_heads.items()):
        given_way = subject[1] == frame and head.value.sha256 is not None and subject not in draft.masks
        if given_way and subject[0] not in staying and (scope is None or subject[0] in scope):
            draft.masks[subject] = head.value.deleted()


def _draft_events(series: Series, draft: Draft, followed: Followed) -> None:
    if followed.between is not None:
        first, last = followed.between
        rows = EventRevision.objects.filter(
            series=series.pk, first_frame=first, last_frame=last, state=MaskState.PROPOSAL, deleted=False, next=None
        )
        draft.event_heads.update(heads.event_heads(series.pk, list(rows.values_list("event", flat=True))))
        for event, head in draft.event_heads.items():
            members = {*head.value.parents, *head.value.children}
            if followed.scope is None or members & set(followed.scope):
                draft.events[event] = head.value.gone()
    draft.event_heads.update(heads.event_heads(series.pk, followed.events))
    named = {track for value in followed.events.values() for track in (*value.parents, *value.children)}
    draft.track_heads.update(heads.track_heads(series.pk, named - draft.track_heads.keys()))
    told = heads.events_naming(series.pk, named)
    for event, value in followed.events.items():
        if (before := draft.event_heads.get(event)) is not None and before.value.state == MaskState.ACCEPTED:
            continue
        if any(_same(value, head.value) for head in told.values() if head.value.state == MaskState.ACCEPTED):
            continue  # a person has written it down
        if lineage.living(series, draft, value) == (list(value.parents), list(value.children)):
            draft.events[event] = value
    for event in [event for event, value in draft.events.items() if value.deleted]:
        if (before := draft.event_heads.get(event)) is None or before.value.deleted:
            del draft.events[event]


def _same(one: EventValue, other: EventValue) -> bool:
    """They say two things of one end or beginning: that of a track, or a contact of the same two."""
    if "contact" in (one.kind, other.kind):
        return one.kind == other.kind and {*one.parents} == {*other.parents}
    return bool({*one.parents} & {*other.parents} or {*one.children} & {*other.children})


def _ahead(series: Series, draft: Draft, followed: Followed, track: UUID) -> dict[MaskSubject, Head[MaskValue]]:
    """The track's proposals on frames that lie ahead, which speak against its end; none where it is accepted there."""
    if followed.between is None or (followed.scope is not None and track not in followed.scope):
        return {}
    forward = followed.frame == followed.between[1]
    beyond = Q(track=track) & (Q(frame__gt=followed.frame) if forward else Q(frame__lt=followed.frame))
    found = heads.read_mask_heads(series.pk, beyond & ~Q(shown=""))
    if any(head.value.state == MaskState.ACCEPTED for head in found.values()):
        return {}
    return {subject: head for subject, head in found.items() if subject not in draft.masks}


def _settle(series: Series, draft: Draft, followed: Followed) -> None:
    """What a person said of a track's end or beginning stays: masks that contradict it are left out, events too."""
    while found := lineage.violations(series, draft):
        for each in found:
            if each.event in followed.events:
                if ahead := _ahead(series, draft, followed, each.track):
                    draft.mask_heads.update(ahead)
                    draft.masks.update({subject: head.value.deleted() for subject, head in ahead.items()})
                    break  # look anew
                draft.events.pop(each.event, None)
            elif (each.track, followed.frame) in draft.masks:
                del draft.masks[each.track, followed.frame]
            else:
                raise RuntimeError(f"Event {each.event} contradicts what is not being written.")
    for track in [track for track in draft.tracks if (track, followed.frame) not in draft.masks]:
        del draft.tracks[track]  # it would have been new, or back again, for a mask that is left out

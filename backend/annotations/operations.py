"""Applies a commit's operations, in their order, to a draft. Whatever is wrong with one refuses all of them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never
from uuid import UUID

from backend.annotations import heads
from backend.annotations.bases import require_bases, require_fresh
from backend.annotations.lineage import require_lineage
from backend.annotations.models import MAX_ORDER, Track
from backend.annotations.values import Draft, MaskSubject, MaskValue, StaleBaseError, Subject, TrackValue
from backend.annotations.wire import conflicts_about
from backend.projects.models import Phase, User
from backend.protocol.errors import InvalidError
from backend.protocol.messages import (
    ChangesetCommit,
    MaskDelete,
    MaskRle,
    MaskSet,
    Operation,
    TrackCreate,
    TrackDelete,
    TrackRestore,
    TrackSet,
)
from backend.series.models import Series
from ml import rle


def draft_operations(series: Series, author: User, message: ChangesetCommit, pixels: dict[MaskRle, rle.Rle]) -> Draft:
    """What the message's operations make of the present heads. The caller holds the series' lock."""
    operations = message.operations
    touched = subjects_of(operations)
    require_bases(message.base, touched)
    named = touched | {(base.track, base.frame) for base in message.base}
    draft = Draft(
        track_heads=heads.track_heads(series.pk, {track for track, _ in named}),
        mask_heads=heads.mask_heads(
            series.pk,
            {(track, frame) for track, frame in named if frame is not None},
            whole_tracks={each.track for each in operations if isinstance(each, TrackDelete | TrackRestore)},
        ),
    )
    deleted = {each.track for each in operations if isinstance(each, TrackDelete)}
    require_fresh(series, author, draft, message.base, deleted)
    _require_phases(series, operations)
    _require_unused_ids(series, operations)
    application = _Application.begin(series, draft, operations, pixels)
    for operation in operations:
        application.apply(operation)
    require_lineage(series, draft)
    return draft


def subjects_of(operations: Sequence[Operation]) -> set[Subject]:
    """What the operations name: masks, and tracks' properties."""
    return {
        (operation.track, operation.frame if isinstance(operation, MaskSet | MaskDelete) else None)
        for operation in operations
    }


def read_pixels(operations: Sequence[Operation], *, frames: int, height: int, width: int) -> dict[MaskRle, rle.Rle]:
    """Every mask of the operations, checked against the frames of the series. Needs no database."""
    pixels: dict[MaskRle, rle.Rle] = {}
    for operation in operations:
        if not isinstance(operation, MaskSet | MaskDelete):
            continue
        where = f"the mask of track {operation.track} on frame {operation.frame}"
        if operation.frame >= frames:
            raise InvalidError(f"There is no frame for {where}: the series has frames 0 to {frames - 1}.")
        if isinstance(operation, MaskDelete) or operation.mask in pixels:
            continue
        mask = operation.mask
        if mask.size != (height, width):
            raise InvalidError(
                f"A frame has {height}×{width} pixels, {where} {mask.size[0]}×{mask.size[1]}. Draw it on this series."
            )
        try:
            checked = rle.validate(mask.size, mask.counts)
        except rle.InvalidRleError as error:
            raise InvalidError(f"Cannot read {where}: {error}", code="invalid_mask") from error
        if rle.area(checked) == 0:
            raise InvalidError(
                f"There is no pixel in {where}. To remove a mask, delete it (mask.delete).", code="empty_mask"
            )
        pixels[mask] = checked
    return pixels


@dataclass
class _Application:
    """One commit's operations at work on a draft."""

    series: Series
    draft: Draft
    pixels: dict[MaskRle, rle.Rle]
    top: dict[int, int]
    restorable: dict[UUID, dict[int, MaskValue]]
    frames_of: dict[UUID, set[int]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def begin(
        cls, series: Series, draft: Draft, operations: Sequence[Operation], pixels: dict[MaskRle, rle.Rle]
    ) -> "_Application":
        removes = any(isinstance(each, MaskDelete | TrackDelete) for each in operations)
        unordered = {
            each.frame
            for each in operations
            if isinstance(each, MaskSet) and each.order is None and (removes or not _has_mask(draft, each))
        }
        restorable: dict[UUID, dict[int, MaskValue]] = defaultdict(dict)
        restored = [each.track for each in operations if isinstance(each, TrackRestore)]
        for (track, frame), value in heads.masks_before_deletion(restored).items():
            restorable[track][frame] = value
        application = cls(series, draft, pixels, heads.top_orders(series.pk, unordered), restorable)
        for track, frame in draft.mask_heads:
            application.frames_of[track].add(frame)
        return application

    def apply(self, operation: Operation) -> None:
        match operation:
            case TrackCreate():
                if self.draft.track(operation.track) is not None:
                    raise InvalidError(f"Track {operation.track} exists already.", code="track_exists")
                self.draft.tracks[operation.track] = TrackValue(operation.phase, operation.name, deleted=False)
            case TrackSet():
                self._live(operation.track)
                self.draft.tracks[operation.track] = TrackValue(operation.phase, operation.name, deleted=False)
            case TrackDelete():
                self._delete_track(operation.track)
            case TrackRestore():
                self._restore_track(operation.track)
            case MaskSet():
                self._set_mask(operation)
            case MaskDelete():
                self._live(operation.track)
                self._delete_mask((operation.track, operation.frame))
            case _:
                assert_never(operation)

    def _live(self, track: UUID) -> TrackValue:
        value = self.draft.track(track)
        if value is None:
            raise InvalidError(f"This series has no track {track}. Create it first (track.create).", code="no_track")
        if not value.deleted:
            return value
        if track in self.draft.tracks:
            raise InvalidError(f"The same commit deletes track {track} before.", code="track_deleted")
        # Somebody deleted it while the author was drawing on a frame of it: a conflict, not the author's mistake.
        raise StaleBaseError(conflicts_about(self.series.pk, [(track, None)]))

    def _delete_track(self, track: UUID) -> None:
        value = self._live(track)
        for frame in self.frames_of[track]:
            mask = self.draft.mask((track, frame))
            if mask is not None and mask.sha256 is not None:
                self._delete_mask((track, frame))
        self.draft.tracks[track] = TrackValue(value.phase, value.name, deleted=True)

    def _restore_track(self, track: UUID) -> None:
        head = self.draft.track_heads.get(track)
        if head is None or not head.value.deleted or track in self.draft.tracks:
            raise InvalidError(f"Track {track} is not deleted: there is nothing to restore.", code="track_not_deleted")
        self.draft.tracks[track] = TrackValue(head.value.phase, head.value.name, deleted=False)
        for frame, value in self.restorable[track].items():
            self.draft.masks[track, frame] = value

    def _set_mask(self, operation: MaskSet) -> None:
        self._live(operation.track)
        subject = (operation.track, operation.frame)
        present = self.draft.mask(subject)
        top = self.top.get(operation.frame, -1)
        if operation.order is not None:
            order = operation.order
        elif present is not None and present.sha256 is not None:
            order = present.order
        else:
            order = top + 1
        if not -MAX_ORDER <= order <= MAX_ORDER:
            raise InvalidError(f"A drawing order of {order}; it lies between {-MAX_ORDER} and {MAX_ORDER}.")
        self.top[operation.frame] = max(top, order)
        self.frames_of[operation.track].add(operation.frame)
        pixels = self.pixels[operation.mask]
        sha256 = rle.sha256(pixels)
        self.draft.pixels[sha256] = pixels
        origin = operation.origin.model_dump(mode="json")
        self.draft.masks[subject] = MaskValue(sha256, order, operation.state, origin)

    def _delete_mask(self, subject: MaskSubject) -> None:
        present = self.draft.mask(subject)
        if present is None or present.sha256 is None:
            track, frame = subject
            raise InvalidError(f"Track {track} has no mask on frame {frame} to delete.", code="no_mask")
        if subject in self.draft.mask_heads:
            self.draft.masks[subject] = present.deleted()
        else:
            del self.draft.masks[subject]  # made and deleted by this commit: nothing to remember


def _has_mask(draft: Draft, operation: MaskSet) -> bool:
    """Then its place in the drawing order stays, unless the commit deletes it before."""
    present = draft.mask((operation.track, operation.frame))
    return present is not None and present.sha256 is not None


def _require_phases(series: Series, operations: Sequence[Operation]) -> None:
    named = {each.phase for each in operations if isinstance(each, TrackCreate | TrackSet) and each.phase is not None}
    known = set(Phase.objects.filter(project=series.project_id).values_list("id", flat=True)) if named else set()
    if unknown := named - known:
        raise InvalidError(f"This project has no phase {unknown.pop()}. Choose one of its phases.", code="no_phase")


def _require_unused_ids(series: Series, operations: Sequence[Operation]) -> None:
    created = {each.track for each in operations if isinstance(each, TrackCreate)}
    for chunk in heads.chunks(created):
        if taken := Track.objects.filter(pk__in=chunk).exclude(series=series).first():
            raise InvalidError(f"The id {taken.pk} is taken. Draw a new random one.", code="track_exists")

"""Is what the author saw still what is there?"""

from collections.abc import Collection, Sequence
from uuid import UUID

from backend.annotations.heads import chunks
from backend.annotations.models import Changeset, MaskRevision
from backend.annotations.values import Draft, MaskSubject, StaleBaseError, Subject
from backend.annotations.wire import conflicts_about
from backend.projects.models import User
from backend.protocol.errors import InvalidError
from backend.protocol.messages import Base, PendingBase
from backend.series.models import Series


def require_bases(bases: Sequence[Base], touched: Collection[Subject]) -> None:
    """Every object that the operations name must have a base: else a forgotten one would overwrite others' work."""
    missing = set(touched) - {(base.track, base.frame) for base in bases}
    if missing:
        track, frame = min(missing, key=str)
        what = f"track {track}" if frame is None else f"the mask of track {track} on frame {frame}"
        raise InvalidError(
            f"No base for {what} ({len(missing)} missing). Say which revision you started from, null for none.",
            code="base_missing",
        )


def require_fresh(series: Series, author: User, draft: Draft, bases: Sequence[Base], deleted: Collection[UUID]) -> None:
    """Raises StaleBaseError naming every base that is no longer the head.

    And every mask that would go with one of the `deleted` tracks, though somebody else drew it after the track's base
    and no base says that the author knows of it.
    """
    versions = _pending_versions(series, author, bases)
    stale: list[Subject] = [(base.track, base.frame) for base in bases if not _fresh(draft, base, versions)]
    if not stale:
        stale.extend(_unseen(author, draft, bases, versions, deleted))
    if stale:
        raise StaleBaseError(conflicts_about(series.pk, stale))


def _fresh(draft: Draft, base: Base, versions: dict[UUID, int]) -> bool:
    head = draft.track_heads.get(base.track) if base.frame is None else draft.mask_heads.get((base.track, base.frame))
    if isinstance(base.revision, PendingBase):
        version = versions.get(base.revision.request_id)
        # The author's earlier request failed, or somebody came after it.
        return version is not None and (head is None or head.version <= version)
    if base.revision is None and base.frame is not None:
        # A deleted mask is none: who opens the frame after the deletion is not told of it.
        mask = draft.mask_heads.get((base.track, base.frame))
        return mask is None or mask.value.sha256 is None
    return base.revision == (head.revision if head else None)


def _unseen(
    author: User, draft: Draft, bases: Sequence[Base], versions: dict[UUID, int], deleted: Collection[UUID]
) -> list[MaskSubject]:
    """Live masks of `deleted` that others drew since the tracks' bases, and that no base names."""
    since: dict[UUID, int] = {}
    for base in bases:
        head = draft.track_heads.get(base.track)
        if base.frame is None and base.track in deleted and head is not None:
            own = versions[base.revision.request_id] if isinstance(base.revision, PendingBase) else None
            since[base.track] = head.version if own is None else own
    named = {(base.track, base.frame) for base in bases}
    newer = {
        head.revision: subject
        for subject, head in draft.mask_heads.items()
        if subject not in named
        and head.value.sha256 is not None
        and subject[0] in since
        and head.version > since[subject[0]]
    }
    found: list[MaskSubject] = []
    for chunk in chunks(newer):
        rows = MaskRevision.objects.filter(pk__in=chunk).exclude(changeset__author=author).order_by("frame", "id")
        found.extend(newer[revision] for revision in rows.values_list("pk", flat=True))
    return found


def _pending_versions(series: Series, author: User, bases: Sequence[Base]) -> dict[UUID, int]:
    """The versions that the author's own earlier requests made."""
    requests = {base.revision.request_id for base in bases if isinstance(base.revision, PendingBase)}
    found: dict[UUID, int] = {}
    for chunk in chunks(requests):
        rows = Changeset.objects.filter(series=series, author=author, request_id__in=chunk)
        found.update(rows.values_list("request_id", "version"))
    return found

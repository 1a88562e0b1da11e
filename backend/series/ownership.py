"""Tells whether a pixel store on the disk has an owner, and keeps it so meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from backend.series.models import DType, PixelStore

# Satisfies the constraints; it is never committed.
_PLACEHOLDER: dict[str, Any] = {
    **dict.fromkeys(("frames", "height", "width", "channels"), 1),
    **{"dtype": DType.UINT8, "levels": [], "input_low": 0.0, "input_high": 1.0, "size_bytes": 0},
}


@contextmanager
def without_owner(store: str) -> Iterator[bool]:
    """Whether no series' row names this store. If so, the import of equal pixels waits until the block ends.

    It would otherwise take what lies there for its own while we remove it. What makes it wait is a row that is made
    here and rolled back.
    """
    with transaction.atomic():
        _, made = PixelStore.objects.select_for_update().get_or_create(hash=store, defaults=_PLACEHOLDER)
        yield made
        transaction.set_rollback(True)

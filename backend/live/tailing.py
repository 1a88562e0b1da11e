"""The tailer of this process' event loop, reading from the database."""

import asyncio
from collections.abc import Collection, Sequence
from uuid import UUID
from weakref import WeakKeyDictionary

from backend.annotations import selectors
from backend.live.database import in_thread
from backend.protocol.delivery import Tailer
from backend.protocol.messages import Changeset

_tailers: WeakKeyDictionary[asyncio.AbstractEventLoop, Tailer] = WeakKeyDictionary()


def tailer() -> Tailer:
    loop = asyncio.get_running_loop()
    if loop not in _tailers:
        _tailers[loop] = Tailer(heads=_heads, changes=_changes)
    return _tailers[loop]


async def _heads(series: Collection[UUID]) -> dict[UUID, int]:
    return await in_thread(selectors.heads_of, series)


async def _changes(series: UUID, after: int) -> Sequence[Changeset]:
    return await in_thread(selectors.changes_since, series, after)

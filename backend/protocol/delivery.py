"""Brings changesets to the sockets of this process: the changesets in the database are the outbox.

One tailer per event loop asks twice a second for the versions of the series that are open here (one query for all),
reads what is new and puts it into each socket's queue. A commit in this process wakes it at once; one in another
process does so through Redis' publish and subscribe, where there is a Redis. Nothing depends on being woken.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from functools import cache
from typing import Protocol
from uuid import UUID

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.protocol.messages import Changeset, ChangesetCommitted, SeriesHead

logger = logging.getLogger(__name__)

POLL_S = 0.5
HEAD_S = 10.0
QUEUE_LENGTH = 256  # messages that wait for one slow socket; what finds no room is offered again at the next poll
COMMITS = "graticule.commits"  # the channel in Redis; messages are the series' ids
REDIS_TIMEOUT_S = 1.0  # how long a commit waits for a Redis that does not answer
LISTEN_S = 20.0
PAUSE_S = 5.0  # before Redis is tried again

ReadHeads = Callable[[Collection[UUID]], Awaitable[dict[UUID, int]]]


class ReadChanges(Protocol):
    def __call__(self, series: UUID, after: int) -> Awaitable[Sequence[Changeset]]:
        """The next changesets after a version, oldest first; not all of them where there are many."""
        ...


class Subscription:
    """One socket's place in a series: it has, or has in its queue, everything up to `position`."""

    def __init__(self, series: UUID, position: int) -> None:
        self.series = series
        self.position = position
        self.gone = False  # the series was deleted
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(QUEUE_LENGTH)

    async def next(self) -> str | None:
        """The next message to send, or None once the series is gone."""
        return await self._queue.get()

    def offer(self, version: int, text: str) -> bool:
        if self._queue.full():
            return False
        self._queue.put_nowait(text)
        self.position = version
        return True

    def tell(self, text: str) -> None:
        """Queues what may be lost."""
        with suppress(asyncio.QueueFull):
            self._queue.put_nowait(text)

    def end(self) -> None:
        if not self.gone:
            self.gone = True
            while self._queue.full():
                self._queue.get_nowait()
            self._queue.put_nowait(None)


class Tailer:
    """Tails the series that are open in this process. Every method but `wake` belongs to its event loop."""

    def __init__(self, *, heads: ReadHeads, changes: ReadChanges) -> None:
        self._heads = heads
        self._changes = changes
        self._rooms: dict[UUID, set[Subscription]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def join(self, series: UUID, position: int) -> Subscription:
        subscription = Subscription(series, position)
        self._rooms.setdefault(series, set()).add(subscription)
        if not self._tasks:
            self._tasks = [self._loop.create_task(self._tail()), self._loop.create_task(self._listen())]
            _running.add(self)
        self._wake.set()
        return subscription

    def leave(self, subscription: Subscription) -> None:
        room = self._rooms.get(subscription.series, set())
        room.discard(subscription)
        if not room:
            self._rooms.pop(subscription.series, None)
        if not self._rooms:
            _running.discard(self)
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    def wake(self, series: UUID) -> None:
        """Thread-safe."""

        def woken() -> None:
            if series in self._rooms:
                self._wake.set()

        with suppress(RuntimeError):  # the loop has just been closed: nobody is left to tell
            self._loop.call_soon_threadsafe(woken)

    def _goes_on(self) -> bool:
        """Whether the present task still has listeners: a cancellation alone can be lost.

        asyncio.wait_for before Python 3.12 and redis-py's timeouts drop one that comes with what they wait for.
        """
        return asyncio.current_task() in self._tasks

    async def _tail(self) -> None:
        told_at = time.monotonic()
        while self._goes_on():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_S)
            self._wake.clear()
            try:
                heads = await self._heads(list(self._rooms))
                for series in list(self._rooms):
                    await self._deliver(series, heads.get(series))
            except Exception:
                # The database may be restarting; what is new stays new until the next poll.
                logger.exception("Cannot read what is new")
                await asyncio.sleep(POLL_S)
                continue
            if time.monotonic() - told_at >= HEAD_S:
                told_at = time.monotonic()
                for series, version in heads.items():
                    text = SeriesHead(version=version).model_dump_json()
                    for subscription in self._rooms.get(series, ()):
                        subscription.tell(text)

    async def _deliver(self, series: UUID, head: int | None) -> None:
        if head is None:
            for subscription in self._rooms.get(series, ()):
                subscription.end()
            return
        waiting = {each for each in self._rooms.get(series, ()) if each.position < head}
        while waiting:
            after = min(each.position for each in waiting)
            changesets = await self._changes(series, after)
            for changeset in changesets:
                text = ChangesetCommitted(changeset=changeset).model_dump_json()
                for each in list(waiting):
                    if each.position < changeset.version and not each.offer(changeset.version, text):
                        waiting.discard(each)
            waiting = {each for each in waiting if each.position < head} if changesets else set()

    async def _listen(self) -> None:
        """Hears of commits in other processes."""
        url = settings.GRATICULE_REDIS_URL
        while url and self._goes_on():
            try:
                retry = AsyncRetry(NoBackoff(), 0)  # we try again ourselves, and say so
                async with redis.asyncio.from_url(url, retry=retry) as client, client.pubsub() as subscription:
                    await subscription.subscribe(COMMITS)
                    while self._goes_on():
                        heard = await subscription.get_message(ignore_subscribe_messages=True, timeout=LISTEN_S)
                        if heard is not None and UUID(heard["data"].decode()) in self._rooms:
                            self._wake.set()
            except (redis.RedisError, OSError) as error:
                logger.warning("Redis does not answer, commits of other processes arrive by polling: %s", error)
                await asyncio.sleep(PAUSE_S)


_running: set[Tailer] = set()


def committed(series: UUID) -> None:
    """Wakes whoever has the series open. Called in the thread that committed, of any process, after the commit."""
    for tailer in list(_running):
        tailer.wake(series)
    if settings.GRATICULE_REDIS_URL:
        try:
            _publisher(settings.GRATICULE_REDIS_URL).publish(COMMITS, str(series))
        except (redis.RedisError, OSError) as error:
            logger.warning("Redis does not answer, a commit reaches other processes by polling: %s", error)


@cache
def _publisher(url: str) -> redis.Redis:
    timeouts = {"socket_timeout": REDIS_TIMEOUT_S, "socket_connect_timeout": REDIS_TIMEOUT_S}
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0), **timeouts)

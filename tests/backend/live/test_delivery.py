"""Changesets reach the sockets of every process, whoever committed them and whether or not Redis is there."""

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection

from backend.protocol import delivery
from backend.protocol.delivery import Subscription, Tailer
from backend.protocol.messages import Changeset, ChangesetCommitted, Person, SeriesHead, TrackCreate, server_message
from backend.series.models import Series
from tests.backend.builders import make_series, message, owner_of
from tests.backend.live.sockets import greeted

ROOT = Path(__file__).parents[3]
WAIT_S = 10
database = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def commit_elsewhere(series: UUID) -> None:
    """Commits one track in a process of its own, as the worker does."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{place['NAME']}"
    else:
        password = quote(place["PASSWORD"], safe="")
        url = f"postgres://{place['USER']}:{password}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
    code = (
        "import sys, uuid, django; django.setup()\n"
        "from backend.series.models import Series\n"
        "from backend.protocol.messages import TrackCreate\n"
        "from tests.backend.builders import commit\n"
        "track = uuid.uuid4()\n"
        "commit(Series.objects.get(pk=sys.argv[1]), [TrackCreate(track=track, phase=None)], [(track, None, None)])\n"
    )
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "backend.config.settings"}
    command = [sys.executable, "-c", code, str(series)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)


@pytest.fixture
def series(transactional_db: None) -> Series:
    return make_series()


class TestSockets:
    pytestmark = database

    async def test_a_commit_of_another_process_arrives(self, series: Series) -> None:
        author = await asyncio.to_thread(owner_of, series)
        async with greeted(series, author) as (socket, _):
            await asyncio.to_thread(commit_elsewhere, series.pk)
            assert (await socket.receive(ChangesetCommitted)).changeset.version == 1

    async def test_redis_wakes_other_processes(self, series: Series, monkeypatch: pytest.MonkeyPatch) -> None:
        if not settings.GRATICULE_REDIS_URL:
            pytest.skip("needs Redis; `make test` runs this with one")
        monkeypatch.setattr(delivery, "POLL_S", 120.0)  # longer than anything here waits
        author = await asyncio.to_thread(owner_of, series)
        async with greeted(series, author) as (socket, _):
            await asyncio.sleep(0.5)  # the first poll is over, and the tailer listens
            await asyncio.to_thread(commit_elsewhere, series.pk)
            assert (await socket.receive(ChangesetCommitted)).changeset.version == 1

    async def test_without_an_answer_from_redis_commits_arrive_all_the_same(
        self, series: Series, settings: Any
    ) -> None:
        settings.GRATICULE_REDIS_URL = "redis://127.0.0.1:1"
        author = await asyncio.to_thread(owner_of, series)
        async with greeted(series, author) as (socket, _):
            for version in (1, 2):
                await socket.send(message([TrackCreate(track=(track := uuid4()), phase=None)], [(track, None, None)]))
                assert (await socket.receive(ChangesetCommitted)).changeset.version == version


# ---- the tailer alone -----------------------------------------------------------------------------------------


class Outbox:
    """Changesets of one series, as the database would tell of them, two to a page."""

    def __init__(self, head: int = 0) -> None:
        self.series = uuid4()
        self.head = head
        self.gone = False
        self.failing = False

    async def heads(self, series: object) -> dict[UUID, int]:
        if self.failing:
            raise ConnectionError("the database restarts")
        return {} if self.gone else {self.series: self.head}

    async def changes(self, series: UUID, after: int) -> list[Changeset]:
        versions = range(after + 1, min(after + 2, self.head) + 1)
        person = Person(id=1, name="anna")
        return [
            Changeset(
                version=version,
                request_id=None,
                author=person,
                created_at="2026-01-01T00:00:00Z",
                reason="",
                job=None,
                revisions=[],
            )
            for version in versions
        ]


@pytest.fixture
async def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    monkeypatch.setattr(delivery, "POLL_S", 0.02)
    return Outbox()


async def versions(subscription: Subscription, count: int) -> list[int]:
    found = []
    for _ in range(count):
        text = await asyncio.wait_for(subscription.next(), 10)
        assert text is not None
        received = server_message.validate_json(text)
        assert isinstance(received, ChangesetCommitted)
        found.append(received.changeset.version)
    return found


async def test_each_socket_gets_what_is_new_to_it_once_and_in_order(outbox: Outbox) -> None:
    outbox.head = 5
    tailer = Tailer(heads=outbox.heads, changes=outbox.changes)
    behind, present = tailer.join(outbox.series, 1), tailer.join(outbox.series, 5)
    assert await versions(behind, 4) == [2, 3, 4, 5]
    outbox.head = 6
    assert await versions(behind, 1) == [6]
    assert await versions(present, 1) == [6]
    for subscription in (behind, present):
        tailer.leave(subscription)


async def test_a_slow_socket_misses_nothing_and_holds_up_nobody(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "QUEUE_LENGTH", 3)
    tailer = Tailer(heads=outbox.heads, changes=outbox.changes)
    slow = tailer.join(outbox.series, 0)
    monkeypatch.setattr(delivery, "QUEUE_LENGTH", 100)
    quick = tailer.join(outbox.series, 0)
    outbox.head = 20
    assert await versions(quick, 20) == list(range(1, 21))
    assert slow.position == 3
    assert await versions(slow, 20) == list(range(1, 21))
    for subscription in (slow, quick):
        tailer.leave(subscription)


async def test_a_database_that_restarts_delays_but_loses_nothing(outbox: Outbox) -> None:
    tailer = Tailer(heads=outbox.heads, changes=outbox.changes)
    subscription = tailer.join(outbox.series, 0)
    outbox.failing = True
    outbox.head = 2
    await asyncio.sleep(0.1)
    outbox.failing = False
    assert await versions(subscription, 2) == [1, 2]
    tailer.leave(subscription)


async def test_a_deleted_series_ends_its_subscriptions_even_when_the_queue_is_full(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "QUEUE_LENGTH", 1)
    tailer = Tailer(heads=outbox.heads, changes=outbox.changes)
    subscription = tailer.join(outbox.series, 0)
    outbox.head = 3
    await asyncio.sleep(0.1)
    outbox.gone = True
    await asyncio.sleep(0.1)
    assert await asyncio.wait_for(subscription.next(), 10) is None
    tailer.leave(subscription)


async def test_the_head_is_told_though_nothing_is_new(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "HEAD_S", 0.1)
    outbox.head = 4
    tailer = Tailer(heads=outbox.heads, changes=outbox.changes)
    subscription = tailer.join(outbox.series, 4)
    text = await asyncio.wait_for(subscription.next(), 10)
    assert text is not None
    assert server_message.validate_json(text) == SeriesHead(version=4)
    tailer.leave(subscription)


async def test_a_commit_in_this_process_is_sent_without_waiting_for_the_next_poll(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "POLL_S", 60.0)
    tailer = Tailer(heads=outbox.heads, changes=outbox.changes)
    subscription = tailer.join(outbox.series, 0)
    await asyncio.sleep(0.05)
    outbox.head = 1
    await asyncio.to_thread(delivery.committed, outbox.series)
    assert await versions(subscription, 1) == [1]
    tailer.leave(subscription)


@pytest.mark.timeout(30)
async def test_the_tail_ends_with_its_last_listener_though_the_cancellation_is_lost() -> None:
    reading = asyncio.Event()

    async def heads(series: list[UUID]) -> dict[UUID, int]:
        reading.set()
        with suppress(asyncio.CancelledError):  # as redis-py and asyncio.wait_for may
            await asyncio.sleep(WAIT_S)
        return {}

    async def changes(series: UUID, after: int) -> list[Changeset]:
        return []

    tailer = Tailer(heads=heads, changes=changes)
    subscription = tailer.join(uuid4(), 0)
    await reading.wait()
    before = asyncio.all_tasks() - {asyncio.current_task()}
    tailer.leave(subscription)
    await asyncio.wait(before, timeout=WAIT_S / 2)
    assert all(task.done() for task in before)

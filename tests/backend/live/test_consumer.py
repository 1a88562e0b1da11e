"""The websocket of a series, with one and with two people on it."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from asgiref.sync import sync_to_async
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.utils import timezone

from backend.live import access, consumer
from backend.projects.models import Membership, User
from backend.protocol import delivery
from backend.protocol.messages import (
    ChangesetCommit,
    ChangesetCommitted,
    ChangesetConflict,
    ErrorMessage,
    MaskSet,
    PendingBase,
    PromptPredict,
    SeriesArchived,
    SeriesChanges,
    SeriesHead,
    SeriesSince,
    ServerHello,
    TrackCreate,
)
from backend.series.models import Series
from tests.backend.builders import commit, make_project, make_series, make_user, message, rectangle
from tests.backend.live.sockets import Socket, accepted, cookie_of, greeted

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]

Message = TypeVar("Message")
DOT, BAR = rectangle(2, 3, 6, 8), rectangle(0, 10, 30, 12)


@pytest.fixture
def anna(transactional_db: None) -> User:
    return make_user("anna")


@pytest.fixture
def bert(transactional_db: None) -> User:
    return make_user("bert")


@pytest.fixture
def series(anna: User, bert: User) -> Series:
    return make_series(make_project(anna, annotator=bert))


@pytest.fixture(autouse=True)
def _no_tailer_is_left_running() -> Iterator[None]:
    yield
    assert not delivery._running


def drawing(track: UUID | None = None) -> tuple[UUID, ChangesetCommit]:
    track = track or uuid4()
    operations = [TrackCreate(track=track, phase=None), MaskSet(track=track, frame=0, mask=DOT)]
    return track, message(operations, [(track, None, None), (track, 0, None)])


async def drawn(socket: Socket) -> tuple[UUID, ChangesetCommitted]:
    track, sent = drawing()
    await socket.send(sent)
    return track, await socket.receive(ChangesetCommitted)


def mask_of(committed: ChangesetCommitted) -> int:
    """The id of the mask's revision."""
    return next(each.revision for each in committed.changeset.revisions if each.kind == "mask")


# ---- getting in -------------------------------------------------------------------------------------------------


async def test_hello_is_answered_with_version_and_role(series: Series, bert: User) -> None:
    await sync_to_async(commit)(series, [TrackCreate(track=(track := uuid4()), phase=None)], [(track, None, None)])
    async with greeted(series, bert) as (_, hello):
        assert isinstance(hello, ServerHello)
        assert (hello.series, hello.version, hello.role, hello.user.id) == (series.pk, 1, "annotator", bert.pk)


async def test_without_a_session_the_socket_closes_with_4401(series: Series) -> None:
    async with accepted(series.pk, None) as socket:
        assert await socket.closed() == 4401


async def test_a_stranger_cannot_tell_a_series_from_none(series: Series) -> None:
    cookie = await sync_to_async(lambda: cookie_of(make_user()))()
    for known_or_not in (series.pk, uuid4()):
        async with accepted(known_or_not, cookie) as socket:
            assert await socket.closed() == 4404


@pytest.mark.parametrize(("origin", "allowed"), [("http://testserver", True), ("http://evil.example", False)])
async def test_a_page_of_another_site_is_refused(series: Series, bert: User, origin: str, allowed: bool) -> None:
    cookie = await sync_to_async(cookie_of)(bert)
    socket = Socket(series.pk, {"cookie": cookie, "host": "testserver", "origin": origin})
    assert await socket.open() is allowed
    await socket.end()


async def test_an_old_tab_is_told_the_servers_protocol_and_let_go(series: Series, bert: User) -> None:
    async with accepted(series.pk, await sync_to_async(cookie_of)(bert)) as socket:
        await socket.send_text('{"type": "hello", "protocol": 0}')
        assert (await socket.receive(ServerHello)).protocol == 1
        assert await socket.closed() == 4406


# ---- what is understood -----------------------------------------------------------------------------------------


async def test_nothing_is_done_before_hello(series: Series, bert: User) -> None:
    async with accepted(series.pk, await sync_to_async(cookie_of)(bert)) as socket:
        await socket.send(SeriesSince(version=0))
        assert (await socket.receive(ErrorMessage)).code == "hello_first"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "JSON"),
        ("[" * 100_000, "recursion"),
        ('{"type": "changeset.commit"}', "request_id"),
        ('{"type": "series.since", "version": -1}', "version"),
        ('{"type": "series.since", "version": 0, "extra": 1}', "extra"),
        ('{"type": "series.sing"}', "series.sing"),
    ],
)
async def test_a_message_that_cannot_be_read_is_answered_naming_the_field(
    series: Series, bert: User, text: str, words: str
) -> None:
    async with greeted(series, bert) as (socket, _):
        await socket.send_text(text)
        error = await socket.receive(ErrorMessage)
        assert error.code == "invalid_message"
        assert words in error.message
        # The socket lives on.
        await socket.send(SeriesSince(version=0))
        await socket.receive(SeriesChanges)


async def test_an_unreadable_commit_is_answered_with_its_request_id(series: Series, bert: User) -> None:
    request_id = uuid4()
    async with greeted(series, bert) as (socket, _):
        text = json.dumps({"type": "changeset.commit", "request_id": str(request_id)})
        await socket.send_text(text)
        assert (await socket.receive(ErrorMessage)).request_id == request_id


async def test_a_message_over_the_limit_is_refused_with_both_numbers(
    series: Series, bert: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "MAX_MESSAGE_BYTES", 1000)
    async with greeted(series, bert) as (socket, _):
        await socket.send_text(" " * 1001)
        error = await socket.receive(ErrorMessage)
        assert error.code == "too_large"
        assert "1001" in error.message
        assert "1000" in error.message


# ---- two people -------------------------------------------------------------------------------------------------


async def test_a_commit_reaches_its_author_and_everybody_else(series: Series, anna: User, bert: User) -> None:
    async with greeted(series, anna) as (hers, _), greeted(series, bert) as (his, _):
        _, sent = drawing()
        await hers.send(sent)
        to_her, to_him = await hers.receive(ChangesetCommitted), await his.receive(ChangesetCommitted)
        assert to_her == to_him
        assert (to_him.changeset.version, to_him.changeset.request_id) == (1, sent.request_id)
        assert to_him.changeset.author.name == "anna"


async def test_the_later_of_two_edits_is_a_conflict_and_can_be_repeated(series: Series, anna: User, bert: User) -> None:
    async with greeted(series, anna) as (hers, _), greeted(series, bert) as (his, _):
        track, first = await drawn(hers)
        await his.receive(ChangesetCommitted)
        seen = mask_of(first)
        edit = MaskSet(track=track, frame=0, mask=BAR)
        await his.send(message([edit], [(track, 0, seen)]))
        await his.receive(ChangesetCommitted)
        await hers.receive(ChangesetCommitted)
        late = message([MaskSet(track=track, frame=0, mask=DOT)], [(track, 0, seen)])
        await hers.send(late)
        conflict = await hers.receive(ChangesetConflict)
        assert conflict.request_id == late.request_id
        current = conflict.conflicts[0].current
        assert current is not None
        assert conflict.conflicts[0].author is not None
        assert conflict.conflicts[0].author.name == "bert"
        await hers.send(message([MaskSet(track=track, frame=0, mask=DOT)], [(track, 0, current.revision)]))
        assert (await hers.receive(ChangesetCommitted)).changeset.version == 3


async def test_a_second_edit_may_follow_the_first_before_that_is_answered(series: Series, anna: User) -> None:
    async with greeted(series, anna) as (socket, _):
        track, first = drawing()
        await socket.send(first)
        pending = PendingBase(request_id=first.request_id)
        await socket.send(message([MaskSet(track=track, frame=0, mask=BAR)], [(track, 0, pending)]))
        versions = [(await socket.receive(ChangesetCommitted)).changeset.version for _ in range(2)]
        assert versions == [1, 2]


async def test_after_a_reconnect_a_client_asks_for_what_it_missed_and_repeats_what_was_unanswered(
    series: Series, anna: User, bert: User
) -> None:
    _, lost = drawing()
    async with greeted(series, anna) as (hers, _):
        await hers.send(lost)
        await hers.receive(ChangesetCommitted)  # pretend that this never arrived
    async with greeted(series, bert) as (his, _):
        await drawn(his)
    async with greeted(series, anna) as (hers, hello):
        assert isinstance(hello, ServerHello)
        assert hello.version == 2
        await hers.send(lost)
        assert (await hers.receive(ChangesetCommitted)).changeset.version == 1
        await hers.send(SeriesSince(version=0))
        changes = await hers.receive(SeriesChanges)
        assert changes.head == 2
        assert [each.version for each in changes.changesets] == [1, 2]
        # Nothing was written twice, and nothing arrives twice.
        assert await hers.silent()


async def test_series_since_comes_in_pages(series: Series, anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.annotations.selectors.MOST_CHANGESETS", 2)
    async with greeted(series, anna) as (socket, _):
        for _ in range(3):
            await drawn(socket)
        await socket.send(SeriesSince(version=0))
        page = await socket.receive(SeriesChanges)
        assert ([each.version for each in page.changesets], page.head) == ([1, 2], 3)
        await socket.send(SeriesSince(version=2))
        assert [each.version for each in (await socket.receive(SeriesChanges)).changesets] == [3]


async def test_the_head_is_told_again_and_again(series: Series, anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "HEAD_S", 0.2)
    async with greeted(series, anna) as (socket, _):
        assert await socket.receive(SeriesHead) == SeriesHead(version=0)
        assert await socket.receive(SeriesHead) == SeriesHead(version=0)


# ---- roles ------------------------------------------------------------------------------------------------------


async def test_a_viewer_sees_but_does_not_commit(series: Series, anna: User) -> None:
    viewer = await sync_to_async(make_user)("viewer")
    await Membership.objects.acreate(project_id=series.project_id, user=viewer, role="viewer")
    async with greeted(series, viewer) as (looking, hello), greeted(series, anna) as (hers, _):
        assert isinstance(hello, ServerHello)
        assert hello.role == "viewer"
        _, sent = drawing()
        await looking.send(sent)
        error = await looking.receive(ErrorMessage)
        assert (error.code, error.request_id) == ("forbidden", sent.request_id)
        await drawn(hers)
        assert (await looking.receive(ChangesetCommitted)).changeset.version == 1


async def test_a_socket_tells_of_the_archive_and_refuses_changes_there(
    series: Series, anna: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "CHECK_S", 0.0)
    monkeypatch.setattr(delivery, "HEAD_S", 0.0)
    async with greeted(series, anna) as (socket, hello):
        assert isinstance(hello, ServerHello)
        assert not hello.archived
        await Series.objects.filter(pk=series.pk).aupdate(archived_at=timezone.now())
        told = await first(socket, SeriesArchived)
        assert told.archived
        for refused in (
            drawing()[1],
            PromptPredict(request_id=uuid4(), frame=0, model="fake", points=[], box=(1, 1, 5, 5)),
        ):
            await socket.send(refused)
            error = await first(socket, ErrorMessage)
            assert (error.code, error.request_id) == ("archived", refused.request_id)
        await Series.objects.filter(pk=series.pk).aupdate(archived_at=None)
        assert not (await first(socket, SeriesArchived)).archived
    await Series.objects.filter(pk=series.pk).aupdate(archived_at=timezone.now())
    async with greeted(series, anna) as (_, hello):
        assert isinstance(hello, ServerHello)
        assert hello.archived


async def first(socket: Socket, kind: type[Message]) -> Message:
    """The next message of a kind; heads in between are passed over."""
    while True:
        found = await socket.next()
        if isinstance(found, kind):
            return found
        assert isinstance(found, SeriesHead), found


async def test_a_lowered_role_holds_on_an_open_socket(series: Series, bert: User) -> None:
    async with greeted(series, bert) as (socket, _):
        await drawn(socket)
        await Membership.objects.filter(user=bert).aupdate(role="viewer")
        await socket.send(drawing()[1])
        assert (await socket.receive(ErrorMessage)).code == "forbidden"


async def test_a_removed_member_is_sent_nothing_more(
    series: Series, anna: User, bert: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "CHECK_S", 0.0)
    async with greeted(series, anna) as (hers, _), greeted(series, bert) as (his, _):
        await Membership.objects.filter(user=bert).adelete()
        await drawn(hers)
        assert await his.closed() == 4404


async def test_a_removed_member_who_asks_is_shown_out(
    series: Series, bert: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "CHECK_S", 0.0)
    async with greeted(series, bert) as (socket, _):
        await Membership.objects.filter(user=bert).adelete()
        await socket.send(SeriesSince(version=0))
        assert await socket.closed() == 4404


async def test_a_removed_member_commits_nothing_more(series: Series, bert: User) -> None:
    async with greeted(series, bert) as (socket, _):
        await Membership.objects.filter(user=bert).adelete()
        await socket.send(drawing()[1])
        assert await socket.closed() == 4404
    assert (await Series.objects.aget(pk=series.pk)).version == 0


async def test_a_socket_that_cannot_be_told_what_is_new_is_closed_for_a_new_try(
    series: Series, anna: User, bert: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = access.Access._check

    def restarting(self: access.Access) -> Any:
        if self.user == bert:
            raise OperationalError("the database system is starting up")
        return check(self)

    async with greeted(series, anna) as (hers, _), greeted(series, bert) as (his, _):
        monkeypatch.setattr(access.Access, "_check", restarting)
        monkeypatch.setattr(access, "CHECK_S", 0.0)
        await drawn(hers)
        assert await his.closed() == 1013


async def test_signing_out_elsewhere_ends_the_socket(
    series: Series, bert: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "CHECK_S", 0.0)
    async with greeted(series, bert) as (socket, _):
        await Session.objects.all().adelete()
        await socket.send(SeriesSince(version=0))
        assert await socket.closed() == 4401


@pytest.mark.parametrize("change", ["expired", "password"])
async def test_a_session_that_holds_no_longer_ends_the_socket(
    series: Series, bert: User, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(access, "CHECK_S", 0.0)
    async with greeted(series, bert) as (socket, _):
        if change == "expired":
            await Session.objects.all().aupdate(expire_date=timezone.now())
        else:
            bert.set_password("another one")
            await bert.asave()
        await socket.send(SeriesSince(version=0))
        assert await socket.closed() == 4401


async def test_a_role_is_asked_of_the_database_at_most_every_few_seconds(
    series: Series, bert: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = 0
    check = access.Access._check

    def counted(self: access.Access) -> Any:
        nonlocal checks
        checks += 1
        return check(self)

    monkeypatch.setattr(access.Access, "_check", counted)
    async with greeted(series, bert) as (socket, _):
        for _ in range(5):
            await socket.send(SeriesSince(version=0))
            await socket.receive(SeriesChanges)
    assert checks == 1


async def test_a_deleted_series_closes_its_sockets(series: Series, bert: User) -> None:
    async with greeted(series, bert) as (socket, _):
        await Series.objects.filter(pk=series.pk).adelete()
        assert await socket.closed() == 4404


async def test_one_socket_that_ends_leaves_the_others_served(series: Series, anna: User, bert: User) -> None:
    async with greeted(series, anna) as (hers, _):
        async with greeted(series, bert):
            await asyncio.sleep(0)
        await drawn(hers)

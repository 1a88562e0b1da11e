"""The websocket of one series: /ws/series/{id}. Messages are in backend/protocol/messages.py.

A consumer handles one message at a time: commits are awaited, so that they keep the client's order; what a model
answers comes from a task. Changesets, one's own too, come from the tailer.
"""

import asyncio
import json
import logging
from typing import Any, assert_never, cast
from uuid import UUID

from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.utils import await_many_dispatch

from backend.annotations import selectors, services
from backend.annotations.values import StaleBaseError
from backend.live.access import NOT_A_MEMBER, SIGNED_OUT, Access
from backend.live.database import in_thread
from backend.live.prompts import Prompts
from backend.live.tailing import tailer
from backend.projects.models import User
from backend.projects.roles import Role, RoleName
from backend.protocol.delivery import Subscription
from backend.protocol.errors import ArchivedError, DomainError, ForbiddenError, InvalidError, TooLargeError
from backend.protocol.messages import (
    PROTOCOL_VERSION,
    ChangesetCommit,
    ChangesetCommitted,
    ChangesetConflict,
    ClientHello,
    ClientMessage,
    ErrorMessage,
    FrameOpen,
    FrameSegment,
    Person,
    PromptPredict,
    RequestCancel,
    SeriesArchived,
    SeriesChanges,
    SeriesSince,
    ServerHello,
    ServerMessage,
    client_message,
)
from backend.protocol.reading import read
from backend.series.selectors import find_series

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 8 * 1024**2
PARSED_IN_THREAD_BYTES = 256 * 1024  # above, parsing would hold up everybody else's messages
OTHER_PROTOCOL = 4406
TRY_AGAIN = 1013  # https://www.iana.org/assignments/websocket


class SeriesConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Without a channel of its own: a socket shall not depend on Redis, delivery goes through the tailer.
        self.scope, self.base_send = scope, send
        self._access: Access | None = None
        self._prompts: Prompts | None = None
        self._subscription: Subscription | None = None
        self._pump: asyncio.Task[None] | None = None
        try:
            await await_many_dispatch([receive], self.dispatch)
        except StopConsumer:
            pass
        finally:
            self._release()

    def _release(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
        if self._prompts is not None:
            self._prompts.close()
        if self._subscription is not None:
            tailer().leave(self._subscription)

    @property
    def series_id(self) -> UUID:
        series_id: UUID = self.scope["url_route"]["kwargs"]["series"]
        return series_id

    async def connect(self) -> None:
        # Accepted first: a browser is told the code of a close, but not why a handshake failed.
        await self.accept()
        user = self.scope["user"]
        if not user.is_authenticated:
            await self.close(SIGNED_OUT)
            return
        user = await in_thread(User.objects.get, pk=user.pk)
        access = Access(user=user, session=self.scope["session"], series=self.series_id)
        series = await in_thread(find_series, self.series_id)
        if await access.role() is None or series is None:
            await self.close(access.refusal)
            return
        self._access = access
        self._prompts = Prompts(series=series, send=self._say)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        access = self._access
        if access is None:
            return  # refused, and about to hear of it
        role = await access.role()
        if role is None:
            await self.close(access.refusal)
            return
        request_id = None
        try:
            message = await _parse(text_data)
            request_id = getattr(message, "request_id", None)
            await self._handle(message, access, role)
        except DomainError as error:
            request_id = request_id or _request_id(text_data)
            await self._say(ErrorMessage(code=error.code, message=error.message, request_id=request_id))
        except Exception:
            logger.exception("Cannot handle a message of series %s", self.series_id)
            text = "Something went wrong on the server. Its log has the cause."
            await self._say(ErrorMessage(code="internal", message=text, request_id=request_id))

    async def _handle(self, message: ClientMessage, access: Access, role: Role) -> None:
        prompts = self._prompts
        if isinstance(message, ClientHello):
            await self._hello(message, access, role)
            return
        if self._subscription is None or prompts is None:
            raise InvalidError("The first message is hello.", code="hello_first")
        match message:
            case FrameOpen():
                # Others look, too, but nothing they do needs the embedding.
                if role.covers(Role.ANNOTATOR) and not access.archived:
                    await prompts.warm(message)
            case PromptPredict():
                _require_annotator(role, access)
                await prompts.predict(message)
            case FrameSegment():
                _require_annotator(role, access)
                await prompts.segment(message)
            case RequestCancel():
                await prompts.cancel(message.request_id)
            case ChangesetCommit():
                await self._commit(message, access)
            case SeriesSince():
                await self._since(message)
            case _:
                assert_never(message)

    async def _hello(self, message: ClientHello, access: Access, role: Role) -> None:
        version = await in_thread(selectors.head_of, self.series_id)
        archived = access.archived
        await self._say(
            ServerHello(
                protocol=PROTOCOL_VERSION,
                series=self.series_id,
                version=version,
                user=Person(id=access.user.pk, name=access.user.shown_name),
                role=cast(RoleName, role.value),
                archived=archived,
            )
        )
        if message.protocol != PROTOCOL_VERSION:
            await self.close(OTHER_PROTOCOL)
        elif self._subscription is None:
            self._subscription = tailer().join(self.series_id, version)
            self._pump = asyncio.get_running_loop().create_task(self._send_news(self._subscription, access, archived))

    async def _commit(self, message: ChangesetCommit, access: Access) -> None:
        role = await access.role(now=True)
        if role is None:
            await self.close(access.refusal)
            return
        _require_annotator(role)  # what is in the archive the service refuses: it knows a repeated request
        try:
            made = await in_thread(services.commit, series_id=self.series_id, author=access.user, message=message)
        except StaleBaseError as error:
            await self._say(ChangesetConflict(request_id=message.request_id, conflicts=error.conflicts))
            return
        if made.repeated:
            # Delivered before, but the answer was lost on the way.
            changeset = await in_thread(selectors.changeset, self.series_id, made.version)
            await self._say(ChangesetCommitted(changeset=changeset))

    async def _since(self, message: SeriesSince) -> None:
        changesets = await in_thread(selectors.changes_since, self.series_id, message.version)
        head = await in_thread(selectors.head_of, self.series_id)
        await self._say(SeriesChanges(changesets=changesets, head=head))

    async def _send_news(self, subscription: Subscription, access: Access, archived: bool) -> None:
        """Sends what others, and this client, committed. A socket that cannot be told any more is closed."""
        try:
            await self._send_each(subscription, access, archived)
        except Exception:
            # Most likely the database restarts. The client comes back and asks for what it missed.
            logger.exception("Cannot send what is new in series %s", self.series_id)
            await self.close(TRY_AGAIN)

    async def _send_each(self, subscription: Subscription, access: Access, archived: bool) -> None:
        while True:
            text = await subscription.next()
            if text is None:
                await self.close(NOT_A_MEMBER)
                return
            if await access.role() is None:
                await self.close(access.refusal)
                return
            await self.send(text)
            if access.archived != archived:
                archived = access.archived
                await self._say(SeriesArchived(archived=archived))

    async def _say(self, message: ServerMessage) -> None:
        await self.send(message.model_dump_json())


def _require_annotator(role: Role, access: Access | None = None) -> None:
    if not role.covers(Role.ANNOTATOR):
        raise ForbiddenError(f"Your role in this project is {role.value}; this needs {Role.ANNOTATOR.value} or higher.")
    if access is not None and access.archived:
        raise ArchivedError("This series is in the archive, where nothing is changed. A manager can restore it.")


async def _parse(text: str | None) -> ClientMessage:
    if text is None:
        raise InvalidError("Messages are text, this one is binary.", code="invalid_message")
    if len(text) > MAX_MESSAGE_BYTES:
        raise TooLargeError(
            f"A message of {len(text)} characters; the limit is {MAX_MESSAGE_BYTES}. Split it into several."
        )
    if len(text) > PARSED_IN_THREAD_BYTES:
        return await asyncio.to_thread(_read, text)
    return _read(text)


def _read(text: str) -> ClientMessage:
    return read(client_message.validate_json, text, code="invalid_message")


def _request_id(text: str | None) -> UUID | None:
    """The request that a message we cannot read names, if it names one."""
    try:
        return UUID(json.loads(text or "")["request_id"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None

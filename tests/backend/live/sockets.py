"""Clients of a series' websocket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar
from uuid import UUID

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client
from pydantic import BaseModel

from backend.live.routing import websocket
from backend.projects.models import User
from backend.protocol.messages import PROTOCOL_VERSION, ClientHello, ServerMessage, server_message
from backend.series.models import Series

ANSWER_S = 10.0
Message = TypeVar("Message")


class Socket:
    """One browser tab on a series."""

    def __init__(self, series: UUID | str, headers: dict[str, str]) -> None:
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "websocket", "path": f"/ws/series/{series}", "query_string": b"", "headers": sent}
        self._application = ApplicationCommunicator(websocket, scope)

    async def open(self) -> bool:
        """Whether the server accepts."""
        await self._application.send_input({"type": "websocket.connect"})
        return bool((await self._application.receive_output(ANSWER_S))["type"] == "websocket.accept")

    async def end(self) -> None:
        await self._application.send_input({"type": "websocket.disconnect", "code": 1001})
        await self._application.wait(ANSWER_S)

    async def send(self, message: BaseModel) -> None:
        await self.send_text(message.model_dump_json())

    async def send_text(self, text: str) -> None:
        await self._application.send_input({"type": "websocket.receive", "text": text})

    async def next(self) -> ServerMessage:
        output = await self._application.receive_output(ANSWER_S)
        assert output["type"] == "websocket.send", output
        return server_message.validate_json(output["text"])

    async def receive(self, kind: type[Message]) -> Message:
        """The next message, which must be of this kind."""
        found = await self.next()
        assert isinstance(found, kind), f"expected {kind.__name__}, got {found}"
        return found

    async def closed(self) -> int:
        """The code the server closes with; nothing may come before."""
        output = await self._application.receive_output(ANSWER_S)
        assert output["type"] == "websocket.close", output
        return int(output["code"])

    async def silent(self) -> bool:
        return bool(await self._application.receive_nothing(timeout=0.3))


def cookie_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@asynccontextmanager
async def accepted(series: UUID | str, cookie: str | None, **headers: str) -> AsyncIterator[Socket]:
    """An accepted websocket on which nobody has said anything."""
    if cookie is not None:
        headers["cookie"] = cookie
    socket = Socket(series, headers)
    assert await socket.open()
    try:
        yield socket
    finally:
        await socket.end()


@asynccontextmanager
async def greeted(series: Series, user: User) -> AsyncIterator[tuple[Socket, ServerMessage]]:
    """A websocket after its hello, and the server's."""
    cookie = await sync_to_async(cookie_of)(user)
    async with accepted(series.pk, cookie) as socket:
        await socket.send(ClientHello(protocol=PROTOCOL_VERSION))
        yield socket, await socket.next()

"""Bounds what a request may send, before Django spools it to the disk."""

import errno
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
IsSignedIn = Callable[[Scope], Awaitable[bool]]

logger = logging.getLogger(__name__)
UPLOADS = re.compile(r"^/api/v1/projects/[^/]+/(uploads|models|transfers)$")
TRANSFER = re.compile(r"^/api/v1/(transfers)/[^/]+$")
# Boundary and headers around a file of exactly the permitted size.
MULTIPART_BYTES = 64 * 1024


class BodyTooLargeError(Exception):
    """More bytes came than may."""


class BodyLimit:
    """ASGI middleware: 413 for bodies above the limit, declared or counted, and 507 when the disk is full.

    Django spools a body before anything asks who sent it. So an upload that is larger than other requests may be, or
    that does not say, needs `is_signed_in`; a stranger's is held to the limit of other requests and answered 401.
    """

    def __init__(
        self, app: App, *, upload_bytes: Mapping[str, int], request_bytes: int, is_signed_in: IsSignedIn
    ) -> None:
        """`upload_bytes` are the limits of what is uploaded, by the last part of the address."""
        self.app = app
        self.upload_bytes = upload_bytes
        self.request_bytes = request_bytes
        self.is_signed_in = is_signed_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit, refuse = self.request_bytes, _refuse
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), None)
        upload = UPLOADS.match(scope["path"]) or TRANSFER.match(scope["path"])
        if upload and not _is_within(declared, limit):
            if await self.is_signed_in(scope):
                # A part may be all of its file: many clients of tus cut a file only when they are told to.
                kind = "uploads" if upload[1] == "transfers" else upload[1]
                limit = self.upload_bytes[kind] + MULTIPART_BYTES
            else:
                refuse = _refuse_stranger
        if declared is not None and not _is_within(declared, limit):
            await refuse(send, limit)
            return
        received = 0
        started = False

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLargeError
            return message

        async def noticed(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, noticed)
        except BodyTooLargeError:
            await refuse(send, limit)
        except OSError as error:
            if started or error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            logger.exception("The disk is full")
            await _answer(send, 507, "disk_full", "The server's disk is full. Nothing was kept; try again later.")


def _is_within(declared: bytes | None, limit: int) -> bool:
    return declared is not None and declared.isdigit() and int(declared) <= limit


async def _refuse(send: Send, limit: int) -> None:
    await _answer(send, 413, "too_large", f"The request has more than {limit} bytes, which is the limit.")


async def _refuse_stranger(send: Send, limit: int) -> None:
    message = f"Only people who are signed in may send more than {limit} bytes. Sign in, or check the token."
    await _answer(send, 401, "not_authenticated", message)


async def _answer(send: Send, status: int, code: str, message: str) -> None:
    body = json.dumps({"code": code, "message": message}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # The rest of the body will not be read.
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""A series' websocket as a browser opens it, for tests without one."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from backend.protocol.messages import PROTOCOL_VERSION
from tests.infrastructure.person import Person

ANSWER_S = 60.0


class Socket:
    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, message: dict[str, Any]) -> None:
        self.connection.send(json.dumps(message))

    def until(self, *types: str) -> dict[str, Any]:
        """The next message of one of these types; others are passed over."""
        while True:
            message: dict[str, Any] = json.loads(self.connection.recv(timeout=ANSWER_S))
            if message["type"] in types:
                return message

    def predict(self, *, frame: int, model: str, points: list[tuple[float, float, int]]) -> dict[str, Any]:
        """The answer to one prompt: `prompt.predicted` or `error`."""
        named = [{"x": x, "y": y, "label": label} for x, y, label in points]
        request = {"request_id": str(uuid.uuid4()), "frame": frame, "model": model, "points": named}
        self.send({"type": "prompt.predict", **request})
        return self.until("prompt.predicted", "error")


@contextmanager
def opened(person: Person, series: str) -> Iterator[Socket]:
    """A socket that has said hello and been answered."""
    url = person.client.base_url
    cookies = "; ".join(f"{name}={value}" for name, value in person.client.cookies.items())
    headers = {"Cookie": cookies, "Origin": f"http://{url.host}:{url.port}"}
    with connect(f"ws://{url.host}:{url.port}/ws/series/{series}", additional_headers=headers) as connection:
        socket = Socket(connection)
        socket.send({"type": "hello", "protocol": PROTOCOL_VERSION})
        socket.until("hello")
        yield socket

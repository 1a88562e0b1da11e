"""docker/health.py and the supervisor's health check, where the environment names a proxy."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from backend.config.environment import Environment
from backend.config.management.commands.serve import _healthy
from tests.infrastructure.ports import free_port

ROOT = Path(__file__).parents[2]


@contextmanager
def answering() -> Iterator[int]:
    """The port of a server that is well, whatever it is asked."""

    class Well(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Well) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")


def test_a_containers_health_is_asked_past_the_proxy() -> None:
    with answering() as port:
        command = [sys.executable, str(ROOT / "docker" / "health.py"), "web"]
        done = subprocess.run(
            command, env=os.environ | {"PORT": str(port)}, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_supervisor_asks_past_the_proxy() -> None:
    with answering() as port:
        address = {"PORT": str(port), "GRATICULE_ENGINE": f"http://127.0.0.1:{port}"}
        assert _healthy(Environment.read(address))

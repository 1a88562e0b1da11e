"""`python -m ml engine` as a process: its socket, its signals, its messages."""

import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ml.engine.server import SocketError, listening

WAIT_S = 60


def start(path: Path, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "ml", "engine", "--socket", str(path), "--store", str(path.parent), *options]
    return subprocess.Popen([*command, "--preload", ""], stderr=subprocess.PIPE, text=True)


def ask(path: Path) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://engine") as client:
        return client.get("/health")


def answers(path: Path, process: "subprocess.Popen[str]") -> httpx.Response:
    """The first answer of the process that is starting."""
    while process.poll() is None:
        try:
            return ask(path)
        except httpx.ConnectError:
            continue
    raise AssertionError(process.communicate()[1])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "engine.sock"


@pytest.fixture
def engine(path: Path) -> Iterator["subprocess.Popen[str]"]:
    process = start(path)
    answers(path, process)
    yield process
    process.kill()
    process.communicate()


def test_sigterm_ends_it_cleanly_and_removes_the_socket(path: Path, engine: "subprocess.Popen[str]") -> None:
    assert ask(path).json()["status"] == "ok"
    engine.send_signal(signal.SIGTERM)
    assert engine.wait(WAIT_S) == 0
    assert not path.exists()


def test_ctrl_c_ends_it_with_130(path: Path, engine: "subprocess.Popen[str]") -> None:
    engine.send_signal(signal.SIGINT)
    assert engine.wait(WAIT_S) == 130
    assert not path.exists()


def test_only_its_own_user_may_open_the_socket(path: Path, engine: "subprocess.Popen[str]") -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_killed_engines_socket_is_replaced(path: Path, engine: "subprocess.Popen[str]") -> None:
    engine.kill()
    engine.wait(WAIT_S)
    assert path.exists()
    again = start(path)
    try:
        assert answers(path, again).status_code == 200
    finally:
        again.kill()
        again.communicate()


def test_a_second_engine_at_the_same_socket_is_refused(path: Path, engine: "subprocess.Popen[str]") -> None:
    second = start(path)
    assert "Another engine listens at" in second.communicate(timeout=WAIT_S)[1]
    assert second.returncode == 2
    assert ask(path).status_code == 200


def test_it_loads_no_network_library_before_a_model_is_used(path: Path, engine: "subprocess.Popen[str]") -> None:
    maps = Path(f"/proc/{engine.pid}/maps").read_text()
    assert "python" in maps
    assert "libtorch" not in maps


def test_a_file_in_the_sockets_place_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("mine")
    with pytest.raises(SocketError, match="is no socket"), listening(path):
        pass
    assert path.read_text() == "mine"


def test_a_path_too_long_for_a_socket_is_named_with_the_limit(tmp_path: Path) -> None:
    with pytest.raises(SocketError, match=r"107 are possible"), listening(tmp_path / ("x" * 120)):
        pass

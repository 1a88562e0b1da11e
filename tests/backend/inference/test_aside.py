"""Processes beside the app: their priority, their end, and what they say when they fail."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from backend.inference import aside, lowered
from backend.inference.aside import Command, CommandFailedError, CommandKilledError
from tests.infrastructure.processes import processes_naming


def gone(pid: int) -> bool:
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_runs_at_low_priority_and_ends_with_a_parent_that_is_killed() -> None:
    start = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, {lowered.__file__!r}, str(os.getpid()), "/bin/sleep", "60"])
print(child.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        deadline = time.monotonic() + 10
        while b"sleep" not in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert os.getpriority(os.PRIO_PROCESS, child) == os.getpriority(os.PRIO_PROCESS, 0) + lowered.NICENESS
        parent.kill()
    wait_until_gone(child)


def test_a_parent_that_is_gone_already_starts_nothing() -> None:
    started = subprocess.run([sys.executable, lowered.__file__, "1", "/bin/echo", "hello"], capture_output=True)  # noqa: PLW1510
    assert (started.returncode, started.stdout) == (1, b"")


def test_what_it_printed_is_the_answer(tmp_path: Path) -> None:
    assert "weights" in aside.run(Command("help", ["weights", "--help"], tmp_path), lambda: None)


def test_an_error_that_can_be_mended_is_told(tmp_path: Path) -> None:
    arguments = ["train", "threshold", "--out", "x.json"]
    with pytest.raises(CommandFailedError, match=r"^threshold is fitted to labels; give --images and --labels\.$"):
        aside.run(Command("train", arguments, tmp_path), lambda: None)


def test_an_error_does_not_say_where_the_server_keeps_its_files(settings: Any, tmp_path: Path) -> None:
    settings.GRATICULE_DATA = tmp_path
    arguments = ["train", "threshold", "--out", str(tmp_path / "x.json"), "--images", str(tmp_path / "training/frames")]
    with pytest.raises(CommandFailedError, match="training/frames") as told:
        aside.run(Command("train", [*arguments, "--labels", str(tmp_path / "labels")], tmp_path), lambda: None)
    assert str(tmp_path) not in told.value.message


class _EnoughError(Exception):
    pass


def test_whoever_watches_can_end_it_with_all_that_it_started(tmp_path: Path) -> None:
    socket = tmp_path / "engine.sock"
    seen: list[int] = []

    def watch() -> None:
        seen.extend(processes_naming(str(socket)))
        if len(seen) > 1:
            raise _EnoughError

    with pytest.raises(_EnoughError):
        aside.run(Command("engine", ["engine", "--socket", str(socket), "--store", str(tmp_path)], tmp_path), watch)
    assert processes_naming(str(socket)) == []


def test_a_killed_process_is_told_from_a_failed_one(tmp_path: Path) -> None:
    socket = tmp_path / "engine.sock"

    def watch() -> None:
        for pid in processes_naming(str(socket)):
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(CommandKilledError, match="signal 9"):
        aside.run(Command("engine", ["engine", "--socket", str(socket), "--store", str(tmp_path)], tmp_path), watch)


def test_the_process_is_told_what_it_needs_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GRATICULE_SECRET_KEY", "DATABASE_URL", "PGPASSWORD", "PASSWORD", "AWS_SECRET_ACCESS_KEY", "PATHS"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    environment = aside._environment()
    assert "secret" not in environment.values()
    assert environment["CUDA_VISIBLE_DEVICES"] == "1"
    assert environment["PATH"] == os.environ["PATH"]
    assert environment["OMP_NUM_THREADS"] == str(aside.threads())

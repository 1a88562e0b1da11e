"""The supervisor with processes that do little: output, restarts, stop, lock."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from backend.config import supervisor
from backend.config.supervisor import AlreadyRunningError, FolderLock, Service, Supervisor


def python(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script)


def run(folder: Path, services: list[Service], until: Callable[[str], bool], timeout_s: float = 20.0) -> str:
    """Supervises until the output satisfies `until`; returns the output."""
    out = io.StringIO()
    deadline = time.monotonic() + timeout_s

    def look() -> bool:
        if until(out.getvalue()) or time.monotonic() > deadline:
            os.kill(os.getpid(), signal.SIGTERM)
        return False

    watched = Supervisor(services, run=folder, environment=os.environ, ready=look, announce=lambda: None, out=out)
    watched.serve()
    assert until(out.getvalue()), out.getvalue()
    return out.getvalue()


def test_lines_are_passed_on_whole_and_with_their_names(tmp_path: Path) -> None:
    script = (
        "import sys, time; sys.stdout.write('one\\ntw'); sys.stdout.flush(); time.sleep(0.3);"
        " print('o', flush=True); time.sleep(60)"
    )
    out = run(
        tmp_path,
        [Service("web", python(script)), Service("engine", python("print('up')"))],
        lambda o: "two" in o and "| up" in o,
    )
    assert [line for line in out.splitlines() if line.startswith("web")] == ["web    | one", "web    | two"]
    assert "engine | up\n" in out


def test_what_dies_is_started_again_with_a_new_pid_and_a_growing_delay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_DELAY_S", 0.05)
    service = Service("worker", python("import os; print('pid', os.getpid()); os.kill(os.getpid(), 9)"), delay_s=0.05)
    out = run(tmp_path, [service], lambda o: o.count("pid ") >= 3 and o.count("starts again in") >= 3)
    pids = [line.split()[-1] for line in out.splitlines() if "| pid" in line]
    assert len(set(pids)) == len(pids) >= 3
    delays = [line.split()[-2] for line in out.splitlines() if "starts again in" in line]
    assert delays[:3] == ["0.05", "0.1", "0.2"]
    assert "ended with status -9" in out


def test_a_restart_writes_the_new_pid_and_a_stop_removes_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "web.pid"
    seen: list[int] = []

    def kill_once(out: str) -> bool:
        if pid_file.exists() and (pid := int(pid_file.read_text())) not in seen:
            seen.append(pid)
            if len(seen) == 1:
                os.kill(pid, signal.SIGKILL)
        return len(seen) == 2

    run(tmp_path, [Service("web", python("import time; time.sleep(60)"), delay_s=0.05)], kill_once)
    assert not pid_file.exists()


def test_stop_ends_what_ignores_it_and_what_it_has_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "GRACE_S", 0.5)
    script = (
        "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal, time; signal.signal(15, signal.SIG_IGN);"
        " time.sleep(60)']); print('pids', os.getpid(), child.pid, flush=True); time.sleep(60)"
    )
    out = run(tmp_path, [Service("web", python(script))], lambda o: "pids" in o)
    assert "did not stop within 0.5 s and is killed" in out
    pids = [int(pid) for line in out.splitlines() if "| pids" in line for pid in line.split()[-2:]]
    assert len(pids) == 2
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=5)
    assert all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


def test_readiness_is_announced_once(tmp_path: Path) -> None:
    announced: list[bool] = []

    def announce() -> None:
        announced.append(True)
        signal.setitimer(signal.ITIMER_REAL, 0.6)

    def stop(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    previous = signal.signal(signal.SIGALRM, stop)
    try:
        Supervisor(
            [Service("web", python("import time; time.sleep(60)"))],
            run=tmp_path,
            environment=os.environ,
            ready=lambda: True,
            announce=announce,
            out=io.StringIO(),
        ).serve()
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert announced == [True]


def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from backend.config.supervisor import Service, Supervisor;"
        "Supervisor([Service('web', (sys.executable, '-c', 'import time; time.sleep(60)'))], run=Path(sys.argv[1]),"
        " environment=os.environ, ready=lambda: False, announce=print).serve()"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)])
    pid_file = tmp_path / "web.pid"
    deadline = time.monotonic() + 20
    while not pid_file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    child = psutil.Process(int(pid_file.read_text()))
    time.sleep(0.2)
    process.kill()
    process.wait()
    gone, _ = psutil.wait_procs([child], timeout=10)
    assert gone


def test_a_folder_is_locked_by_one_supervisor_until_it_ends(tmp_path: Path) -> None:
    run_folder = tmp_path / "run"
    run_folder.mkdir()
    with FolderLock(run_folder):
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())), FolderLock(run_folder):
            pass
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())), FolderLock(run_folder):
            pass
    with FolderLock(run_folder):
        pass

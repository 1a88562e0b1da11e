"""The whole app as a person starts it: `manage.py serve` on a folder and a port of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.infrastructure.person import Person
from tests.infrastructure.ports import free_port
from tests.infrastructure.team import folder
from tests.infrastructure.waiting import wait_until

ROOT = Path(__file__).parents[2]
START_S = 120.0
STOP_S = 30.0
PASSWORD = "correct horse battery staple"


class App:
    """`environment` overrides what is set here; `data` is the app's GRATICULE_DATA."""

    def __init__(self, data: Path, environment: Mapping[str, str]) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        # Kept after the test, for whoever looks for the cause of a failure.
        self.log = ROOT / "test-results" / f"serve-{self.port}.log"
        self.log.parent.mkdir(exist_ok=True)
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GRATICULE_", "DJANGO_")) and name not in ("DATABASE_URL", "REDIS_URL")
        }
        self.environment = {
            **kept,
            "PORT": str(self.port),
            "GRATICULE_DATA": str(data),
            "GRATICULE_TEST_MODELS": "1",
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str, **environment: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        result = subprocess.run(
            command, cwd=ROOT, env=self.environment | environment, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            raise RuntimeError(f"manage.py {' '.join(arguments)} failed:\n{result.stdout}\n{result.stderr}")
        return result.stdout

    def add_person(self, username: str) -> Person:
        """A person who can sign in, and a signed-in client of theirs."""
        self.manage(
            *("createsuperuser", "--no-input", "--username", username, "--email", f"{username}@example.org"),
            DJANGO_SUPERUSER_PASSWORD=PASSWORD,
        )
        return Person.signed_in(self.url, username, PASSWORD)

    def start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Web answers, and the engine answers behind it."""
        wait_until(self._ready, timeout_s=START_S, what=f"A ready app (log: {self.log})", poll_s=0.2)

    def _ready(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"manage.py serve ended:\n{self.log.read_text()[-4000:]}")
        try:
            httpx.get(f"{self.url}/healthz", timeout=2).raise_for_status()
            with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.data / "run" / "engine.sock"))) as engine:
                engine.get("http://engine/health", timeout=2).raise_for_status()
        except (httpx.HTTPError, OSError):
            return False
        return True

    def pid(self, role: str) -> int:
        """The process id of web, engine, worker-quick, worker-long or worker-train as the supervisor wrote it down."""
        return int((self.data / "run" / f"{role}.pid").read_text())

    def kill(self, role: str) -> int:
        """kill -9 of one process; returns the id it had."""
        pid = self.pid(role)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until_restarted(self, role: str, former: int) -> None:
        def restarted() -> bool:
            try:
                pid = self.pid(role)
            except (OSError, ValueError):
                return False
            return pid != former and psutil.pid_exists(pid)

        wait_until(restarted, timeout_s=START_S, what=f"A restart of {role}")
        self.wait_until_ready()

    def stop(self) -> None:
        """Ctrl-C; whatever is left after the limit is killed and reported."""
        if self.process is None:
            return
        processes = [*psutil.Process(self.process.pid).children(recursive=True)] if self.process.poll() is None else []
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        _, alive = psutil.wait_procs(processes, timeout=5)
        for process in alive:
            process.kill()
        if alive:
            raise RuntimeError(f"manage.py serve left processes behind: {alive}")


@contextmanager
def running_app(**environment: str) -> Iterator[App]:
    """A migrated app without a demo project, started, and stopped at the end."""
    with folder() as data:
        app = App(data, environment)
        app.manage("setup", "--no-demo")
        try:
            app.start()
            yield app
        finally:
            app.stop()

"""A throw-away PostgreSQL and Redis, as a team would run Graticule with.

`python -m tests.infrastructure.team COMMAND …` starts both, runs the command with DATABASE_URL and REDIS_URL
set, stops both and exits as the command did.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.infrastructure.ports import free_port
from tests.infrastructure.waiting import wait_until

START_S = 60.0


class MissingProgramError(RuntimeError):
    """A server program that the tests need is not installed."""


def program(name: str) -> str:
    """The path of a program, PostgreSQL's own folders (Debian keeps them off the PATH) included."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    if path is None:
        raise MissingProgramError(f"{name} is not installed. Run .ci/system-packages, which installs it.")
    return path


class Server:
    """A process with a folder of its own; it can be killed and started again on the same folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def options(self) -> dict[str, Any]:
        return {}

    def start(self) -> None:
        log = self.folder / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, **self.options()
            )
        process = self.process

        def ready() -> bool:
            if process.poll() is not None:
                raise RuntimeError(f"{self.command()[0]} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
            return self.answers()

        wait_until(ready, timeout_s=START_S, what=f"An answer of {self.command()[0]}")

    def end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(START_S)
            self.process = None


class PostgreSQL(Server):
    """One cluster. PostgreSQL refuses to run as root, so root lends it the `postgres` account."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.maintenance_url = f"postgresql://graticule@127.0.0.1:{self.port}/postgres"
        self.url = f"postgresql://graticule@127.0.0.1:{self.port}/graticule"
        self.data = folder / "data"
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        initdb = [program("initdb"), "--pgdata", str(self.data), "--username=graticule", "--auth=trust"]
        initdb += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(initdb, check=True, stdin=subprocess.DEVNULL, capture_output=True, **self.options())
        self.start()
        with psycopg.connect(self.maintenance_url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE graticule")

    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": self.folder}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return options

    def command(self) -> list[str]:
        # Without fsync a commit still reaches the kernel before it is acknowledged: killing a process loses
        # nothing, only a power cut would. Tests run several times faster.
        return [
            *(program("postgres"), "-D", str(self.data), "-k", str(self.folder), "-p", str(self.port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off"),
        ]

    def answers(self) -> bool:
        try:
            psycopg.connect(self.maintenance_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        self.end(signal.SIGINT)


class Redis(Server):
    """One Redis server that keeps nothing on disk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def command(self) -> list[str]:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        return [program("redis-server"), *options, "--dir", str(self.folder)]

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def stop(self) -> None:
        self.end(signal.SIGTERM)


@contextmanager
def folder() -> Iterator[Path]:
    """A short temporary folder: a Unix socket's path may have 107 characters."""
    with tempfile.TemporaryDirectory(prefix="graticule-", dir="/tmp") as name:
        yield Path(name)


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    with folder() as path:
        server = PostgreSQL(path)
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def redis_server() -> Iterator[Redis]:
    with folder() as path:
        server = Redis(path)
        try:
            yield server
        finally:
            server.stop()


def main(command: list[str]) -> int:
    with postgresql() as database, redis_server() as messages:
        environment = {**os.environ, "DATABASE_URL": database.url, "REDIS_URL": messages.url}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

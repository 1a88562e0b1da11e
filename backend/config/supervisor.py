"""Starts the app's processes, passes on what they print, restarts what dies, and stops all together."""

import ctypes
import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Any, Self

FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 30.0
STEADY_S = 30.0  # who lived this long starts again with the shortest delay
GRACE_S = 12.0
TICK_S = 0.2
_PR_SET_PDEATHSIG = 1


class AlreadyRunningError(Exception):
    """Another supervisor has this data folder."""


@dataclass
class Service:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    delay_s: float = FIRST_DELAY_S
    start_at: float = 0.0
    unfinished: bytes = field(default=b"", repr=False)


class FolderLock:
    """Held while a supervisor runs on a data folder; the kernel frees it however the process ends."""

    def __init__(self, run: Path) -> None:
        self._path = run / "serve.lock"
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self._file = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise AlreadyRunningError(
                f"The app runs on {self._path.parent.parent} already, as process {owner}. Stop it first, or choose "
                "another folder with GRATICULE_DATA."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


class Supervisor:
    """Runs services until it is asked to stop.

    `ready` is asked every tick until it says True, then `announce` is called once.
    """

    def __init__(
        self,
        services: Sequence[Service],
        *,
        run: Path,
        environment: Mapping[str, str],
        ready: Callable[[], bool],
        announce: Callable[[], None],
        out: IO[str] = sys.stdout,
    ) -> None:
        self.services = services
        self._run = run
        self._environment = dict(environment)
        self._ready = ready
        self._announce = announce
        self._announced = False
        self._out = out
        self._width = max(len(service.name) for service in services)
        self._selector = selectors.DefaultSelector()
        self._stopping = False

    def serve(self) -> None:
        """Returns when a signal asked it to and everything is down."""
        previous = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not self._stopping:
                self._start_due()
                self._pass_on(TICK_S)
                self._notice_dead()
                if not self._announced and self._ready():
                    self._announced = True
                    self._announce()
        finally:
            self._stop_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    # ---- start and restart ----------------------------------------------------------------------------------

    def _start_due(self) -> None:
        now = time.monotonic()
        for service in self.services:
            if service.process is None and now >= service.start_at:
                self._start(service)

    def _start(self, service: Service) -> None:
        # A session of its own: Ctrl-C reaches the supervisor alone, which then stops the others in order.
        service.process = subprocess.Popen(
            service.command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - the supervisor has no threads
        )
        service.started_at = time.monotonic()
        output = service.process.stdout
        if output is not None:
            os.set_blocking(output.fileno(), False)
            self._selector.register(output, selectors.EVENT_READ, service)
        draft = self._run / f".{service.name}.pid"
        draft.write_text(f"{service.process.pid}\n")
        draft.replace(self._run / f"{service.name}.pid")

    def _notice_dead(self) -> None:
        for service in self.services:
            if service.process is None or (status := service.process.poll()) is None:
                continue
            now = time.monotonic()
            if now - service.started_at >= STEADY_S:
                service.delay_s = FIRST_DELAY_S
            service.start_at = now + service.delay_s
            self._say("serve", f"{service.name} ended with status {status}; it starts again in {service.delay_s:g} s")
            service.delay_s = min(2 * service.delay_s, LONGEST_DELAY_S)
            self._forget(service)

    def _forget(self, service: Service) -> None:
        """Reads the last words, ends what the process left behind in its group, drops its pid file."""
        process = service.process
        if process is None:
            return
        _signal_group(process.pid, signal.SIGKILL)
        if process.stdout is not None:
            self._read(service, process.stdout)
            self._selector.unregister(process.stdout)
            process.stdout.close()
        if service.unfinished:
            self._say(service.name, service.unfinished.decode(errors="replace"))
            service.unfinished = b""
        service.process = None
        (self._run / f"{service.name}.pid").unlink(missing_ok=True)

    # ---- output ---------------------------------------------------------------------------------------------

    def _pass_on(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            self._read(key.data, key.fileobj)

    def _read(self, service: Service, output: Any) -> None:
        """What has come until now; whole lines are printed, the rest waits for its end."""
        while chunk := output.read1(65536):
            *lines, service.unfinished = (service.unfinished + chunk).split(b"\n")
            for line in lines:
                self._say(service.name, line.decode(errors="replace"))

    def _say(self, name: str, line: str) -> None:
        print(f"{name:<{self._width}} | {line}", file=self._out, flush=True)

    # ---- stop -----------------------------------------------------------------------------------------------

    def _stop_all(self) -> None:
        """Asks everybody, waits, then ends whatever is left."""
        running = [service for service in self.services if service.process is not None]
        for service in running:
            if service.process is not None:
                _signal_group(service.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        while time.monotonic() < deadline and any(s.process and s.process.poll() is None for s in running):
            self._pass_on(0.05)
        for service in running:
            if service.process is not None and service.process.poll() is None:
                self._say("serve", f"{service.name} did not stop within {GRACE_S:g} s and is killed")
                _signal_group(service.process.pid, signal.SIGKILL)
                service.process.wait()
            self._forget(service)
        self._selector.close()


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # nobody is left in it
        os.killpg(group, number)


def _end_with_parent() -> None:
    """In the child: ask Linux for SIGTERM when the supervisor dies, so that a killed one leaves nobody behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

"""Reads series in a process of its own: a codec that crashes, hangs or eats memory ends that process and no other."""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ml.formats import errors
from ml.formats.calibration import Calibration
from ml.formats.errors import FormatError
from ml.formats.limits import Limits
from ml.formats.natural_order import natural_key
from ml.formats.reader_process import LENGTH
from ml.formats.series_reader import OnFrame

REPOSITORY = Path(__file__).resolve().parents[2]
_POLL_S = 0.5
_PIPE_BYTES = 1 << 20
_MOST_TEXT = 1 << 20
_KEPT = ("uint8", "uint16", "float32")
# All that a reader is told of our environment: it needs no secret and no network.
_PASSED = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT")

OnWait = Callable[[], None]  # called twice a second while nothing comes; may raise to cancel


class ReaderCrashedError(FormatError):
    """The reader's process ended in the middle."""


class ReaderMemoryError(FormatError):
    """The reader wanted more memory than it may have."""


class ReaderStuckError(FormatError):
    """The reader got nowhere for too long."""


class ReaderFaultError(Exception):
    """A fault of ours in the reader, with its traceback."""


_ERRORS = {
    name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, FormatError)
}


@dataclass(frozen=True)
class ReaderLimits:
    """`memory_bytes` is for what the reader allocates; `patience_s` ends one from which nothing comes for so long."""

    memory_bytes: int = 5 * 1024**3
    patience_s: float = 300.0


class ReaderProcess:
    """Reads one series after the other; after any error but a file's own it is over."""

    def __init__(self, limits: ReaderLimits | None = None) -> None:
        self.limits = limits or ReaderLimits()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ml.formats.reader_process", str(self.limits.memory_bytes), str(os.getpid())],
            cwd=REPOSITORY,
            env={name: os.environ[name] for name in _PASSED if name in os.environ} | {"OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for whoever asked
        )
        assert self._process.stdin
        assert self._process.stdout
        self._requests, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._requests, False)  # a pipe holds fewer names than a series may have
        self._takes, self._gives = select.poll(), select.poll()
        self._takes.register(self._requests, select.POLLOUT)
        self._gives.register(self._answers, select.POLLIN)
        with suppress(OSError, AttributeError):  # Linux only: fewer switches between the two
            fcntl.fcntl(self._answers, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def open(
        self,
        paths: Sequence[Path],
        limits: Limits | None = None,
        *,
        names: Sequence[str] | None = None,
        on_frame: OnFrame | None = None,
        on_wait: OnWait | None = None,
    ) -> "SeriesApart":
        """As `ml.formats.images.open_series` opens it.

        Raises
        ------
        FormatError
            The file's own errors, and ReaderCrashedError, ReaderMemoryError or ReaderStuckError.
        ReaderFaultError
            A fault of ours.
        """
        limits, names = limits or Limits(), list(names or [path.name for path in paths])
        request = {"paths": [str(path) for path in paths], "names": names, "limits": asdict(limits)}
        place = _Place(names)
        self._ask(memoryview(json.dumps(request).encode() + b"\n"), place, on_wait)
        while True:
            answer = self.answer(place, on_wait)
            if "inspected" not in answer:
                return SeriesApart(self, answer, limits, place, on_wait)
            if on_frame:
                on_frame(int(answer["inspected"]))

    def answer(self, place: "_Place", on_wait: OnWait | None) -> dict[str, Any]:
        """The next JSON object; an error in it is raised."""
        head = bytearray(LENGTH.size)
        self.fill(memoryview(head), place, on_wait)
        (length,) = LENGTH.unpack(head)
        if length > _MOST_TEXT:
            raise ReaderCrashedError(f"{place}: its reader answers nonsense. {_REMEDY}")
        text = bytearray(length)
        self.fill(memoryview(text), place, on_wait)
        try:
            answer = json.loads(text)
        except ValueError:
            raise ReaderCrashedError(f"{place}: its reader answers nonsense. {_REMEDY}") from None
        if "error" not in answer:
            return dict(answer)
        if answer["error"] == "memory":
            raise self._out_of_memory(place)
        if answer["error"] == "fault":
            raise ReaderFaultError(answer["message"])
        raise _ERRORS.get(answer["error"], FormatError)(answer["message"])

    def fill(self, buffer: memoryview, place: "_Place", on_wait: OnWait | None) -> None:
        """Waits for as many bytes as the buffer has room for."""
        while buffer:
            self._wait(self._gives, place, on_wait)
            came = os.readv(self._answers, [buffer])
            if came == 0:
                raise self._ended(place)
            buffer = buffer[came:]

    def _ask(self, request: memoryview, place: "_Place", on_wait: OnWait | None) -> None:
        while request:
            self._wait(self._takes, place, on_wait)
            try:
                request = request[os.write(self._requests, request) :]
            except BrokenPipeError:
                raise self._ended(place) from None

    def _wait(self, ready: select.poll, place: "_Place", on_wait: OnWait | None) -> None:
        """Until the reader takes or gives some more."""
        until = time.monotonic() + self.limits.patience_s
        while not ready.poll(_POLL_S * 1000):
            if time.monotonic() > until:
                self.close()
                waited = f"{self.limits.patience_s:g} s"
                raise ReaderStuckError(
                    f"{place}: its reader got nowhere for {waited}, the limit. Save it again, best as an "
                    "uncompressed TIFF, or raise the limit."
                )
            if on_wait:
                on_wait()

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ended(self, place: "_Place") -> FormatError:
        code = self._process.wait()
        if code == -signal.SIGKILL:
            return ReaderCrashedError(
                f"{place}: its reader was ended by the system, most often because the machine's memory had run out. "
                "Try again when less is running, or crop or bin the frames."
            )
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ReaderCrashedError(f"{place}: its reader crashed ({how}); the file is probably damaged. {_REMEDY}")

    def _out_of_memory(self, place: "_Place") -> FormatError:
        return ReaderMemoryError(
            f"{place}: its reader needed more than {self.limits.memory_bytes / 1024**3:.3g} GiB, which is the limit. "
            "Crop or bin the frames, save them uncompressed, or raise the limit."
        )


class ReadyReader:
    """Keeps a process that has started, which takes longer than to read a small file. Nobody is given a used one."""

    def __init__(self) -> None:
        self._process: ReaderProcess | None = None

    def take(self, limits: ReaderLimits) -> ReaderProcess:
        process, self._process = self._process, None
        if process is not None and process.alive and process.limits == limits:
            return process
        if process is not None:
            process.close()
        return ReaderProcess(limits)

    def prepare(self, limits: ReaderLimits) -> None:
        """Starts one for whoever comes next, without waiting for it."""
        if self._process is None or not self._process.alive:
            self._process = ReaderProcess(limits)


class SeriesApart:
    """A series that another process reads; the attributes are those of `SeriesReader`. Frames come in their order."""

    def __init__(
        self,
        process: ReaderProcess,
        announced: dict[str, Any],
        limits: Limits,
        place: "_Place",
        on_wait: OnWait | None,
    ) -> None:
        self._process, self._place, self._on_wait = process, place, on_wait
        try:
            self.frames, self.height, self.width, self.channels = (
                int(announced[name]) for name in ("frames", "height", "width", "channels")
            )
            self.dtype = np.dtype(announced["dtype"])
            self.calibration = Calibration(**announced["calibration"])
        except (KeyError, TypeError, ValueError):
            raise ReaderCrashedError(f"{place}: its reader answers nonsense. {_REMEDY}") from None
        # A reader that a file has taken over may say anything.
        limits.check_frames(str(place), self.frames)
        limits.check_frame(str(place), self.height, self.width)
        if self.channels not in (1, 3) or self.dtype.name not in _KEPT or min(self.frames, self.height, self.width) < 1:
            raise ReaderCrashedError(f"{place}: its reader answers nonsense. {_REMEDY}")
        self._next = 0
        place.frames = self.frames

    def read(self, t: int) -> NDArray[Any]:
        """Frame t; each is read once, the first first."""
        if t != self._next:
            raise IndexError(f"Frame {t} was asked for; the next one is {self._next}.")
        self._place.frame = t
        answer = self._process.answer(self._place, self._on_wait)
        if answer != {"frame": t}:
            raise ReaderCrashedError(f"{self._place}: its reader answers nonsense. {_REMEDY}")
        shape = (self.height, self.width, 3) if self.channels == 3 else (self.height, self.width)
        frame = np.empty(shape, self.dtype)
        self._process.fill(frame.data.cast("B"), self._place, self._on_wait)
        self._next = t + 1
        return frame


_REMEDY = "Save it again, best as an uncompressed TIFF."


class _Place:
    """Where a reader is, in words for people."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = sorted(names, key=natural_key)
        self.frame: int | None = None
        self.frames = 0

    def __str__(self) -> str:
        if self.frame is None:
            return self._names[0] if len(self._names) == 1 else f"{self._names[0]} and {len(self._names) - 1} more"
        name = self._names[self.frame] if len(self._names) == self.frames > 1 else self._names[0]
        return f"{name}, frame {self.frame + 1} of {self.frames}"

"""Runs a command of ml beside the app: at low priority, a core left for clicks, gone with whoever runs it."""

import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from backend.inference import lowered
from backend.protocol.errors import DomainError

logger = logging.getLogger(__name__)

REPOSITORY = Path(__file__).resolve().parents[2]
WATCH_S, POLL_S = 0.5, 0.05
# All that the command is told of our environment: passwords come under many names. A prefix ends in "_".
_PASSED = (
    *("PATH", "HOME", "USER", "LANG", "LC_", "TZ", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "XDG_CACHE_HOME"),
    *("CUDA_", "NVIDIA_", "PYTORCH_", "TORCH_", "OMP_", "KMP_", "MKL_", "NUMBA_", "MPLCONFIGDIR"),
)
_MENDABLE = 2  # exit code of `python -m ml` for what the caller can mend, told in one line


class CommandFailedError(DomainError):
    """The command says why in one line."""

    code = "refused"


class CommandKilledError(DomainError):
    """The command was ended from outside; most often the machine's memory had run out."""

    code = "killed"


class CommandCrashedError(Exception):
    """The command met a fault of ours; the log has its last words."""


@dataclass(frozen=True)
class Command:
    """`arguments` follow `python -m ml`; result and messages go to files `<name>.out` and `<name>.err` in `folder`."""

    name: str
    arguments: Sequence[str]
    folder: Path


def threads() -> int:
    """All cores but one."""
    return max(1, len(os.sched_getaffinity(0)) - 1)


def device_arguments() -> list[str]:
    """The device that the deployment chose for its engine, if it chose one."""
    chosen = os.environ.get("GRATICULE_DEVICE")
    return ["--device", chosen] if chosen else []


def run(command: Command, watch: Callable[[], None]) -> str:
    """What the command printed, once it has ended well.

    `watch` is called twice a second; if it raises, the command and all that it started are killed.

    Raises
    ------
    CommandFailedError, CommandKilledError, CommandCrashedError
    """
    out, err = (command.folder / f"{command.name}.{ending}" for ending in ("out", "err"))
    with out.open("wb") as printed, err.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, lowered.__file__, str(os.getpid()), sys.executable, "-m", "ml", *command.arguments],
            cwd=REPOSITORY,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=said,
            start_new_session=True,  # a group of its own, which can be killed whole
        )
        try:
            watched_at = -math.inf
            while not _ended(process.pid):
                if time.monotonic() - watched_at >= WATCH_S:
                    watch()
                    watched_at = time.monotonic()
                time.sleep(POLL_S)
        finally:
            # Its own children may outlive it. Until it is waited for, no other group can have its number.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode == 0:
        return out.read_text(errors="replace")
    raise _error(process.returncode, err)


def without_paths(text: str) -> str:
    """Where the server keeps its files is nobody's business."""
    for folder in (settings.GRATICULE_DATA, settings.GRATICULE_DATA.resolve(), REPOSITORY):
        text = text.replace(f"{folder}/", "")
    return text


def _ended(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if _passes(name)}
    most = str(threads())
    limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), most)
    return kept | limits | {"GRATICULE_DATA": str(settings.GRATICULE_DATA), "PYTHONUNBUFFERED": "1"}


def _passes(name: str) -> bool:
    return any(name.startswith(each) if each.endswith("_") else name == each for each in _PASSED)


def _error(status: int, err: Path) -> Exception:
    lines = err.read_text(errors="replace").replace("\r", "\n").splitlines()
    if status < 0:
        return CommandKilledError(
            f"The process was ended by signal {-status}; with 9 the machine had most often run out of memory. Choose "
            "fewer or smaller frames, or a smaller configuration."
        )
    if status == _MENDABLE and lines:
        _, _, reason = lines[-1].partition(": ")
        return CommandFailedError(without_paths(reason or lines[-1]))
    logger.error("A command of ml ended with status %d:\n%s", status, "\n".join(lines[-40:]))
    return CommandCrashedError(f"It ended with status {status}.")

"""`python -m ml.formats.reader_process MEMORY_BYTES PARENT`: opens files and hands out their frames, apart from others.

What a codec does wrong ends this process alone. Requests are JSON objects, one a line, on the standard input; answers
go to the standard output: the length of a JSON object in four bytes, the object, and after a frame's its pixels.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.formats.errors import FormatError
from ml.formats.limits import Limits

LENGTH = struct.Struct(">I")
_PR_SET_PDEATHSIG = 1
_MOST_FILES = 256


def main() -> None:
    memory_bytes, parent = int(sys.argv[1]), int(sys.argv[2])
    _end_with(parent)
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no answer
    from ml.formats.images import formats

    formats()
    _confine(memory_bytes)
    for line in sys.stdin.buffer:
        _serve(json.loads(line), answers)


def _serve(request: dict[str, Any], answers: int) -> None:
    """Every frame in turn; a write waits until the one before was taken, so that one is decoded ahead and no more."""
    from ml.formats.images import open_series

    paths = [Path(path) for path in request["paths"]]
    try:
        with open_series(
            paths[0] if len(paths) == 1 else paths,
            Limits(**request["limits"]),
            names=request["names"],
            on_frame=lambda t: _tell(answers, {"inspected": t}),
        ) as reader:
            shape = {name: getattr(reader, name) for name in ("frames", "height", "width", "channels")}
            _tell(answers, shape | {"dtype": reader.dtype.name, "calibration": asdict(reader.calibration)})
            for t in range(reader.frames):
                frame = reader.read(t)
                _tell(answers, {"frame": t})
                _write(answers, frame.data.cast("B"))
    except BrokenPipeError:
        sys.exit(0)  # nobody wants more
    except Exception as error:
        _tell(answers, _described(error))


def _described(error: Exception) -> dict[str, str]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            return {"error": "memory", "message": ""}
        cause = cause.__cause__
    if isinstance(error, FormatError):
        return {"error": type(error).__name__, "message": str(error)}
    return {"error": "fault", "message": "".join(traceback.format_exception(error))}


def _tell(answers: int, message: dict[str, Any]) -> None:
    text = json.dumps(message).encode()
    _write(answers, memoryview(LENGTH.pack(len(text)) + text))


def _write(descriptor: int, content: memoryview) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before it could be watched
            sys.exit(1)


def _confine(memory_bytes: int) -> None:
    """Bounds memory, forbids writing files, and offers this process first where the machine's memory runs out."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    for limit, value in (
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _MOST_FILES),
    ):
        _, hard = resource.getrlimit(limit)
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (least, least))


if __name__ == "__main__":
    main()

"""Serves the engine on a Unix socket that only its own user can open."""

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

LONGEST_PATH = 107  # sockaddr_un.sun_path on Linux, without its closing zero
SHUTDOWN_S = 5


class SocketError(OSError):
    """The engine cannot listen at this path."""


def serve(app: Starlette, path: Path) -> None:
    """Answer requests at the socket until SIGTERM or SIGINT; running requests get five seconds to end."""
    with listening(path) as listener:
        config = uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
        uvicorn.Server(config).run(sockets=[listener])


@contextlib.contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A listening Unix socket; the file is removed at the end.

    Raises
    ------
    SocketError
        When another process listens there, the path is too long, or something else than a socket lies there.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise SocketError(
            f"The socket's path {path} has {len(os.fsencode(path))} bytes; {LONGEST_PATH} are possible. "
            "Choose a shorter one."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        try:
            listener.listen(2048)
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _remove_stale(path: Path) -> None:
    """Remove the socket that a killed engine left behind."""
    if not path.exists() and not path.is_symlink():
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise SocketError(f"{path} exists and is no socket. Remove it or choose another path.")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError as error:
            if error.errno not in (errno.ECONNREFUSED, errno.ENOENT):
                raise
        else:
            raise SocketError(f"Another engine listens at {path}. Stop it or choose another path.")
    path.unlink(missing_ok=True)

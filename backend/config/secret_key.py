"""The key that signs sessions: made once, kept in the data folder, readable by its owner only."""

import os
import secrets
from pathlib import Path

FILE_NAME = "secret-key"


def read_secret_key(data: Path) -> str:
    """The kept key, or "" where `manage.py setup` has not run yet: Django then refuses to sign anything."""
    path = data / FILE_NAME
    return path.read_text().strip() if path.exists() else ""


def ensure_secret_key(data: Path) -> str:
    """The kept key, made first where there is none.

    Two processes that start at once agree: the one that loses the race reads the winner's key.
    """
    data.mkdir(parents=True, exist_ok=True)
    path = data / FILE_NAME
    draft = data / f".{FILE_NAME}-{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    try:
        # A link either appears complete or fails: no reader ever sees a half-written key.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return read_secret_key(data)

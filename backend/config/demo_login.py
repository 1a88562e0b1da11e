"""The demo user's login: kept in a file that only the server's owner reads, until its password is changed."""

import os
from pathlib import Path

from backend.projects.models import User

FILE_NAME = "demo-login.txt"
USERNAME = "demo"


def keep(data: Path, password: str) -> None:
    path = data / FILE_NAME
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{password}\n")


def read(data: Path) -> str | None:
    """The password while it is still good; a file that has become wrong is removed."""
    path = data / FILE_NAME
    if not path.is_file():
        return None
    password = path.read_text().strip()
    user = User.objects.filter(username=USERNAME, is_active=True).first()
    if user is None or not user.check_password(password):
        path.unlink()
        return None
    return password

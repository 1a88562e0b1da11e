"""A tus client of few words, for what a test sends in parts."""

import base64
from pathlib import Path
from typing import Any

import httpx

from tests.infrastructure.person import Person

TUS = {"Tus-Resumable": "1.0.0"}
PART_BYTES = 8 * 1024**2


class Sender:
    """Begins, continues and asks for one file's transfer."""

    def __init__(self, person: Person, project: str, file: Path) -> None:
        self.person, self.file, self.size = person, file, file.stat().st_size
        name = base64.b64encode(file.name.encode()).decode()
        headers = {"Upload-Length": str(self.size), "Upload-Metadata": f"filename {name}"}
        begun = self._request("POST", f"/projects/{project}/transfers", headers)
        self.path = begun.headers["Location"].removeprefix("/api/v1")

    def offset(self) -> int:
        return int(self._request("HEAD", self.path, {}).headers["Upload-Offset"])

    def send(self, offset: int, size: int = PART_BYTES) -> httpx.Response:
        """One part, acknowledged when this returns."""
        with self.file.open("rb") as file:
            file.seek(offset)
            content = file.read(size)
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
        return self._request("PATCH", self.path, headers, content=content)

    def send_rest(self) -> str:
        """The upload's id."""
        offset = self.offset()
        while offset < self.size:
            offset = int(self.send(offset).headers["Upload-Offset"])
        return str(self._request("HEAD", self.path, {}).headers["Graticule-Upload"])

    def _request(self, method: str, path: str, headers: dict[str, str], **content: Any) -> httpx.Response:
        token = {"X-CSRFToken": self.person.client.cookies.get("csrftoken") or ""}
        answer = self.person.client.request(method, path, headers={**TUS, **token, **headers}, **content)
        if answer.is_error:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer

"""A person's session over REST, for what a test needs before and beside the browser."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.infrastructure.waiting import wait_until

JOB_S = 180.0


class Person:
    """Calls answer with parsed JSON; a status of 400 or more raises with the server's message."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    @classmethod
    def signed_in(cls, url: str, username: str, password: str) -> "Person":
        person = cls(httpx.Client(base_url=f"{url}/api/v1", timeout=60))
        person.get("/session")
        person.post("/session", {"username": username, "password": password})
        return person

    def call(self, method: str, path: str, **content: Any) -> Any:
        headers = {"X-CSRFToken": self.client.cookies.get("csrftoken") or ""}
        response = self.client.request(method, path, headers=headers, **content)
        if response.is_error:
            raise RuntimeError(f"{method} {path}: {response.status_code} {response.text[:2000]}")
        return response.json() if response.content else None

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self.call("POST", path, json=body)

    def finished(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job once it is done; a failure raises with its message."""

        def over() -> dict[str, Any] | None:
            now: dict[str, Any] = self.get(f"/jobs/{job['id']}")
            return now if now["state"] in ("done", "failed", "cancelled") else None

        found = wait_until(over, timeout_s=JOB_S, what=f"The end of the {job['kind']} job", poll_s=0.2)
        if found is None or found["state"] != "done":
            raise RuntimeError(f"The {job['kind']} job ended as {found}")
        return found

    def start_import(self, project: str, name: str, files: Sequence[Path]) -> dict[str, Any]:
        """Uploads the files and starts the job that makes them one series."""
        uploads = []
        for file in files:
            with file.open("rb") as content:
                uploads.append(self.call("POST", f"/projects/{project}/uploads", files={"file": (file.name, content)}))
        body = {"name": name, "uploads": [item["id"] for item in uploads]}
        job: dict[str, Any] = self.post(f"/projects/{project}/imports", body)
        return job

    def import_series(self, project: str, name: str, files: Sequence[Path]) -> str:
        """The id of the series that the files became."""
        series: str = self.finished(self.start_import(project, name, files))["result"]["series"]
        return series


def new_objects(operations: Sequence[dict[str, Any]], reason: str = "test") -> dict[str, Any]:
    """A commit that makes new objects only: its base says that none of them was there."""
    base = [{"track": item["track"], "frame": item.get("frame"), "revision": None} for item in operations]
    return {"request_id": str(uuid.uuid4()), "reason": reason, "base": base, "operations": list(operations)}

"""kill -9 of each process right after an acknowledgement: nothing is lost, and the supervisor restarts it."""

import hashlib
import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from ml import rle
from tests.infrastructure.app import App, running_app
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person, new_objects
from tests.infrastructure.processes import processes_naming
from tests.infrastructure.sender import Sender
from tests.infrastructure.socket import opened
from tests.infrastructure.team import PostgreSQL, postgresql, redis_server
from tests.infrastructure.waiting import wait_until

SIZE = 128
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@dataclass
class Team:
    app: App
    person: Person
    project: str
    series: str
    database: PostgreSQL | None

    def new_mask(self) -> dict[str, Any]:
        """A commit of a new track with one mask on frame 0, at a place of its own."""
        track, mask = str(uuid.uuid4()), np.zeros((SIZE, SIZE), bool)
        row, column = np.random.default_rng().integers(0, SIZE - 20, 2)
        mask[row : row + 20, column : column + 15] = True
        create = {"op": "track.create", "track": track, "phase": None}
        draw = {"op": "mask.set", "track": track, "frame": 0, "mask": asdict(rle.encode(mask))}
        return new_objects([create, draw])

    def commit_mask(self) -> dict[str, Any]:
        """The acknowledged changeset of a new mask."""
        changeset: dict[str, Any] = self.person.post(f"/series/{self.series}/changesets", self.new_mask())
        return changeset

    def mask_hashes(self) -> set[str]:
        return {mask["sha256"] for mask in self.person.get(f"/series/{self.series}/state?frame=0")["masks"]}


def _readers_of(worker: int) -> list[int]:
    """Processes that read files for a worker, which their command line names."""
    return [pid for pid in processes_naming("ml.formats.reader_process") if pid in processes_naming(f"\0{worker}\0")]


def mask_hash(changeset: dict[str, Any]) -> str:
    (found,) = [item["sha256"] for item in changeset["revisions"] if item["kind"] == "mask"]
    return str(found)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """One person's installation: SQLite, messages within the process."""
    with running_app() as app:
        yield prepared(app, None, tmp_path_factory.mktemp("frames"))


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A team's installation."""
    with postgresql() as database, redis_server() as messages, ExitStack() as stack:
        app = stack.enter_context(running_app(DATABASE_URL=database.url, REDIS_URL=messages.url))
        yield prepared(app, database, tmp_path_factory.mktemp("frames"))


def prepared(app: App, database: PostgreSQL | None, frames: Path) -> Team:
    person = app.add_person("ada")
    project = person.post("/projects", {"name": "Survivors"})["id"]
    series = person.import_series(project, "discs", drawn_frames(frames, count=3, size=SIZE))
    return Team(app, person, project, series, database)


def commit_survives(team: Team, role: str) -> None:
    changeset = team.commit_mask()
    former = team.app.kill(role)
    team.app.wait_until_restarted(role, former)
    assert mask_hash(changeset) in team.mask_hashes()
    assert team.commit_mask()["version"] == changeset["version"] + 1


@pytest.mark.parametrize("role", ["web", "engine", "worker-quick", "worker-long", "worker-train"])
def test_killed_process_loses_no_acknowledged_commit_and_comes_back(alone: Team, role: str) -> None:
    commit_survives(alone, role)


def test_killed_web_process_loses_nothing_on_postgresql(team: Team) -> None:
    commit_survives(team, "web")


def test_click_right_after_the_engine_was_killed_is_answered(alone: Team) -> None:
    with opened(alone.person, alone.series) as socket:
        alone.app.kill("engine")
        answer = socket.predict(frame=0, model="fake", points=[(40, 50, 1)])
    assert answer["type"] == "prompt.predicted", answer
    assert answer["candidates"]


def test_commit_over_the_socket_survives_and_reaches_the_next_socket(alone: Team) -> None:
    with opened(alone.person, alone.series) as socket:
        socket.send({"type": "changeset.commit", **alone.new_mask()})
        changeset = socket.until("changeset.committed", "error", "changeset.conflict")["changeset"]
        former = alone.app.kill("web")
    alone.app.wait_until_restarted("web", former)
    with opened(alone.person, alone.series) as socket:
        socket.send({"type": "series.since", "version": changeset["version"] - 1})
        assert socket.until("series.changes")["changesets"] == [changeset]


def test_job_of_a_killed_worker_is_taken_up_again(alone: Team, tmp_path: Path) -> None:
    files = drawn_frames(tmp_path, count=120, size=512)
    job = alone.person.start_import(alone.project, "long", files)
    wait_until(
        lambda: alone.person.get(f"/jobs/{job['id']}")["state"] == "running", timeout_s=60, what="The job's start"
    )
    former = alone.app.kill("worker-quick")
    wait_until(lambda: not _readers_of(former), timeout_s=10, what="The end of the killed worker's reader")
    alone.app.wait_until_restarted("worker-quick", former)
    done = alone.person.finished(job)
    assert alone.person.get(f"/series/{done['result']['series']}")["frames"] == len(files)
    names = [series["name"] for series in alone.person.get(f"/projects/{alone.project}/series")]
    assert names.count("long") == 1


def test_upload_goes_on_after_the_web_process_was_killed(alone: Team, tmp_path: Path) -> None:
    file, part = tmp_path / "half.bin", 3_000_000
    file.write_bytes(np.random.default_rng(4).bytes(5 * part))
    sender = Sender(alone.person, alone.project, file)
    sender.send(0, part)
    with ThreadPoolExecutor(1) as pool:
        # The kill falls into the second part: it counts whole or not at all.
        second = pool.submit(sender.send, part, part)
        former = alone.app.kill("web")
        with suppress(httpx.HTTPError, RuntimeError):
            second.result()
    alone.app.wait_until_restarted("web", former)
    assert sender.offset() in (part, 2 * part)
    upload = sender.send_rest()
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    kept = alone.app.data / "uploads" / digest[:2] / digest
    assert kept.read_bytes() == file.read_bytes()
    with pytest.raises(RuntimeError, match="not an image"):
        alone.person.finished(
            alone.person.post(f"/projects/{alone.project}/imports", {"name": "half", "uploads": [upload]})
        )


def test_training_of_a_killed_worker_goes_on_from_its_last_epoch(alone: Team, tmp_path: Path) -> None:
    side = 64
    series = alone.person.import_series(alone.project, "small", drawn_frames(tmp_path, count=3, size=side))
    mask = np.zeros((side, side), bool)
    mask[10:30, 20:40] = True
    track, drawn = str(uuid.uuid4()), asdict(rle.encode(mask))
    operations: list[dict[str, Any]] = [{"op": "track.create", "track": track, "phase": None}]
    operations += [{"op": "mask.set", "track": track, "frame": frame, "mask": drawn} for frame in range(3)]
    alone.person.post(f"/series/{series}/changesets", new_objects(operations))
    job = alone.person.post(
        f"/projects/{alone.project}/trainings",
        {
            "model": "swin_unet",
            "series": [{"id": series}],
            "split": {"by": "blocks", "block": 1, "share": 0.3, "gap": 0},
            "time_budget_s": 290,
        },
    )

    def rows() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = alone.person.get(f"/jobs/{job['id']}/training")["rows"]
        return found

    wait_until(lambda: bool(rows()), timeout_s=180, what="The first epoch")
    before = rows()
    former = alone.app.kill("worker-train")
    wait_until(lambda: not processes_naming(job["id"]), timeout_s=10, what="The end of the process that learns")
    alone.app.wait_until_restarted("worker-train", former)
    wait_until(lambda: len(rows()) > len(before), timeout_s=240, what="An epoch after the kill")
    alone.person.post(f"/jobs/{job['id']}/finish", {})
    done = alone.person.finished(job)
    after = rows()
    assert after[: len(before)] == before
    assert [row["epoch"] for row in after] == list(range(1, len(after) + 1))
    assert alone.person.get(f"/jobs/{job['id']}/training")["version"] == done["result"]["version"]


def test_segmentation_of_a_killed_worker_goes_on_without_duplicates(alone: Team, tmp_path: Path) -> None:
    frames = 150
    series = alone.person.import_series(alone.project, "many", drawn_frames(tmp_path, count=frames, size=SIZE))
    asked = {"model": "fake", "frames": {"from": 0, "to": frames - 1}}
    job = alone.person.post(f"/series/{series}/segmentations", asked)
    wait_until(
        lambda: 0.1 < alone.person.get(f"/jobs/{job['id']}")["progress"] < 0.9, timeout_s=60, what="The job's middle"
    )
    former = alone.app.kill("worker-long")
    alone.app.wait_until_restarted("worker-long", former)
    done = alone.person.finished(job)
    found = alone.person.get(f"/series/{series}/proposals")
    assert found["frames"] == [{"frame": frame, "count": 4} for frame in range(frames)]
    assert done["result"]["proposals"] == found["count"] == 4 * frames
    assert alone.person.get(f"/series/{series}")["version"] == frames
    accepted = alone.person.post(f"/series/{series}/proposals/accept", {"min_score": 0.5})
    assert accepted == {"version": frames + 1, "accepted": 4 * frames}


def test_killed_database_has_what_it_acknowledged(team: Team) -> None:
    assert team.database is not None
    changeset = team.commit_mask()
    team.database.end(signal.SIGKILL)
    team.database.start()

    def found() -> bool:
        try:
            return mask_hash(changeset) in team.mask_hashes()
        except RuntimeError:
            return False

    wait_until(found, timeout_s=60, what="An answer after the database's restart")
    assert team.commit_mask()["version"] == changeset["version"] + 1


@pytest.mark.parametrize("role", ["worker-long", "engine"])
def test_tracking_goes_on_after_its_worker_or_engine_was_killed(alone: Team, tmp_path: Path, role: str) -> None:
    count = 60
    series = alone.person.import_series(alone.project, "tracked", drawn_frames(tmp_path, count=count, size=256))
    way = {"model": "threshold", "tracker": "overlap", "frames": {"start": 0, "end": count - 1}}
    job = alone.person.post(f"/series/{series}/trackings", way)

    def written() -> int:
        return int(alone.person.get(f"/series/{series}/state?frame=0")["version"])

    wait_until(lambda: written() >= 3, timeout_s=120, what="The first tracked frames")
    former = alone.app.kill(role)
    before = written()
    assert before < count, "It was killed too late to see anything."
    alone.app.wait_until_restarted(role, former)
    assert alone.person.finished(job)["state"] == "done"
    history = alone.person.get(f"/series/{series}/history?limit=200")["results"]
    assert sorted(entry["frames"][0] for entry in history) == list(range(count))
    lanes = alone.person.get(f"/series/{series}/lanes")["tracks"]
    spans = {(run["first"], run["last"]) for lane in lanes for run in (lane["runs"][0], lane["runs"][-1])}
    assert {lane["runs"][0]["first"] for lane in lanes} == {0}, spans
    assert {lane["runs"][-1]["last"] for lane in lanes} == {count - 1}, spans

"""The whole app under its supervisor: kill -9 of each process loses nothing that was acknowledged."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from backend.config.environment import Environment
from backend.config.management.commands import serve
from tests.backend.series.files import ramp, tiff
from tests.infrastructure.app import ROOT, App, running_app
from tests.infrastructure.person import Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with running_app() as started:
        yield started


@pytest.fixture(scope="module")
def ada(app: App) -> Person:
    return app.add_person("ada")


def test_a_kill_of_web_right_after_an_answer_loses_nothing(app: App, ada: Person) -> None:
    project = ada.post("/projects", {"name": "Before the kill"})
    killed = app.kill("web")
    app.wait_until_restarted("web", killed)
    assert ada.get(f"/projects/{project['id']}")["name"] == "Before the kill"


def test_a_kill_of_the_engine_is_mended(app: App) -> None:
    app.wait_until_restarted("engine", app.kill("engine"))


@pytest.mark.parametrize("queue", ["worker-quick", "worker-long", "worker-train"])
def test_a_killed_worker_comes_back(app: App, queue: str) -> None:
    app.wait_until_restarted(queue, app.kill(queue))


def test_a_job_whose_worker_is_killed_is_finished_by_the_next(app: App, ada: Person, tmp_path: Path) -> None:
    images = ramp(frames=400, height=512, width=512, seed=9)
    (tmp_path / "long.tif").write_bytes(tiff(images))
    project = ada.post("/projects", {"name": "Import"})["id"]
    job = ada.start_import(project, "Long", [tmp_path / "long.tif"])
    deadline = time.monotonic() + 60
    while not 0.1 < (shown := ada.get(f"/jobs/{job['id']}"))["progress"] < 0.9:
        assert shown["state"] in ("queued", "running"), shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.05)
    app.wait_until_restarted("worker-quick", app.kill("worker-quick"))
    # The lease of the killed worker runs out first.
    done = ada.finished(job)
    (series,) = ada.get(f"/projects/{project}/series")
    assert (series["id"], series["frames"]) == (done["result"]["series"], 400)
    # The killed attempt's draft was removed by the next one.
    assert [path.name for path in (app.data / "store").iterdir()] == [f"{series['pixels']['store']}.zarr"]
    chunk = ada.client.get(f"/series/{series['id']}/pixels/{series['pixels']['store']}/0/399/0/0")
    assert chunk.status_code == 200


def test_a_second_app_on_the_same_folder_is_refused(app: App) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=app.environment | {"PORT": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode != 0
    assert str(app.data) in second.stderr
    assert httpx.get(f"{app.url}/healthz").status_code == 200


def test_a_taken_port_is_said_to_be_taken(app: App, tmp_path: Path) -> None:
    environment = app.environment | {"GRATICULE_DATA": str(tmp_path)}

    def manage(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    unprepared = manage("serve")
    assert "manage.py setup" in unprepared.stderr
    assert manage("setup", "--no-demo").returncode == 0
    assert f"Cannot listen on 127.0.0.1:{app.port}" in manage("serve").stderr


def test_the_engine_keeps_embeddings_in_the_data_folder_up_to_what_the_setting_says(tmp_path: Path) -> None:
    environment = Environment.read({"GRATICULE_DATA": str(tmp_path), "GRATICULE_EMBEDDINGS_MB": "512"})
    (engine,) = [service for service in serve._services(environment, engine=True) if service.name == "engine"]
    command = list(engine.command)
    assert command[command.index("--embeddings") + 1] == str(tmp_path / "embeddings")
    assert command[command.index("--embeddings-mb") + 1] == "512"

"""A large file passes through the app without lying in anybody's memory."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile

from tests.infrastructure.app import App, running_app
from tests.infrastructure.sender import Sender

MIB = 1024**2
PAGES, SIDE = 75, 2048
FILE_BYTES = PAGES * SIDE * SIDE
MOST_GROWTH_BYTES = 120 * MIB
ROLES = ("web", "worker-quick")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """300 MiB, of which the disk holds little."""
    path = tmp_path / "large.tif"
    pixels = tifffile.memmap(path, shape=(PAGES, SIDE, SIDE), dtype="uint8", bigtiff=True, photometric="minisblack")
    pixels[::10, :100, :100] = np.arange(100, dtype=np.uint8)
    pixels.flush()
    return path


@contextmanager
def watched(app: App) -> Iterator[dict[str, int]]:
    """The most resident bytes of each process since it began."""
    most = dict.fromkeys((*ROLES, "reader"), 0)
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.05):
            for role in ROLES:
                process = psutil.Process(app.pid(role))
                most[role] = max(most[role], process.memory_info().rss)
                with suppress(psutil.NoSuchProcess):
                    for reader in process.children():
                        most["reader"] = max(most["reader"], reader.memory_info().rss)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def test_a_large_file_is_sent_and_imported_in_little_memory(stack: Path) -> None:
    assert stack.stat().st_size > FILE_BYTES
    with running_app() as app:
        person = app.add_person("lise")
        project = person.post("/projects", {"name": "Large"})["id"]
        small = stack.with_name("small.tif")
        tifffile.imwrite(small, np.zeros((2, SIDE, SIDE), np.uint8), photometric="minisblack")
        person.import_series(project, "warm", [small])  # whatever loads on the first import has loaded
        before = {role: psutil.Process(app.pid(role)).memory_info().rss for role in ROLES}
        with watched(app) as most:
            upload = Sender(person, project, stack).send_rest()
            job = person.post(f"/projects/{project}/imports", {"name": "large", "uploads": [upload]})
            series = person.finished(job)["result"]["series"]
        assert person.get(f"/series/{series}")["frames"] == PAGES
        growth = {role: most[role] - before[role] for role in ROLES}
        assert max(growth.values()) < MOST_GROWTH_BYTES, growth
        assert 0 < most["reader"] < FILE_BYTES

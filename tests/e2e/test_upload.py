"""Files on their way in a browser: the connection breaks, the page is loaded again, and no part is sent twice."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from playwright.sync_api import Page, Request, expect

from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person

MIB = 1024**2
PART = 8 * MIB
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def person(live_app: App) -> Person:
    return live_app.add_person("ursula")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty mebibytes: six parts."""
    path = tmp_path_factory.mktemp("stack") / "in situ.tif"
    random = np.random.default_rng(9)
    tifffile.imwrite(path, random.integers(0, 255, (40, 1024, 1024), dtype=np.uint8), photometric="minisblack")
    return path


class Parts:
    """Offsets of the parts that the page sends, and a way to hold them up."""

    def __init__(self, page: Page) -> None:
        self.offsets: list[int] = []
        page.on("requestfinished", self._count)

    def _count(self, request: Request) -> None:
        if request.method == "PATCH" and "/transfers/" in request.url:
            self.offsets.append(int(request.headers["upload-offset"]))


@pytest.fixture
def project(watched: Page, live_app: App, person: Person) -> str:
    project: str = person.post("/projects", {"name": "Uploads"})["id"]
    Annotator(watched).sign_in(live_app.url, "ursula")
    return project


class Connection:
    """The page's own, as slow as is said, or none."""

    def __init__(self, page: Page) -> None:
        self.session = page.context.new_cdp_session(page)
        self.session.send("Network.enable")

    def set(self, bytes_per_s: int = -1, *, offline: bool = False) -> None:
        limits = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_s}
        self.session.send("Network.emulateNetworkConditions", limits)


def choose(page: Page, *files: Path) -> None:
    page.get_by_role("button", name="Import series").first.click()
    page.get_by_label("Files to import").set_input_files(list(files))


def offset_of(person: Person, project: str) -> int:
    (transfer,) = person.get(f"/projects/{project}/transfers")
    return int(transfer["offset"])


def test_an_upload_goes_on_when_the_connection_is_back(
    watched: Page, live_app: App, person: Person, project: str, stack: Path
) -> None:
    page = watched
    parts = Parts(page)
    page.goto(f"{live_app.url}/projects/{project}")
    connection = Connection(page)
    connection.set(8 * MIB)
    choose(page, stack)
    page.get_by_role("button", name="Import", exact=True).click()
    row = page.get_by_role("list", name="Imports")
    expect(row.get_by_text(re.compile(r"Sending, [2-9]\d %"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"MB/s · .* left"))).to_be_visible()
    connection.set(offline=True)
    expect(row.get_by_text(re.compile("No connection; goes on by itself"))).to_be_visible()
    kept = offset_of(person, project)
    assert 0 < kept < stack.stat().st_size
    sent = list(parts.offsets)
    connection.set()
    row.get_by_role("link", name="Open", exact=True).wait_for()
    assert set(sent) <= set(range(PART, kept, PART))  # the first part comes with the request that begins the transfer
    assert parts.offsets[len(sent) :] == list(range(kept, stack.stat().st_size, PART))
    (series,) = person.get(f"/projects/{project}/series")
    assert series["frames"] == 40
    digest = hashlib.sha256(stack.read_bytes()).hexdigest()
    assert (live_app.data / "uploads" / digest[:2] / digest).stat().st_size == stack.stat().st_size


def test_after_a_reload_the_same_file_goes_on_from_where_it_was(
    watched: Page, live_app: App, person: Person, project: str, stack: Path
) -> None:
    page = watched
    page.goto(f"{live_app.url}/projects/{project}")
    Connection(page).set(6 * MIB)
    choose(page, stack)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text(re.compile(r"Sending, [3-9]\d %"))).to_be_visible()
    page.get_by_role("button", name="Pause in situ.tif").click()
    expect(page.get_by_text(re.compile(r"Paused at \d\d %"))).to_be_visible()
    page.wait_for_timeout(1000)  # a part that was whole on its way is still taken
    kept = offset_of(person, project)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    unfinished = page.get_by_role("region", name="Files that did not come whole")
    share = f"{round(100 * kept / stack.stat().st_size)} %"
    expect(unfinished).to_contain_text(f"Drop the same file again and it goes on from {share}")
    parts = Parts(page)
    choose(page, stack)
    expect(page.get_by_role("dialog")).to_contain_text(f"{share} is here already")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("link", name="Open", exact=True).wait_for()
    assert parts.offsets == list(range(kept, stack.stat().st_size, PART))
    expect(unfinished).to_have_count(0)
    assert person.get(f"/projects/{project}/transfers") == []


def test_every_file_has_a_line_and_a_refused_one_says_why(
    watched: Page, live_app: App, person: Person, project: str, tmp_path: Path
) -> None:
    page = watched
    frames = drawn_frames(tmp_path, count=12, size=128)
    notes = tmp_path / "notes.zip"
    notes.write_bytes(b"no archive")
    page.goto(f"{live_app.url}/projects/{project}")
    choose(page, *frames, notes)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("12 frames: frame_000.png … frame_011.png")
    page.get_by_role("button", name="Import 2 series").click()
    imports = page.get_by_role("list", name="Imports")
    expect(imports.get_by_text("notes.zip: not an image")).to_be_visible()
    page.get_by_role("link", name="Open", exact=True).wait_for()
    page.get_by_role("button", name="12 files").click()
    files = page.get_by_role("list", name="Files of Series")
    expect(files.get_by_role("listitem")).to_have_count(12)
    expect(files.get_by_text("Imported")).to_have_count(12)
    (series,) = person.get(f"/projects/{project}/series")
    assert series["frames"] == 12

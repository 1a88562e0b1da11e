"""No page and no dialog breaks a rule of WCAG 2 A or AA that axe-core can see, in light and in dark."""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from ml import rle
from tests.infrastructure.annotator import Annotator
from tests.infrastructure.app import App
from tests.infrastructure.frames import drawn_frames
from tests.infrastructure.person import Person, new_objects

SIZE, FRAMES = 256, 6
AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = "() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })"
# Colours that are on their way from one theme to the other would be judged, too.
AT_REST = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  for (let drawn = 0; drawn < 3; drawn++) await frame();
  const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity);
  await Promise.allSettled(ending.map((one) => one.finished));
  await frame();
}"""
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
Prepare = Callable[[Page], None]


@dataclass(frozen=True)
class World:
    """A project with a series that has masks of both states, tracks, a merge and a phase."""

    url: str
    person: Person
    project: str
    series: str


@pytest.fixture(scope="module")
def world(live_app: App, tmp_path_factory: pytest.TempPathFactory) -> World:
    person = live_app.add_person("axel")
    project = person.post("/projects", {"name": "Access", "description": "Everybody can work here."})["id"]
    live_app.add_person("alba")
    person.post(f"/projects/{project}/members", {"username": "alba", "role": "annotator"})
    phases = [
        person.post(f"/projects/{project}/phases", {"name": name, "colour": colour, "key": key})["id"]
        for name, colour, key in (("Au particle", "#d62728", "1"), ("Support", "#2ca02c", "2"))
    ]
    series = person.import_series(
        project, "discs", drawn_frames(tmp_path_factory.mktemp("discs"), count=FRAMES, size=SIZE)
    )
    annotate(person, series, phases[0])
    return World(live_app.url, person, project, series)


def disc(x: int, y: int, radius: int) -> dict[str, Any]:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return asdict(rle.encode((rows - y) ** 2 + (columns - x) ** 2 <= radius**2))


def annotate(person: Person, series: str, phase: str) -> None:
    """Two particles that merge into a third; and one that nobody has accepted yet."""
    left, right, child, proposed = (str(uuid.uuid4()) for _ in range(4))
    operations: list[dict[str, Any]] = []
    for track, frames, x, state in (
        (left, range(3), 60, "accepted"),
        (right, range(3), 120, "accepted"),
        (child, range(3, FRAMES), 90, "accepted"),
        (proposed, range(FRAMES), 200, "proposal"),
    ):
        operations.append({"op": "track.create", "track": track, "phase": phase})
        for frame in frames:
            mask = {"op": "mask.set", "track": track, "frame": frame, "mask": disc(x, 100, 24), "state": state}
            operations.append(mask)
    version = person.post(f"/series/{series}/changesets", new_objects(operations))["version"]
    merge = {"op": "event.set", "event": str(uuid.uuid4()), "what": "merge", "first_frame": 2, "last_frame": 3}
    merge |= {"parents": [left, right], "children": [child]}
    body = {"request_id": str(uuid.uuid4()), "seen": version, "reason": "Merge", "steps": [merge]}
    person.post(f"/series/{series}/edits", body)


@pytest.fixture(scope="module")
def page(browser: Browser, world: World) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    annotator = Annotator(page)
    annotator.offer_only_the_fake_model()
    annotator.sign_in(world.url, "axel")
    yield page
    context.close()


def check(page: Page) -> None:
    """Waits until nothing moves, then asks axe-core in both themes. Evaluating its text the content policy allows."""
    page.wait_for_load_state("networkidle")
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.wait_for_timeout(300)
        page.evaluate(AT_REST)
        answer = page.evaluate(RULES)
        assert len(answer["passes"]) > 5  # it looked at something
        told = [
            f"{each['id']}: {each['help']}\n" + "\n".join(f"    {node['html'][:240]}" for node in each["nodes"][:8])
            for each in answer["violations"]
        ]
        assert told == [], f"in {scheme}:\n" + "\n".join(told)


def clicked(name: str, role: Any = "button") -> Prepare:
    return lambda page: page.get_by_role(role, name=re.compile(name)).first.click()


def nothing(page: Page) -> None:
    pass


PAGES: dict[str, tuple[str, Prepare]] = {
    "projects": ("/", nothing),
    "projects, none archived": ("/", clicked("^Archived")),
    "new project": ("/", clicked("^New project")),
    "account": ("/", clicked("^Account of")),
    "tokens": ("/", lambda page: (clicked("^Account of")(page), clicked("^API tokens", "menuitem")(page))[0]),
    "series": ("/projects/{project}", nothing),
    "series, nothing found": ("/projects/{project}", lambda page: page.get_by_label("Search series").fill("nothing")),
    "menu of a series": ("/projects/{project}", clicked("^Actions for")),
    "import": ("/projects/{project}", clicked("^Import series")),
    "phases": ("/projects/{project}/phases", nothing),
    "members": ("/projects/{project}/members", nothing),
    "removing a member": ("/projects/{project}/members", clicked("^Remove")),
    "jobs": ("/projects/{project}/jobs", nothing),
    "settings": ("/projects/{project}/settings", nothing),
    "models": ("/projects/{project}/models", nothing),
    "training": ("/projects/{project}/models/train", nothing),
    "threshold": ("/projects/{project}/models/threshold", nothing),
    "comparison": ("/projects/{project}/models/compare", nothing),
    "no such page": ("/nowhere", nothing),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_rule(page: Page, world: World, name: str) -> None:
    address, prepare = PAGES[name]
    page.goto(world.url + address.format(project=world.project))
    page.get_by_role("main").wait_for()
    page.wait_for_load_state("networkidle")
    prepare(page)
    check(page)


def test_the_way_in_breaks_no_rule(browser: Browser, world: World) -> None:
    page = browser.new_page()
    page.goto(world.url)
    page.get_by_label("Username").fill("axel")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)
    page.close()


def select_object(page: Page) -> None:
    page.get_by_role("tab", name="Objects").click()
    page.locator(".objects").get_by_role("row").first.click()


def with_lineage(page: Page) -> None:
    select_object(page)
    page.keyboard.press("l")
    page.get_by_role("dialog").wait_for()


SCENES: dict[str, Prepare] = {
    "objects": select_object,
    "segment": clicked("^Segment$", "tab"),
    "track": clicked("^Track$", "tab"),
    "history": clicked("^History", "tab"),
    "display": clicked("^Display", "tab"),
    "an older version": lambda page: (clicked("^History", "tab")(page), page.locator(".history-entry").last.click())[0],
    "keys": lambda page: page.keyboard.press("?"),
    "export": clicked("^Export$"),
    "calibration": lambda page: page.locator(".calibration-button").click(),
    "lineage": with_lineage,
    "menu of an object": lambda page: (select_object(page), clicked("^What to do with")(page))[0],
    "tracks": lambda page: page.get_by_role("button", name=re.compile("^(Show|Hide) the tracks")).focus(),
    "tour": lambda page: (clicked("^Account of")(page), clicked("^Tour", "menuitem")(page))[0],
}


@pytest.mark.parametrize("name", SCENES)
def test_the_annotator_breaks_no_rule(page: Page, world: World, name: str) -> None:
    page.goto(f"{world.url}/series/{world.series}?frame=0")
    page.get_by_role("img", name=re.compile("^Frame ")).wait_for()
    expect(page.locator(".objects").get_by_role("row").first).to_be_visible()
    SCENES[name](page)
    check(page)
    page.keyboard.press("Escape")


def test_an_archived_series_breaks_no_rule(page: Page, world: World) -> None:
    world.person.post(f"/series/{world.series}/archive", None)
    try:
        page.goto(f"{world.url}/series/{world.series}")
        page.get_by_text("In the archive").wait_for()
        check(page)
        page.goto(f"{world.url}/projects/{world.project}")
        page.get_by_role("button", name="Archived").click()
        page.locator(".card-link").first.wait_for()
        check(page)
    finally:
        world.person.call("DELETE", f"/series/{world.series}/archive")


def test_nothing_moves_for_who_asked_for_that(browser: Browser, world: World) -> None:
    context = browser.new_context(reduced_motion="reduce")
    annotator = Annotator(context.new_page())
    annotator.offer_only_the_fake_model()
    annotator.sign_in(world.url, "axel")
    page = annotator.page
    page.goto(f"{world.url}/series/{world.series}?frame=0")
    page.get_by_role("img", name=re.compile("^Frame ")).wait_for()
    clicked("^Account of")(page)
    clicked("^Tour", "menuitem")(page)
    page.get_by_role("region", name="Tour").wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate(MOVING) == []
    context.close()


def test_the_tab_key_passes_every_control_of_a_list_visibly(page: Page, world: World) -> None:
    """Each stop is in sight and has an outline; none is met twice."""
    page.goto(f"{world.url}/projects/{world.project}")
    page.locator(".card-link").first.wait_for()
    stops: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            break
        assert stop["seen"], f"{stop['name']} has the focus, and nothing shows it"
        stops.append(stop["name"])
    for name in ("Graticule, all projects", "Search series", "discs", "Actions for discs"):
        assert any(name in stop for stop in stops), stops


# What waits before it appears at once does not move.
MOVING = """() => document.getAnimations()
  .filter((one) => one.playState === "running" && Number(one.effect.getComputedTiming().duration) > 1)
  .map((one) => one.animationName ?? one.transitionProperty)"""

FOCUSED = """() => {
  const at = document.activeElement;
  if (at === null || at === document.body) return null;
  const frame = at.closest(".card") ?? at;
  const outlined = [at, frame].some((one) => {
    const look = getComputedStyle(one);
    return look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 1;
  });
  const name = at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent;
  return { name, seen: outlined && at.getBoundingClientRect().width > 0 };
}"""

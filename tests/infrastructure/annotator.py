"""The annotator in a browser: image points become clicks, and what the socket says can be waited for."""

import io
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, WebSocket

from tests.infrastructure.app import PASSWORD
from tests.infrastructure.waiting import Value, wait_until

FIT_MARGIN_PX = 16  # geometry/viewport.ts, fitView
WAIT_S = 60.0
TOUR = "graticule/tour"  # src/state/session/effects_tour.ts
HAD_TOUR = """async (tour) => {
  const { user } = await (await fetch("/api/v1/session")).json();
  localStorage.setItem(`${tour}/${user.id}`, "had");
}"""


class Annotator:
    """One open series in one tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.received: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda payload: self.received.append(json.loads(payload)))
        socket.on("framesent", lambda payload: self.sent.append(json.loads(payload)))

    def sign_in(self, url: str, username: str, password: str = PASSWORD, *, tour: bool = False) -> None:
        """Through the sign-in page; the default password is the one that App.add_person gives.

        Without `tour` the person has had the tour that a first visit begins.
        """
        self.page.goto(url)
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Projects", exact=True).wait_for()
        if not tour:
            self.page.evaluate(HAD_TOUR, TOUR)

    def enter(self, url: str, username: str) -> None:
        """Signs in without the page, which is a second quicker: what it opens next is that person's, tour had."""
        asked = self.page.context.request
        token = asked.get(f"{url}/api/v1/session").json()["csrf"]
        credentials = {"username": username, "password": PASSWORD}
        answer = asked.post(f"{url}/api/v1/session", data=credentials, headers={"X-CSRFToken": token})
        assert answer.ok, answer.text()
        had = f"localStorage.setItem('{TOUR}/{answer.json()['user']['id']}', 'had')"
        self.page.add_init_script(f"if (location.origin === '{url}') {had}")

    def offer_only_the_fake_model(self) -> None:
        """The engine has it under GRATICULE_TEST_MODELS=1, but no listing shows it."""
        fake = {"name": "fake", "title": "Disc around the click", "kind": "segmenter", "promptable": True}
        usable = {"parameters": [], "available": True, "reason": "", "bundled": None, "trainable": False, "configs": []}
        catalogue = {"models": [fake | usable], "versions": []}
        self.page.route("**/api/v1/projects/*/models", lambda route: route.fulfill(json=catalogue))

    def open(self, url: str, series: str, *, frame: int, height: int, width: int, warm: bool = True) -> None:
        """Opens the series and waits until its frame is drawn and, for who may click, its embedding is warm."""
        self.url, self.series, self.height, self.width = url, series, height, width
        self.opened = len(self.received)
        ready = self.answer("frame.ready", lambda message: message["frame"] == frame) if warm else self.answer("hello")
        with ready:
            self.page.goto(f"{url}/series/{series}?frame={frame}")
            self.canvas.wait_for()
        self.page.locator(f'.stage-canvas[data-frame="{frame + 1}"]:not([data-drawn=""])').wait_for()

    def catch_up(self) -> None:
        """Waits until the page has heard of the series' newest version: a job may be seen to end before that."""
        newest = self.page.context.request.get(f"{self.url}/api/v1/series/{self.series}").json()["version"]

        def heard() -> bool:
            news = self.received[self.opened :]
            changesets = [message["changeset"] for message in news if message["type"] == "changeset.committed"]
            heads = [message for message in news if message["type"] == "hello"]
            return any(each["version"] >= newest for each in [*heads, *changesets])

        self.wait_until(heard, what=f"The news of version {newest}")

    def wait_until(self, condition: Callable[[], Value], *, what: str) -> Value:
        """Lets the page's messages come in meanwhile."""

        def sleep(seconds: float) -> None:
            self.page.wait_for_timeout(1000 * seconds)

        return wait_until(condition, timeout_s=WAIT_S, what=what, poll_s=0.02, sleep=sleep)

    @property
    def canvas(self) -> Any:
        return self.page.get_by_role("img", name=re.compile(r"^Frame \d+ of "))

    def screen(self, x: float, y: float) -> tuple[float, float]:
        """Where an image point lies on the page, with the whole image in view (key F)."""
        box = self.canvas.bounding_box()
        assert box is not None
        room = (box["width"] - 2 * FIT_MARGIN_PX, box["height"] - 2 * FIT_MARGIN_PX)
        scale = min(room[0] / self.width, room[1] / self.height)
        return (
            box["x"] + box["width"] / 2 + (x - self.width / 2) * scale,
            box["y"] + box["height"] / 2 + (y - self.height / 2) * scale,
        )

    def picture(self) -> NDArray[np.uint8]:
        """What the browser shows, as RGB."""
        return np.asarray(Image.open(io.BytesIO(self.page.screenshot())).convert("RGB"))

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """Where an image point lies in `picture`, as (row, column)."""
        column, row = self.screen(x, y)
        return int(row), int(column)

    def press(self, key: str) -> None:
        self.page.keyboard.press(key)

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.screen(x, y))

    def drag(self, *points: tuple[float, float]) -> None:
        """Press at the first image point, move through the others, release at the last."""
        self.page.mouse.move(*self.screen(*points[0]))
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*self.screen(*point), steps=4)
        self.page.mouse.up()

    def answer(self, kind: str, accept: Callable[[dict[str, Any]], bool] = lambda message: True) -> "Expected":
        """`with annotator.answer("changeset.committed") as expected: …` then `expected.message`."""
        return Expected(self, kind, accept)


class Expected:
    """A message that the server sends after the block began; leaving the block waits for it."""

    def __init__(self, annotator: Annotator, kind: str, accept: Callable[[dict[str, Any]], bool]) -> None:
        self.annotator, self.kind, self.accept = annotator, kind, accept
        self.message: dict[str, Any] = {}

    def __enter__(self) -> "Expected":
        self.start = len(self.annotator.received)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        try:
            self.message = self.annotator.wait_until(self._found, what=f"The arrival of {self.kind}")
        except TimeoutError as error:
            seen = [message.get("message", message["type"]) for message in self._new]
            raise TimeoutError(f"{error} There were {seen}.") from None

    def _found(self) -> dict[str, Any]:
        matching = (message for message in self._new if message["type"] == self.kind and self.accept(message))
        return next(matching, {})

    @property
    def _new(self) -> list[dict[str, Any]]:
        return self.annotator.received[self.start :]

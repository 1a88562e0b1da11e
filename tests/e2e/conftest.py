"""A browser with WebGL2 and the whole app behind it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.infrastructure.app import App, running_app
from tests.infrastructure.browser import OPTIONS, executable

expect.set_options(timeout=60_000)
FRONTEND = Path(__file__).parents[2] / "frontend" / "dist" / "index.html"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": executable(), "args": list(OPTIONS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}, "accept_downloads": True}


@pytest.fixture(scope="session")
def live_app() -> Iterator[App]:
    """The app with the fake segmenter (a disc around the click) besides the real ones."""
    if not FRONTEND.is_file():
        pytest.fail("The front end is not built: run npm ci && npm run build in frontend/, or make run.")
    with running_app() as app:
        yield app


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """A page that may not have thrown anything, nor broken its content security policy."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    yield page
    assert errors == []

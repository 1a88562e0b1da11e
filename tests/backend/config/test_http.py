"""What every answer carries, what is served to whom, and how much may be sent."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from backend.config.body_limit import MULTIPART_BYTES, BodyLimit, Message, Receive, Scope, Send
from backend.config.frontend import FrontendMiddleware
from backend.config.signed_in import is_signed_in
from backend.projects import tokens
from backend.projects.models import User

UPLOADS = "/api/v1/projects/x/uploads"


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/nothing", "/somewhere", "/api/docs"])
def test_every_answer_forbids_inline_script_and_framing(client: Client, path: str) -> None:
    answer = client.get(path)
    directives = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert directives["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert directives["default-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_answers_of_the_api_are_not_cached_by_default(client: Client) -> None:
    assert client.get("/api/v1/projects")["Cache-Control"] == "no-store"


def test_health_needs_nobody(client: Client) -> None:
    for path in ("/healthz", "/api/v1/healthz"):
        assert client.get(path).json() == {"status": "ok"}


@pytest.mark.django_db
def test_cookies_are_kept_from_other_sites_and_the_session_from_scripts(client: Client) -> None:
    User.objects.create_user("ada", password="correct horse battery")
    body = {"username": "ada", "password": "correct horse battery"}
    answer = client.post("/api/v1/session", body, content_type="application/json")
    assert answer.status_code == 200, answer.json()
    cookies = answer.cookies
    assert cookies["sessionid"]["httponly"]
    assert cookies["sessionid"]["samesite"] == "Lax"
    assert cookies["csrftoken"]["samesite"] == "Lax"


def test_a_wrong_host_is_refused(client: Client) -> None:
    answer = client.get("/healthz", HTTP_HOST="evil.example.org")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


# ---- the single page ----------------------------------------------------------------------------------------


@pytest.fixture
def dist(tmp_path: Path, settings: Settings) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html><title>Graticule</title>")
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "index-BxW3k9aQ.js").write_text("export {};")
    settings.FRONTEND_DIST = tmp_path
    settings.WHITENOISE_ROOT = str(tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/projects/17", "/sign-in?next=/", "/series/a/b"])
def test_the_browsers_own_addresses_get_the_page(client: Client, dist: Path, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-cache")
    assert b"<title>Graticule" in answer.content


@pytest.mark.parametrize("path", ["/assets/missing.js", "/api/v2/projects", "/static/missing.css", "/ws/series/x"])
def test_a_missing_file_is_no_page(client: Client, dist: Path, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_page_is_read_only(client: Client, dist: Path) -> None:
    assert client.post("/projects/17").status_code == 405


def test_bundles_are_served_for_ever_and_by_their_type(client: Client, dist: Path) -> None:
    served: Any = FrontendMiddleware(lambda request: pytest.fail("not served"))
    answer = served(client.get("/assets/index-BxW3k9aQ.js").wsgi_request)
    assert answer.content == b"export {};"
    assert "immutable" in answer["Cache-Control"]
    assert answer["Content-Type"].startswith("text/javascript")


def test_without_a_build_the_page_says_how_to_make_one(client: Client, tmp_path: Path, settings: Settings) -> None:
    settings.FRONTEND_DIST = tmp_path
    answer = client.get("/")
    assert answer.status_code == 503
    assert b"make run" in answer.content


def test_the_api_page_brings_its_own_scripts(client: Client) -> None:
    page = client.get("/api/docs").content.decode()
    assert "http://" not in page
    assert "https://" not in page
    assert "<script>" not in page
    assert "<style>" not in page
    bundle = client.get("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js")
    assert bundle.status_code == 200


# ---- how much may be sent -----------------------------------------------------------------------------------


async def swallow(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that reads all of the body and says how much it was."""
    size = 0
    while True:
        message = await receive()
        size += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


async def post(path: str, content: Any, app: Any = swallow, *, signed_in: bool = True) -> httpx.Response:
    async def is_signed_in(scope: Scope) -> bool:
        return signed_in

    limited: Any = BodyLimit(
        app, upload_bytes={"uploads": 100_000, "models": 50_000}, request_bytes=1000, is_signed_in=is_signed_in
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://app") as client:
        return await client.post(path, content=content)


async def pieces(count: int, size: int) -> Any:
    for _ in range(count):
        yield b"x" * size


async def test_a_body_up_to_the_limit_passes() -> None:
    assert (await post("/api/v1/projects", b"x" * 1000)).text == "1000"
    assert (await post(UPLOADS, b"x" * 100_000)).text == "100000"
    assert (await post("/api/v1/projects/p/models", b"x" * 50_000)).text == "50000"
    for path in ("/api/v1/projects/p/transfers", "/api/v1/transfers/t"):
        assert (await post(path, b"x" * 100_000)).text == "100000"


@pytest.mark.parametrize(
    ("path", "size"),
    [
        ("/api/v1/projects", 1001),
        (UPLOADS, 100_001 + MULTIPART_BYTES),
        (UPLOADS + "/", 1001),
        ("/api/v1/projects/p/models", 50_001 + MULTIPART_BYTES),
        ("/api/v1/models/m", 1001),
        ("/api/v1/projects/p/transfers", 100_001 + MULTIPART_BYTES),
        ("/api/v1/transfers/t", 100_001 + MULTIPART_BYTES),
        ("/api/v1/transfers/t/more", 1001),
        ("/api/v1/uploads/u", 1001),
    ],
)
async def test_a_declared_body_over_the_limit_is_refused_unread(path: str, size: int) -> None:
    answer = await post(path, b"x" * size)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_body_of_undeclared_size_is_counted() -> None:
    assert (await post("/api/v1/projects", pieces(10, 100))).text == "1000"
    answer = await post("/api/v1/projects", pieces(11, 100))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize("path", [UPLOADS, "/api/v1/transfers/t"])
async def test_a_strangers_upload_is_refused_above_the_limit_of_other_requests(path: str, declared: bool) -> None:
    def body(count: int) -> Any:
        return b"x" * 100 * count if declared else pieces(count, 100)

    assert (await post(path, body(10), signed_in=False)).text == "1000"
    answer = await post(path, body(11), signed_in=False)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert (await post(path, body(11))).text == "1100"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["session", "token"])
async def test_who_is_signed_in_is_known_by_session_or_token_until_it_ends(way: str, client: Client) -> None:
    user = await User.objects.acreate(username="ada")
    if way == "session":
        await client.aforce_login(user)
        header = (b"cookie", f"sessionid={client.cookies['sessionid'].value}".encode())
    else:
        _, token = await sync_to_async(tokens.create)(user=user, name="script")
        header = (b"authorization", f"Token {token}".encode())
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": UPLOADS, "query_string": b"", "headers": []}
    assert not await is_signed_in(scope)
    assert not await is_signed_in(scope | {"headers": [(header[0], header[1] + b"x")]})
    assert await is_signed_in(scope | {"headers": [header]})
    await User.objects.filter(pk=user.pk).aupdate(is_active=False)
    assert not await is_signed_in(scope | {"headers": [header]})


def test_bodies_are_spooled_to_the_data_folder(tmp_path: Path) -> None:
    say = "import tempfile, backend.config.asgi; print(tempfile.gettempdir())"
    variables = os.environ | {"DJANGO_SETTINGS_MODULE": "backend.config.settings", "GRATICULE_DATA": str(tmp_path)}
    root = Path(__file__).parents[3]
    result = subprocess.run([sys.executable, "-c", say], cwd=root, env=variables, stdout=subprocess.PIPE, check=True)
    assert Path(result.stdout.decode().strip()) == tmp_path / "tmp"


async def test_a_full_disk_while_a_body_comes_is_called_so() -> None:
    async def full(scope: Scope, receive: Receive, send: Send) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    answer = await post(UPLOADS, b"x", full)
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")


async def test_websockets_pass_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Message) -> Any:
        return {}

    async def nobody(scope: Scope) -> bool:
        return False

    await BodyLimit(app, upload_bytes={}, request_bytes=1, is_signed_in=nobody)({"type": "websocket"}, nothing, nothing)
    assert seen == ["websocket"]


def test_sqlite_waits_for_the_disk_and_for_its_turn() -> None:
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL syncs by default")
    options = settings.DATABASES["default"]["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert "synchronous=FULL" in options["init_command"]
    assert "journal_mode=WAL" in options["init_command"]


def test_the_api_describes_itself_without_a_warning() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", os.devnull)

"""Serves the built front end: its files, and index.html for every address that the browser routes itself."""

import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

# Vite names its bundles name-<hash>.js: another content is another name.
HASHED_NAME = re.compile(r"^/assets/.+-[A-Za-z0-9_-]{8,}\.\w+$")


class FrontendMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, with whole bodies: under ASGI Django cannot stream its synchronous files without a warning."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response, settings)

    def immutable_file_test(self, path: str, url: str) -> bool:
        return HASHED_NAME.match(url) is not None

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        answer = static_file.get_response(request.method, request.META)
        body = b""
        if answer.file is not None:
            with answer.file as file:
                body = file.read()
        response = HttpResponse(body, status=int(answer.status))
        del response["Content-Type"]
        headers: list[tuple[str, Any]] = answer.headers
        for name, value in headers:
            response[name] = value
        return response


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The single page; its script reads the address. Never cached, so that a new build is seen at once."""
    page = settings.FRONTEND_DIST / "index.html"
    if not page.is_file():
        return HttpResponse(
            "The front end is not built. Run `make run`, or `npm ci && npm run build` in frontend/.",
            status=503,
            content_type="text/plain; charset=utf-8",
        )
    return HttpResponse(page.read_bytes(), headers={"Cache-Control": "no-cache"})

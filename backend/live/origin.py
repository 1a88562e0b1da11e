"""Refuses websockets that another site's page opens with our user's cookies: browsers let them through."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings


class SameOrigin:
    """Passes a websocket on whose Origin is the host it came to, or a trusted one (CSRF_TRUSTED_ORIGINS).

    Without an Origin it is no browser, and nobody's cookies come along by themselves.
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        application = self._application if _allowed(scope) else deny
        return await application(scope, receive, send)


async def deny(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Refuses the handshake: 403. Channels' own denier would ask Redis for messages meanwhile."""
    await receive()
    await send({"type": "websocket.close"})


def _allowed(scope: dict[str, Any]) -> bool:
    headers: dict[bytes, str] = {name.lower(): value.decode("latin1") for name, value in scope.get("headers", [])}
    origin = headers.get(b"origin")
    if origin is None:
        return True
    parts = urlsplit(origin.lower())
    trusted = (urlsplit(each) for each in settings.CSRF_TRUSTED_ORIGINS)
    if any((parts.scheme, parts.netloc) == (each.scheme, each.netloc) for each in trusted):
        return True
    return parts.netloc != "" and parts.netloc == headers.get(b"host", "").lower()

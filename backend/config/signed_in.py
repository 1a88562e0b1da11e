"""Whether a signed-in person sends a request, asked before its body is read."""

from io import BytesIO

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.asgi import ASGIRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from backend.config.body_limit import Scope
from backend.live.database import in_thread
from backend.projects.authentication import TokenAuthentication


async def is_signed_in(scope: Scope) -> bool:
    """By a token or a session that is valid now. What the person may do is for the view to decide."""
    return await in_thread(_is_signed_in, scope)


def _is_signed_in(scope: Scope) -> bool:
    request = ASGIRequest(scope, BytesIO())
    try:
        if TokenAuthentication().authenticate(Request(request)) is not None:
            return True
    except AuthenticationFailed:
        return False
    request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    return get_user(request).is_authenticated

"""The one place where an error becomes an HTTP answer."""

import logging
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from backend.protocol.disk import is_disk_full
from backend.protocol.errors import DomainError

logger = logging.getLogger(__name__)


def handle_exception(error: Exception, context: dict[str, Any]) -> Response:
    """REST framework's exception handler: {code, message} for whatever was raised in a view."""
    set_rollback()
    match error:
        case DomainError():
            body, status = error.body(), error.status
        case Http404():
            body, status = {"code": "not_found", "message": "There is nothing at this address."}, 404
        case PermissionDenied():
            body, status = {"code": "forbidden", "message": "You may not do this."}, 403
        case RequestDataTooBig():
            body, status = {"code": "too_large", "message": str(error)}, 413
        case exceptions.ValidationError():
            body, status = _validation_body(error), 400
        case exceptions.APIException():
            return _api_answer(error)
        case _ if is_disk_full(error):
            logger.error("The disk is full", exc_info=error)
            message = "The server's disk is full. Nothing was kept; try again later."
            body, status = {"code": "disk_full", "message": message}, 507
        case _:
            body, status = unexpected(error), 500
    return Response(body, status=status)


def unexpected(error: BaseException) -> dict[str, str]:
    """The body for an error nobody foresaw: the log has the traceback, the person a number to quote."""
    reference = uuid.uuid4().hex[:12]
    logger.error("Unexpected error %s", reference, exc_info=error)
    return {
        "code": "internal",
        "message": f"Something went wrong on the server. Quote {reference} to whoever runs it: the log has the cause.",
    }


def _api_answer(error: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if authenticate := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else "invalid"
    return Response({"code": code, "message": str(error.detail)}, status=error.status_code, headers=headers)


def _validation_body(error: exceptions.ValidationError) -> dict[str, Any]:
    detail = error.detail
    fields = {name: _messages(value) for name, value in detail.items()} if isinstance(detail, dict) else {}
    lines = [f"{name}: {' '.join(messages)}" for name, messages in fields.items()] or _messages(detail)
    return {"code": "invalid", "message": " ".join(lines), "fields": fields}


def _messages(detail: Any) -> list[str]:
    """Every message inside REST framework's nested lists and dictionaries."""
    if isinstance(detail, dict):
        return [f"{name}: {message}" for name, value in detail.items() for message in _messages(value)]
    if isinstance(detail, list | tuple):
        return [message for value in detail for message in _messages(value)]
    return [str(detail)]


# ---- outside REST framework ---------------------------------------------------------------------------------


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    message = f"{reason} Reload the page and try again."
    return JsonResponse({"code": "csrf_failed", "message": message}, status=403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return JsonResponse({"code": "bad_request", "message": "The request cannot be understood."}, status=400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return JsonResponse({"code": "forbidden", "message": "You may not do this."}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return JsonResponse({"code": "not_found", "message": "There is nothing at this address."}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    message = "Something went wrong on the server. The log has the cause."
    return JsonResponse({"code": "internal", "message": message}, status=500)

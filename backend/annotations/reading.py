"""What the views of annotations have in common: the query, the person who may annotate, and the answer."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from backend.annotations import selectors
from backend.annotations.requests import Committed
from backend.projects.models import User
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.series.permissions import require_series


def author_of(request: Request, series: UUID) -> User:
    """The person, who may annotate the series."""
    author = signed_in(request)
    require_series(author, series, Role.ANNOTATOR)
    return author


def query_of(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    query = serializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    values: dict[str, Any] = query.validated_data
    return values


def committed(series: UUID, made: Committed) -> HttpResponse:
    return answer(selectors.changeset(series, made.version), status=200 if made.repeated else 201)


def answer(body: BaseModel, **options: Any) -> HttpResponse:
    """Written by pydantic itself: a frame of 200 masks takes the general renderer longer than the database."""
    return HttpResponse(body.model_dump_json(), content_type="application/json", **options)

"""What the views of annotations have in common: the query, the person who may annotate, and the answer."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from backend.annotations import selectors
from backend.annotations.services import Committed
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


def committed(series: UUID, made: Committed) -> Response:
    return answer(selectors.changeset(series, made.version), status=200 if made.repeated else 201)


def answer(body: BaseModel, **options: Any) -> Response:
    return Response(body.model_dump(mode="json"), **options)

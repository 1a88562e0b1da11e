"""State, timeline, history, masks; and commits, restores and calibrations from scripts and pages."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from backend.annotations import selectors, serializers, services
from backend.annotations.actions import Action, actions_of
from backend.annotations.lanes import lanes
from backend.annotations.services import Committed
from backend.annotations.steps import Edit
from backend.annotations.values import CalibrationValue
from backend.projects.models import User
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.protocol.messages import Changeset, ChangesetCommit, MaskRle
from backend.protocol.reading import read
from backend.series.permissions import require_series

IMMUTABLE = "private, max-age=31536000, immutable"


class StateView(APIView):
    @extend_schema(parameters=[serializers.StateQuery], responses=serializers.FrameStateOutput)
    def get(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        query = _query(serializers.StateQuery, request)
        return _answer(selectors.state_at(series=found, **query))


class TimelineView(APIView):
    @extend_schema(parameters=[serializers.VersionQuery], responses=serializers.TimelineOutput)
    def get(self, request: Request, series: UUID) -> Response:
        require_series(signed_in(request), series, Role.VIEWER)
        query = _query(serializers.VersionQuery, request)
        return _answer(selectors.timeline(series_id=series, version=query["version"]))


class LanesView(APIView):
    @extend_schema(parameters=[serializers.VersionQuery], responses=serializers.LanesOutput)
    def get(self, request: Request, series: UUID) -> Response:
        require_series(signed_in(request), series, Role.VIEWER)
        return _answer(lanes(series_id=series, version=_query(serializers.VersionQuery, request)["version"]))


class HistoryView(APIView):
    @extend_schema(parameters=[serializers.HistoryQuery], responses=serializers.HistoryOutput)
    def get(self, request: Request, series: UUID) -> Response:
        require_series(signed_in(request), series, Role.VIEWER)
        rows, following = selectors.history(series_id=series, **_query(serializers.HistoryQuery, request))
        entries = [serializers.HistoryEntryOutput.of(row) for row in rows]
        return _answer(serializers.HistoryOutput(results=entries, next=following))


class MaskView(APIView):
    @extend_schema(responses=MaskRle)
    def get(self, request: Request, series: UUID, sha256: str) -> HttpResponse:
        require_series(signed_in(request), series, Role.VIEWER)
        mask = selectors.mask(series, sha256)
        headers = {"Cache-Control": IMMUTABLE, "ETag": f'"{sha256}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return HttpResponseNotModified(headers=headers)
        return _answer(mask, headers=headers)


class ChangesetsView(APIView):
    @extend_schema(request=ChangesetCommit, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT})
    def post(self, request: Request, series: UUID) -> Response:
        author = _author(request, series)
        message = read(ChangesetCommit.model_validate, request.data)
        return _committed(series, services.commit(series_id=series, author=author, message=message))


class RestoreView(APIView):
    @extend_schema(
        request=serializers.RestoreInput, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, series: UUID) -> Response:
        author = _author(request, series)
        values = serializers.RestoreInput.read(request)
        return _committed(series, services.restore(series_id=series, author=author, **values))


class EditsView(APIView):
    @extend_schema(request=Edit, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT})
    def post(self, request: Request, series: UUID) -> Response:
        author = _author(request, series)
        asked = read(Edit.model_validate, request.data)
        return _committed(series, services.edit(series_id=series, author=author, asked=asked))


class RevertView(APIView):
    @extend_schema(
        request=serializers.RevertInput, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, series: UUID) -> Response:
        author = _author(request, series)
        values = serializers.RevertInput.read(request)
        return _committed(series, services.revert(series_id=series, author=author, **values))


class ActionsView(APIView):
    @extend_schema(responses=serializers.ActionsOutput)
    def get(self, request: Request, series: UUID) -> Response:
        person = signed_in(request)
        require_series(person, series, Role.VIEWER)
        found = actions_of(series, person.pk)

        def listed(actions: list[Action]) -> list[serializers.ActionOutput]:
            return [serializers.ActionOutput(action=a.id, reason=a.reason, version=a.version) for a in actions]

        return _answer(serializers.ActionsOutput(undo=listed(found.undo), redo=listed(found.redo)))


class TakeBackView(APIView):
    @extend_schema(
        request=serializers.TakeBackInput, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, series: UUID) -> Response:
        author = _author(request, series)
        values = serializers.TakeBackInput.read(request)
        take_back = services.take_back if "action" in values else services.take_back_of_object
        return _committed(series, take_back(series_id=series, author=author, **values))


class RevertJobView(APIView):
    @extend_schema(request=serializers.RevertJobInput, responses=serializers.RevertedOutput)
    def post(self, request: Request, series: UUID) -> Response:
        author = _author(request, series)
        values = serializers.RevertJobInput.read(request)
        masks = services.revert_job(series_id=series, author=author, **values)
        return Response(serializers.RevertedOutput({"version": selectors.head_of(series), "masks": masks}).data)


class CalibrationView(APIView):
    @extend_schema(request=serializers.CalibrationInput, responses={201: Changeset, 200: Changeset})
    def post(self, request: Request, series: UUID) -> Response:
        author = _author(request, series)
        values = serializers.CalibrationInput.read(request)
        note = values.pop("source_note")
        request_id = values.pop("request_id")
        source = f"Entered by {author.shown_name}" + (f": {note}" if note else "")
        value = CalibrationValue(**values, source=source)
        made = services.set_calibration(series_id=series, author=author, request_id=request_id, value=value)
        return _committed(series, made)


def _author(request: Request, series: UUID) -> User:
    """The person, who may annotate the series."""
    author = signed_in(request)
    require_series(author, series, Role.ANNOTATOR)
    return author


def _committed(series: UUID, made: Committed) -> Response:
    return _answer(selectors.changeset(series, made.version), status=200 if made.repeated else 201)


def _query(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    query = serializer(data=request.query_params)
    query.is_valid(raise_exception=True)
    values: dict[str, Any] = query.validated_data
    return values


def _answer(body: BaseModel, **options: Any) -> Response:
    return Response(body.model_dump(mode="json"), **options)

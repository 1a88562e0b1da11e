"""State, timeline, masks; and commits, edits and calibrations from scripts and pages."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.annotations import reversals, selectors, serializers, services
from backend.annotations.actions import Action, actions_of
from backend.annotations.lanes import lanes
from backend.annotations.reading import answer, author_of, committed, query_of
from backend.annotations.steps import Edit
from backend.annotations.values import CalibrationValue
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.protocol.messages import Changeset, ChangesetCommit, MaskRle
from backend.protocol.reading import read
from backend.series.permissions import require_series

IMMUTABLE = "private, max-age=31536000, immutable"


class StateView(APIView):
    @extend_schema(parameters=[serializers.StateQuery], responses=serializers.FrameStateOutput)
    def get(self, request: Request, series: UUID) -> HttpResponse:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        query = query_of(serializers.StateQuery, request)
        return answer(selectors.state_at(series=found, **query))


class TimelineView(APIView):
    @extend_schema(parameters=[serializers.VersionQuery], responses=serializers.TimelineOutput)
    def get(self, request: Request, series: UUID) -> HttpResponse:
        require_series(signed_in(request), series, Role.VIEWER)
        query = query_of(serializers.VersionQuery, request)
        return answer(selectors.timeline(series_id=series, version=query["version"]))


class LanesView(APIView):
    @extend_schema(parameters=[serializers.VersionQuery], responses=serializers.LanesOutput)
    def get(self, request: Request, series: UUID) -> HttpResponse:
        require_series(signed_in(request), series, Role.VIEWER)
        return answer(lanes(series_id=series, version=query_of(serializers.VersionQuery, request)["version"]))


class MaskView(APIView):
    @extend_schema(responses=MaskRle)
    def get(self, request: Request, series: UUID, sha256: str) -> HttpResponse:
        require_series(signed_in(request), series, Role.VIEWER)
        mask = selectors.mask(series, sha256)
        headers = {"Cache-Control": IMMUTABLE, "ETag": f'"{sha256}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return HttpResponseNotModified(headers=headers)
        return answer(mask, headers=headers)


class ChangesetsView(APIView):
    @extend_schema(request=ChangesetCommit, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT})
    def post(self, request: Request, series: UUID) -> HttpResponse:
        author = author_of(request, series)
        message = read(ChangesetCommit.model_validate, request.data)
        return committed(series, services.commit(series_id=series, author=author, message=message))


class EditsView(APIView):
    @extend_schema(request=Edit, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT})
    def post(self, request: Request, series: UUID) -> HttpResponse:
        author = author_of(request, series)
        asked = read(Edit.model_validate, request.data)
        return committed(series, services.edit(series_id=series, author=author, asked=asked))


class RevertView(APIView):
    @extend_schema(
        request=serializers.RevertInput, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, series: UUID) -> HttpResponse:
        author = author_of(request, series)
        values = serializers.RevertInput.read(request)
        return committed(series, reversals.revert(series_id=series, author=author, **values))


class ActionsView(APIView):
    @extend_schema(responses=serializers.ActionsOutput)
    def get(self, request: Request, series: UUID) -> HttpResponse:
        person = signed_in(request)
        require_series(person, series, Role.VIEWER)
        found = actions_of(series, person.pk)

        def listed(actions: list[Action]) -> list[serializers.ActionOutput]:
            return [serializers.ActionOutput(action=a.id, reason=a.reason, version=a.version) for a in actions]

        return answer(serializers.ActionsOutput(undo=listed(found.undo), redo=listed(found.redo)))


class TakeBackView(APIView):
    @extend_schema(
        request=serializers.TakeBackInput, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, series: UUID) -> HttpResponse:
        author = author_of(request, series)
        values = serializers.TakeBackInput.read(request)
        take_back = reversals.take_back if "action" in values else reversals.take_back_of_object
        return committed(series, take_back(series_id=series, author=author, **values))


class RevertJobView(APIView):
    @extend_schema(request=serializers.RevertJobInput, responses=serializers.RevertedOutput)
    def post(self, request: Request, series: UUID) -> Response:
        author = author_of(request, series)
        values = serializers.RevertJobInput.read(request)
        masks = reversals.revert_job(series_id=series, author=author, **values)
        return Response(serializers.RevertedOutput({"version": selectors.head_of(series), "masks": masks}).data)


class CalibrationView(APIView):
    @extend_schema(
        request=serializers.CalibrationInput, responses={201: Changeset, 200: Changeset, 409: OpenApiTypes.OBJECT}
    )
    def post(self, request: Request, series: UUID) -> HttpResponse:
        author = author_of(request, series)
        values = serializers.CalibrationInput.read(request)
        note = values.pop("source_note")
        request_id, base = values.pop("request_id"), values.pop("base")
        source = f"Entered by {author.shown_name}" + (f": {note}" if note else "")
        value = CalibrationValue(**values, source=source)
        made = services.set_calibration(series_id=series, author=author, request_id=request_id, value=value, base=base)
        return committed(series, made)

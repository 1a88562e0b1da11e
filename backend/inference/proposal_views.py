"""Segmentations of a series, and what becomes of the proposals they make."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.annotations import selectors as annotations
from backend.annotations import services
from backend.annotations.proposals import Selection
from backend.inference import proposal_serializers as serializers
from backend.inference import segmentation
from backend.jobs.selectors import find as find_job
from backend.jobs.serializers import JobOutput
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.series.permissions import require_series


class SegmentationsView(APIView):
    @extend_schema(request=serializers.SegmentationInput, responses={201: JobOutput})
    def post(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.ANNOTATOR)
        values = serializers.SegmentationInput.read(request)
        job = segmentation.request_segmentation(series=found, created_by=signed_in(request), **values)
        return Response(JobOutput(find_job(job.pk)).data, status=201)


class ProposalsView(APIView):
    @extend_schema(parameters=[serializers.ProposalsQuery], responses=serializers.ProposalsOutput)
    def get(self, request: Request, series: UUID) -> Response:
        require_series(signed_in(request), series, Role.VIEWER)
        query = serializers.ProposalsQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        selection = Selection(first=asked.get("from", 0), last=asked.get("to"))
        return Response(serializers.ProposalsOutput(annotations.proposal_counts(series, selection)).data)


class AcceptView(APIView):
    @extend_schema(request=serializers.SelectionInput, responses=serializers.AcceptedOutput)
    def post(self, request: Request, series: UUID) -> Response:
        require_series(signed_in(request), series, Role.ANNOTATOR)
        selection, action = _selection(request)
        count = services.accept_proposals(
            series_id=series, author=signed_in(request), selection=selection, action=action
        )
        return Response(serializers.AcceptedOutput({"version": annotations.head_of(series), "accepted": count}).data)


class DiscardView(APIView):
    @extend_schema(request=serializers.SelectionInput, responses=serializers.DiscardedOutput)
    def post(self, request: Request, series: UUID) -> Response:
        require_series(signed_in(request), series, Role.ANNOTATOR)
        selection, action = _selection(request)
        count = services.discard_proposals(
            series_id=series, author=signed_in(request), selection=selection, action=action
        )
        return Response(serializers.DiscardedOutput({"version": annotations.head_of(series), "discarded": count}).data)


def _selection(request: Request) -> tuple[Selection, UUID | None]:
    values: dict[str, Any] = serializers.SelectionInput.read(request)
    frames = values.pop("frames") or {"from": 0, "to": None}
    action: UUID | None = values.pop("action")
    return Selection(first=frames["from"], last=frames["to"], **values), action

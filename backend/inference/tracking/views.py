"""Trackers, and trackings of a series."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.inference import catalogue
from backend.inference.tracking import orders, serializers
from backend.jobs.selectors import find as find_job
from backend.jobs.serializers import JobOutput
from backend.projects.roles import Role
from backend.projects.views import signed_in
from backend.series.permissions import require_series


class TrackersView(APIView):
    @extend_schema(responses=serializers.TrackerOutput(many=True))
    def get(self, request: Request) -> Response:
        signed_in(request)
        return Response(serializers.TrackerOutput(catalogue.trackers(), many=True).data)


class TrackingsView(APIView):
    @extend_schema(request=serializers.TrackingInput, responses={201: JobOutput})
    def post(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.ANNOTATOR)
        values = serializers.TrackingInput.read(request)
        job = orders.request_tracking(series=found, created_by=signed_in(request), **values)
        return Response(JobOutput(find_job(job.pk)).data, status=201)

"""Trainings: what they would learn from, their start, their curve, their early end."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.inference.training import orders, serializers, state
from backend.jobs.permissions import require_ending, require_job
from backend.jobs.selectors import find as find_job
from backend.jobs.serializers import JobOutput
from backend.projects.permissions import require
from backend.projects.roles import Role
from backend.projects.views import signed_in


class TrainingsView(APIView):
    @extend_schema(request=serializers.TrainingInput, responses={201: JobOutput})
    def post(self, request: Request, project: UUID) -> Response:
        membership = require(signed_in(request), project, Role.ANNOTATOR)
        values = serializers.TrainingInput.read(request)
        job = orders.request_training(project=membership.project, created_by=membership.user, values=values)
        return Response(JobOutput(find_job(job.pk)).data, status=201)


class TrainingPreviewView(APIView):
    @extend_schema(request=serializers.TrainingInput, responses=serializers.PreviewOutput)
    def post(self, request: Request, project: UUID) -> Response:
        membership = require(signed_in(request), project, Role.VIEWER)
        plan = orders.preview(project=membership.project, values=serializers.TrainingInput.read(request))
        return Response(serializers.PreviewOutput(state.preview_of(plan)).data)


class TrainingView(APIView):
    @extend_schema(responses=serializers.TrainingOutput)
    def get(self, request: Request, job: UUID) -> Response:
        found = state.require_training(require_job(signed_in(request), job))
        return Response(serializers.TrainingOutput(state.training_state(found)).data)


class FinishView(APIView):
    @extend_schema(request=None, responses=JobOutput)
    def post(self, request: Request, job: UUID) -> Response:
        orders.finish_early(job=state.require_training(require_ending(signed_in(request), job)))
        return Response(JobOutput(find_job(job)).data)

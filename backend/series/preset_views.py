"""Named windows of a series over REST."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from backend.projects.roles import Role
from backend.projects.serializers import Input
from backend.projects.views import signed_in
from backend.series import presets
from backend.series.models import DisplayPreset
from backend.series.permissions import require_series

LARGEST_VALUE = 1e30  # float32 frames may hold anything below it


class DisplayPresetOutput(serializers.ModelSerializer[DisplayPreset]):
    class Meta:
        model = DisplayPreset
        fields = ("id", "name", "low", "high", "gamma", "invert", "is_default")


class DisplayPresetInput(Input):
    name = serializers.CharField(max_length=100)
    low = serializers.FloatField(min_value=-LARGEST_VALUE, max_value=LARGEST_VALUE, help_text="Grey value of black.")
    high = serializers.FloatField(min_value=-LARGEST_VALUE, max_value=LARGEST_VALUE, help_text="Grey value of white.")
    gamma = serializers.FloatField(min_value=0.05, max_value=20)
    invert = serializers.BooleanField(default=False)
    is_default = serializers.BooleanField(default=False, help_text="The series opens with it, for everyone.")


class DisplayPresetsView(APIView):
    @extend_schema(responses=DisplayPresetOutput(many=True))
    def get(self, request: Request, series: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.VIEWER)
        return Response(DisplayPresetOutput(presets.presets_of(found), many=True).data)

    @extend_schema(request=DisplayPresetInput, responses={201: DisplayPresetOutput})
    def post(self, request: Request, series: UUID) -> Response:
        person = signed_in(request)
        found, _ = require_series(person, series, Role.ANNOTATOR)
        values = DisplayPresetInput.read(request)
        preset = presets.create_preset(series=found, created_by=person, values=values)
        return Response(DisplayPresetOutput(preset).data, status=201)


class DisplayPresetView(APIView):
    @extend_schema(request=DisplayPresetInput, responses=DisplayPresetOutput)
    def patch(self, request: Request, series: UUID, preset: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.ANNOTATOR)
        values: dict[str, Any] = DisplayPresetInput.read(request, partial=True)
        return Response(DisplayPresetOutput(presets.change_preset(series=found, preset_id=preset, values=values)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, series: UUID, preset: UUID) -> Response:
        found, _ = require_series(signed_in(request), series, Role.ANNOTATOR)
        presets.delete_preset(series=found, preset_id=preset)
        return Response(status=204)

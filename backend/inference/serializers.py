"""The JSON of exports."""

from rest_framework import serializers

from backend.annotations.serializers import MOST_VERSIONS
from backend.projects.serializers import Input


class ExportInput(Input):
    version = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, allow_null=True, default=None)
    formats = serializers.ListField(child=serializers.CharField(max_length=32), min_length=1, max_length=16)

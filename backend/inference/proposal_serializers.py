"""The JSON of segmentations and of the proposals they make."""

from typing import Any

from rest_framework import serializers

from backend.annotations.selectors import SCORE_BINS
from backend.annotations.serializers import MOST_VERSIONS
from backend.projects.serializers import Input


class FramesInput(Input):
    """Both ends are included."""

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of the language: it cannot be an attribute of the class.
        return {name: serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS) for name in ("from", "to")}


class SteppedFramesInput(FramesInput):
    def get_fields(self) -> dict[str, Any]:
        step = serializers.IntegerField(min_value=1, max_value=MOST_VERSIONS, default=1)
        return super().get_fields() | {"step": step}


class SegmentationInput(Input):
    model = serializers.CharField(max_length=64)
    version = serializers.UUIDField(allow_null=True, default=None, help_text="null: the model's usual weights")
    parameters = serializers.DictField(child=serializers.JSONField(allow_null=True), default=dict)
    frames = SteppedFramesInput()
    min_score = serializers.FloatField(
        min_value=0, max_value=1, allow_null=True, default=None, help_text="Masks of models without scores are kept."
    )
    replace_proposals = serializers.BooleanField(
        default=True, help_text="Whether proposals that jobs made on these frames before give way."
    )


class ProposalsQuery(serializers.Serializer[Any]):
    """`from` and `to` are frames, both included; without them the whole series."""

    def get_fields(self) -> dict[str, Any]:
        return {
            name: serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, required=False)
            for name in ("from", "to")
        }


class FrameProposalsOutput(serializers.Serializer[Any]):
    frame = serializers.IntegerField()
    count = serializers.IntegerField()


class ProposalsOutput(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    frames = FrameProposalsOutput(many=True, help_text="Only frames that have proposals.")
    scores = serializers.ListField(
        child=serializers.IntegerField(),
        help_text=f"How many score within each of {SCORE_BINS} parts of 0 to 1.",
    )
    unscored = serializers.IntegerField(help_text="Proposals of models that give no score.")


class SelectionInput(Input):
    """A proposal without a score counts as one of 0."""

    frames = FramesInput(allow_null=True, default=None, help_text="null: all")
    min_score = serializers.FloatField(min_value=0, max_value=1)
    below = serializers.FloatField(
        min_value=0, max_value=1, allow_null=True, default=None, help_text="Only scores less than this."
    )
    job = serializers.UUIDField(allow_null=True, default=None, help_text="Only what this job proposed.")
    action = serializers.UUIDField(
        allow_null=True, default=None, help_text="What the client calls it, to take it back as one."
    )


class AcceptedOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    accepted = serializers.IntegerField()


class DiscardedOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    discarded = serializers.IntegerField()

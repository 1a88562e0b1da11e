"""The JSON of trainings."""

from typing import Any

from rest_framework import serializers

from backend.annotations.serializers import MOST_VERSIONS
from backend.jobs.models import State
from backend.projects.serializers import Input

MOST_SERIES = 200
MOST_PHASES = 60
LONGEST_S = 14 * 24 * 3600.0


class TrainingSeriesInput(Input):
    id = serializers.UUIDField()
    version = serializers.IntegerField(min_value=0, max_value=MOST_VERSIONS, allow_null=True, default=None)


class SplitInput(Input):
    by = serializers.ChoiceField(choices=["series", "blocks"])
    validation = serializers.ListField(
        child=serializers.UUIDField(), max_length=MOST_SERIES, default=list, help_text="by series: those to score"
    )
    block = serializers.IntegerField(min_value=1, max_value=100_000, default=10, help_text="frames in a block")
    share = serializers.FloatField(min_value=0.01, max_value=0.9, default=0.2, help_text="of blocks to score")
    gap = serializers.IntegerField(
        min_value=0, max_value=10_000, default=1, help_text="so near a frame that is scored none trains"
    )


class TrainingInput(Input):
    """With `resume` nothing else counts: the job goes on with the recipe of the one named."""

    model = serializers.CharField(max_length=64, required=False)
    config = serializers.CharField(max_length=64, allow_blank=True, default="")
    name = serializers.CharField(max_length=200, allow_blank=True, default="")
    series = TrainingSeriesInput(many=True, required=False)
    phases = serializers.ListField(child=serializers.UUIDField(), max_length=MOST_PHASES, default=list)
    split = SplitInput(required=False)
    time_budget_s = serializers.FloatField(min_value=1.0, max_value=LONGEST_S, allow_null=True, default=None)
    epochs = serializers.IntegerField(min_value=1, max_value=1_000_000, allow_null=True, default=None)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    start = serializers.UUIDField(allow_null=True, default=None, help_text="the version whose weights it begins with")
    from_usual = serializers.BooleanField(default=False, help_text="begin with the model's usual weights")
    resume = serializers.UUIDField(allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["resume"] is None:
            missing = [name for name in ("model", "series", "split") if not attrs.get(name)]
            if missing:
                raise serializers.ValidationError(dict.fromkeys(missing, "This field is required."))
            if attrs["start"] is not None and attrs["from_usual"]:
                raise serializers.ValidationError({"start": "Start from a version or the usual weights, not both."})
            if len(attrs["series"]) > MOST_SERIES:
                raise serializers.ValidationError({"series": f"At most {MOST_SERIES} series train together."})
        return attrs


class SeriesFramesOutput(serializers.Serializer[Any]):
    series = serializers.UUIDField()
    frames = serializers.ListField(child=serializers.IntegerField())


class PreviewOutput(serializers.Serializer[Any]):
    training = SeriesFramesOutput(many=True)
    validation = SeriesFramesOutput(many=True)
    unused = SeriesFramesOutput(many=True)
    masks = serializers.IntegerField(help_text="accepted masks on all annotated frames")
    problems = serializers.ListField(child=serializers.CharField())
    can_start = serializers.BooleanField(help_text="false: the first of the problems forbid it")


class CurveRowOutput(serializers.Serializer[Any]):
    step = serializers.IntegerField(allow_null=True)
    epoch = serializers.IntegerField(allow_null=True)
    seconds = serializers.FloatField(allow_null=True)
    loss = serializers.FloatField(allow_null=True)
    iou = serializers.FloatField(allow_null=True)
    dice = serializers.FloatField(allow_null=True)


class TrainingOutput(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="of the version that it makes; empty: a number")
    model = serializers.CharField(help_text="its title")
    series = serializers.ListField(child=serializers.CharField(), help_text="names, as they were")
    recipe = serializers.DictField()
    rows = CurveRowOutput(many=True)
    version = serializers.UUIDField(allow_null=True)
    can_resume = serializers.BooleanField()
    state = serializers.ChoiceField(choices=State.choices)

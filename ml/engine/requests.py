"""What the engine is asked: frames by store and index, models by name, prompts; never pixels."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Number = Annotated[float, Field(allow_inf_nan=False)]
Index = Annotated[int, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class FrameRequest(BaseModel):
    """One frame for one model.

    `store` is a path below the folder of stores, `channel` null the only channel or the luminance of a colour image,
    `weights` the SHA-256 of a file in the folder of model files, null the model's usual weights.
    `client` names who asks (a socket, a job): of one client's queued clicks only the newest counts, likewise of its
    warm-ups.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Annotated[str, Field(min_length=1, max_length=500)]
    frame: Index
    model: Annotated[str, Field(min_length=1, max_length=64)]
    weights: Sha256 | None = None
    input_range: tuple[Number, Number]
    channel: Index | None = None
    client: Annotated[str, Field(min_length=1, max_length=200)]


class WarmRequest(FrameRequest):
    """Compute the frame's embedding, and then those of up to `neighbours` frames on either side."""

    neighbours: Annotated[int, Field(ge=0, le=16)] = 0


class PredictRequest(FrameRequest):
    """Candidate masks for one prompt: points (x, y, label) and perhaps a box (x0, y0, x1, y1), in frame pixels."""

    points: Annotated[list[tuple[Number, Number, Literal[0, 1]]], Field(max_length=1000)] = []
    box: tuple[Number, Number, Number, Number] | None = None
    priority: Literal["click", "job"] = "click"

    @model_validator(mode="after")
    def _has_prompt(self) -> "PredictRequest":
        if not self.points and self.box is None:
            raise ValueError("a prompt has at least one point or a box")
        return self


class SegmentRequest(FrameRequest):
    """Every object of the frame. `ticket` is the caller's own name for this request, to ask how far it is."""

    parameters: dict[str, Number | bool | str | None] = {}
    priority: Literal["click", "job"] = "job"
    ticket: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = None


class CheckRequest(BaseModel):
    """A file that shall become a model's weights or settings. `path` lies below the folder of model files.

    `name` is what the person calls the file; `model` null: whatever model the file says it is of.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=300)]
    model: Annotated[str, Field(min_length=1, max_length=64)] | None = None

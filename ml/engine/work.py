"""What the device thread does for each kind of request, as generators that yield between pieces."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy as np

from ml import rle
from ml.engine.answers import Answers
from ml.engine.embedding_cache import EmbeddingCache, EmbeddingKey
from ml.engine.embedding_store import EmbeddingStore
from ml.engine.models import Models
from ml.engine.pixels import PixelStores
from ml.engine.queue import Steps
from ml.engine.requests import FrameRequest, Mask, Parameters, PredictRequest, SegmentRequest, WarmRequest
from ml.rle import Rle
from ml.types import Embedding, Grey, Instance, Prompt, PromptableSegmenter

MASKS_PER_PIECE = 32  # about 10 ms of run-length encoding at 512 × 512


@dataclass(frozen=True)
class Device:
    """What the device thread works with."""

    stores: PixelStores
    models: Models
    cache: EmbeddingCache
    kept: EmbeddingStore | None = None  # on disk
    answers: Answers = field(default_factory=Answers)


class PromptError(ValueError):
    """A prompt whose mask is none of the frame."""


def predict(device: Device, request: PredictRequest) -> Steps[dict[str, Any]]:
    """Candidate masks for one prompt, best first."""
    model = device.models.get(request.model, request.weights)
    key = embedding_key(model, request, request.frame)
    refined = None if request.mask is None else _checked(request.mask, device.stores.size(request.store))
    start = perf_counter()
    embedding = yield from embed(device, model, request, request.frame)
    encoded = perf_counter()
    prompt = Prompt(tuple(request.points), request.box)
    if refined is not None:
        logits = device.answers.logits(key, rle.sha256(refined))
        prompt = replace(prompt, mask=rle.decode(refined), logits=logits)
    candidates = model.decode(embedding, prompt)
    decoded = perf_counter()
    described = [describe(candidate) for candidate in candidates]
    for candidate, each in zip(candidates, described, strict=True):
        if candidate.logits is not None:
            device.answers.keep(key, rle.sha256(Rle(**each["rle"])), candidate.logits)
    return {
        "candidates": described,
        "model_hash": model.weights_hash,
        "encode_ms": round((encoded - start) * 1000, 3),
        "decode_ms": round((decoded - encoded) * 1000, 3),
    }


def _checked(mask: Mask, size: tuple[int, int]) -> Rle:
    """The mask to refine, which is well formed, of the frame's size and not empty."""
    try:
        checked = rle.validate(mask.size, mask.counts)
    except rle.InvalidRleError as error:
        raise PromptError(f"The mask to refine is malformed: {error}") from error
    if checked.size != size:
        raise PromptError(
            f"The mask to refine has {' × '.join(map(str, checked.size))} px, the frame {' × '.join(map(str, size))}."
        )
    if not rle.area(checked):
        raise PromptError("The mask to refine is empty; leave it out.")
    return checked


def warm(device: Device, request: WarmRequest) -> Steps[dict[str, Any]]:
    """The frame's embedding in the cache; says whether it was there already."""
    model = device.models.get(request.model, request.weights)
    cached = embedding_key(model, request, request.frame) in device.cache
    yield from embed(device, model, request, request.frame)
    return {"cached": cached}


def warm_neighbours(device: Device, request: WarmRequest) -> Steps[None]:
    """The embeddings of the frames around, nearest and later ones first."""
    model = device.models.get(request.model, request.weights)
    frames = device.stores.frames(request.store)
    for distance in range(1, request.neighbours + 1):
        for frame in (request.frame + distance, request.frame - distance):
            if 0 <= frame < frames and embedding_key(model, request, frame) not in device.cache:
                yield from embed(device, model, request, frame)
                yield None


def load(device: Device, name: str) -> Steps[None]:
    """The model in memory and run once: libraries choose their kernels on the first call, which is a slow one."""
    model = device.models.get(name)
    yield None
    if device.models.info(name).promptable:
        embedding = model.encode(np.zeros((model.input_size, model.input_size), np.float32))
        yield None
        model.decode(embedding, Prompt(points=((1.0, 1.0, 1),)))


def segment(device: Device, request: SegmentRequest) -> Steps[dict[str, Any]]:
    """Every object of the frame."""
    model = device.models.get(request.model, request.weights)
    frame = device.stores.frame(request.store, request.frame, request.input_range, request.channel)
    instances = yield from found(model, frame, request.parameters)
    return {"instances": (yield from _describe_all(instances)), "model_hash": model.weights_hash}


def found(model: Any, frame: Grey, parameters: Parameters) -> Steps[Sequence[Instance]]:
    """What a segmenter finds; models with `segment_steps` let clicks go between their pieces."""
    instances: Sequence[Instance]
    if hasattr(model, "segment_steps"):
        instances = yield from model.segment_steps(frame, parameters)
    else:
        instances = model.segment(frame, parameters)
    return instances


def embed(device: Device, model: PromptableSegmenter, request: FrameRequest, frame: int) -> Steps[Embedding]:
    """The frame's embedding, from memory, from disk, or computed."""
    key = embedding_key(model, request, frame)

    def encode() -> Steps[Embedding]:
        if device.kept is not None and (arrays := device.kept.read(key)) is not None:
            try:
                return model.unpack(arrays)
            except Exception:  # of another version of the code, which did not count its format up
                device.kept.remove(key)
        pixels = device.stores.frame(request.store, frame, request.input_range, request.channel)
        if hasattr(model, "encode_steps"):  # a network may yield between its layers
            embedding: Embedding = yield from model.encode_steps(pixels)
        else:
            embedding = model.encode(pixels)
        if device.kept is not None:
            device.kept.write(key, model.pack(embedding))
        return embedding

    return (yield from device.cache.steps(key, encode))


def embedding_key(model: PromptableSegmenter, request: FrameRequest, frame: int) -> EmbeddingKey:
    """What the frame's embedding depends on. Networks state `precision` and `backend` where they have a choice."""
    return EmbeddingKey(
        model=model.name,
        weights_hash=model.weights_hash,
        input_size=model.input_size,
        input_range=request.input_range,
        precision=getattr(model, "precision", "float32"),
        backend=getattr(model, "backend", "torch"),
        pixels=f"{request.store}:{frame}:{request.channel}",
        format=getattr(model, "embedding_format", 1),
    )


def describe(instance: Instance) -> dict[str, Any]:
    """The instance as it goes over the wire; a model without scores says null."""
    mask = rle.encode(instance.mask)
    return {
        "rle": {"size": mask.size, "counts": mask.counts},
        "score": None if math.isnan(instance.score) else round(float(instance.score), 5),
        "area_px": rle.area(mask),
        "box": rle.box_xyxy(mask),
        "phase": instance.phase,
    }


def _describe_all(instances: Iterable[Instance]) -> Steps[list[dict[str, Any]]]:
    described = []
    for number, instance in enumerate(instances, start=1):
        described.append(describe(instance))
        if number % MASKS_PER_PIECE == 0:
            yield None
    return described

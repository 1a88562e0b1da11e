"""EfficientSAM tiny on the CPU: encode a frame, decode prompts, against the same network with plain attention."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.plain import plain_attention
from benchmarks.records import Measure, Record
from benchmarks.timing import percentile, side_by_side_ms
from ml.modeling.efficient_sam import build
from ml.segmenters.efficient_sam import EfficientSamSegmenter
from ml.types import Prompt


def encode_1024() -> Iterator[Record]:
    """A 1024×1024 frame at the official input size."""
    yield _encode("encode_1024", 1024)


def encode_512() -> Iterator[Record]:
    """A 512×512 frame at the bundled checkpoint's input size."""
    yield _encode("encode_512", 512)


def decode_1() -> Iterator[Record]:
    """One click on a warm embedding at 512."""
    yield _decode("decode_1", 1)


def decode_64() -> Iterator[Record]:
    """Sixty-four clicks on a warm embedding at 512."""
    yield _decode("decode_64", 64)


BENCHMARKS: dict[str, Measure] = {f.__name__: f for f in (encode_1024, encode_512, decode_1, decode_64)}


def _encode(name: str, size: int) -> Record:
    segmenter, frame = _segmenter(size), _frame(size)

    def plain() -> None:
        with plain_attention():
            segmenter.encode(frame)

    return _record(name, lambda: segmenter.encode(frame), plain, rounds=5)


def _decode(name: str, prompts: int) -> Record:
    segmenter = _segmenter(512)
    embedding = segmenter.encode(_frame(512))
    xy = np.random.default_rng(0).uniform(0, 512, (prompts, 2))
    clicks = [Prompt(points=((float(x), float(y), 1),)) for x, y in xy]
    features = embedding.features[0].repeat(prompts, 1, 1, 1)
    dense = segmenter.model.prompt_encoder.dense(*features.shape[-2:])
    tokens = segmenter.model.tokens(torch.from_numpy(xy / 512).float()[:, None], torch.ones(prompts, 1))

    def ours() -> None:
        with torch.inference_mode():
            segmenter.decode_many(embedding, clicks)

    def plain() -> None:
        """All prompts at once, the image repeated for each before its first projection, as the official code does."""
        with torch.inference_mode(), plain_attention():
            segmenter.model.mask_decoder(features, dense, tokens)

    return _record(name, ours, plain, rounds=15 if prompts == 1 else 3)


def _record(name: str, ours: Callable[[], object], plain: Callable[[], object], rounds: int) -> Record:
    value, baseline = (percentile(times, 50) for times in side_by_side_ms([ours, plain], rounds=rounds))
    return Record(name, value, "ms", baseline, "plain attention")


def _segmenter(size: int) -> EfficientSamSegmenter:
    torch.manual_seed(0)
    return EfficientSamSegmenter(build("efficient_sam_ti", size), name="efficient_sam_ti", weights_hash="random")


def _frame(size: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(0).random((size, size), np.float32)

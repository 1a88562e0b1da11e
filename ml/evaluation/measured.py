"""One model on labelled frames in a process of its own, so that neither memory nor a crash mixes with another's."""

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple, overload

from ml import rle
from ml.evaluation.boundaries import TOLERANCE_PX
from ml.evaluation.frames import LabelledFrame
from ml.evaluation.scores import ImageScores, score_image, union
from ml.types import BoolMask, Instance


@dataclass(frozen=True)
class Candidate:
    """A row of a comparison.

    `label` is its name in tables, `control` marks what was added for honesty's sake; `untrained` asks for a network
    with random weights.
    """

    label: str
    model: str
    weights: Path | None = None
    untrained: bool = False
    control: bool = False


@dataclass
class Measured:
    """What came of a candidate: scores per frame and costs, or the error that ended it.

    Attributes
    ----------
    input_size
        side in px of what the network sees, None where that is the frame itself.
    timed_frames, timed_pixels, seconds
        The first frame warms up and is not timed, unless it is the only one: then it is done twice.
    peak_memory_mb
        most memory of the process, or of the device where it is CUDA, 10⁶ bytes.
    masks
        union of the objects, by name of the frame, where it was asked for.
    """

    candidate: Candidate
    error: str | None = None
    model_hash: str | None = None
    parameters: int | None = None
    input_size: int | None = None
    timed_frames: int = 0
    timed_pixels: int = 0
    seconds: float = 0.0
    peak_memory_mb: float | None = None
    scores: dict[str, ImageScores] = field(default_factory=dict)
    masks: dict[str, BoolMask] = field(default_factory=dict)


class Job(NamedTuple):
    """What the process is told; everything in it is pickled."""

    model: str
    options: dict[str, Any]
    device: str
    seed: int | None  # None: no random weights, and perhaps no torch in the process's memory


class _ProcessError(Exception):
    """The process said that it failed."""


def measure(
    candidate: Candidate,
    frames: Sequence[LabelledFrame],
    *,
    device: str = "cpu",
    seed: int = 0,
    weights_folder: Path | None = None,
    tolerance_px: float = TOLERANCE_PX,
    keep: Iterable[str] = (),
    progress: Callable[[], None] = lambda: None,
    on_mask: Callable[[LabelledFrame, BoolMask], None] | None = None,
) -> Measured:
    """Score a candidate and take its time and memory; whatever goes wrong in it is kept as `error`.

    Parameters
    ----------
    seed
        of an untrained network's weights.
    tolerance_px
        of the boundary score, px.
    keep
        frames whose masks are wanted, by name.
    progress
        called after every frame.
    on_mask
        given every frame and the union of its found objects.
    """
    options: dict[str, Any] = {"device": device, "weights_folder": weights_folder}
    if candidate.untrained:
        options["untrained"] = True
    else:
        options["weights"] = candidate.weights
    measured = Measured(candidate)
    try:
        job = Job(candidate.model, options, device, seed if candidate.untrained else None)
        with _process(job) as connection:
            measured.model_hash, measured.parameters, measured.input_size = _answer(connection)
            for index, frame in enumerate(frames):
                connection.send(frame.image)
                seconds, found = _answer(connection)
                if index == 0 and len(frames) == 1:
                    connection.send(frame.image)
                    seconds, found = _answer(connection)
                if index > 0 or len(frames) == 1:
                    measured.seconds += seconds
                    measured.timed_frames += 1
                    measured.timed_pixels += frame.image.size
                instances = _RleInstances(found)
                measured.scores[frame.name] = score_image(instances, frame.labels, tolerance_px)
                if frame.name in keep or on_mask is not None:
                    mask = union(instances, frame.labels.shape)
                    if frame.name in keep:
                        measured.masks[frame.name] = mask
                    if on_mask is not None:
                        on_mask(frame, mask)
                progress()
            connection.send(None)
            measured.peak_memory_mb = _answer(connection)
    except _ProcessError as error:
        return Measured(candidate, error=str(error))
    return measured


@contextlib.contextmanager
def _process(job: Job) -> Iterator[Connection]:
    context = multiprocessing.get_context("spawn")  # a fork would begin with our memory and with torch's threads
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, job), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        process.join()
        raise _ProcessError(
            f"The process ended with code {process.exitcode}; with -9 the machine ran out of memory."
        ) from error
    finally:
        ours.close()
        process.join(5)
        if process.is_alive():
            process.terminate()
            process.join()


def _answer(connection: Connection) -> Any:
    done, content = connection.recv()
    if not done:
        raise _ProcessError(content)
    return content


def _serve(connection: Connection, job: Job) -> None:
    """In the process: load the model, then answer frames with their objects until None comes."""
    os.dup2(2, 1)  # a library's stray print must not spoil the one JSON object of the command
    try:
        _work(connection, job)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
    except Exception as error:  # whatever a model raises is its row in the table
        known = isinstance(error, ValueError | OSError)
        text = str(error) if known else f"{type(error).__name__}: {error}"
        connection.send((False, " ".join(text.split())))


def _work(connection: Connection, job: Job) -> None:
    from ml import registry
    from ml.evaluation.cost import parameter_count, peak_memory_mb

    if job.seed is not None:
        import torch

        torch.manual_seed(job.seed)
    # Whoever made the job knows which models there are: test models as well.
    segmenter = registry.load(job.model, allow_test_models=True, **job.options)
    size = getattr(segmenter, "input_size", None)
    connection.send((True, (segmenter.weights_hash, parameter_count(segmenter), size)))
    while (image := connection.recv()) is not None:
        start = time.perf_counter()
        instances = segmenter.segment(image)
        seconds = time.perf_counter() - start
        found = [(rle.encode(instance.mask), instance.score) for instance in instances]
        connection.send((True, (seconds, found)))
    connection.send((True, peak_memory_mb(job.device)))


class _RleInstances(Sequence[Instance]):
    """Objects as they came through the pipe, each mask made when it is asked for."""

    def __init__(self, found: Sequence[tuple[rle.Rle, float]]) -> None:
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, index: int) -> Instance: ...
    @overload
    def __getitem__(self, index: slice) -> list[Instance]: ...
    def __getitem__(self, index: int | slice) -> Instance | list[Instance]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        mask, score = self._found[index]
        return Instance(rle.decode(mask), score)

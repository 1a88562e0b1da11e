"""Which models a comparison holds: those asked for, and the controls that tell what their scores are worth."""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from ml import registry
from ml.evaluation.frames import LabelledFrame
from ml.evaluation.measured import Candidate, Measured
from ml.evaluation.scores import SCORES, summarise


def asked(models: Sequence[str], titles: Sequence[str] = ()) -> list[Candidate]:
    """`NAME` or `NAME=WEIGHTS` each, by their titles; every segmenter that is registered where none is named.

    Raises
    ------
    UnknownModelError, ValueError
        No such model; weights for a model that takes none; the same twice; not a title for each.
    """
    if titles and len(titles) != len(models):
        raise ValueError(
            f"--title is given {len(titles)} times for {len(models)} --models; give one for each, or none."
        )
    if not models:
        models = list(registry.of_kind("segmenter"))
    found = []
    for text in models:
        name, _, weights = text.partition("=")
        if not registry.info(name, kind="segmenter").takes_weights and weights:
            raise ValueError(f"{name} has no weights; give {name} alone.")
        found.append((name, Path(weights) if weights else None))
    if twice := [name for (name, _), times in Counter(found).items() if times > 1]:
        raise ValueError(f"--models names {twice[0]} twice with the same weights; once is enough.")
    several = Counter(name for name, _ in found)
    labels = titles or [_label(name, weights, several[name] > 1) for name, weights in found]
    return [Candidate(label, name, weights) for label, (name, weights) in zip(labels, found, strict=True)]


def told_apart(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same, the second of an equal label as `LABEL (2)`."""
    labels: list[str] = []
    for candidate in candidates:
        numbered = (f"{candidate.label} ({number})" for number in count(2))
        labels.append(next(label for label in chain([candidate.label], numbered) if label not in labels))
    return [replace(candidate, label=label) for candidate, label in zip(candidates, labels, strict=True)]


def _label(name: str, weights: Path | None, several: bool) -> str:
    if not several or weights is None:
        return name
    return f"{name} ({weights.parent.name}/{weights.name})"


def controls(
    candidates: Sequence[Candidate], fitted: Path | None, *, titled: bool = False
) -> tuple[list[Candidate], list[str]]:
    """`threshold` and an untrained network of every family asked for, and notes on what could not be had.

    Parameters
    ----------
    fitted
        settings of `threshold` that were fitted to labelled frames, None where there were none to fit to.
    titled
        call models by their titles instead of their names.
    """
    found, notes = [], []

    def called(name: str) -> str:
        return registry.info(name).title if titled else name

    if fitted is not None:
        found.append(Candidate(f"{called('threshold')} (fitted)", "threshold", fitted, control=True))
    else:
        notes.append(f"No frames to fit to were given: {called('threshold')} chooses its settings from each frame.")
        if not any(candidate.model == "threshold" and candidate.weights is None for candidate in candidates):
            found.append(Candidate(f"{called('threshold')} (not fitted)", "threshold", control=True))
    for name in dict.fromkeys(candidate.model for candidate in candidates):
        if registry.info(name).builds_untrained:
            found.append(Candidate(f"{called(name)} (untrained)", name, untrained=True, control=True))
        elif name != "threshold":
            notes.append(f"{called(name)} has no untrained control: its loader builds none.")
    return found, notes


def parted(
    frames: Sequence[LabelledFrame], only: Sequence[str], fit_on: Sequence[str]
) -> tuple[list[LabelledFrame], list[LabelledFrame]]:
    """The frames to score (all but those to fit to, where none are named) and the frames to fit to.

    Raises
    ------
    ValueError
        A name that no frame has, one on both sides, or nothing left to score.
    """
    names = {frame.name for frame in frames}
    for option, given in (("--only", only), ("--fit-on", fit_on)):
        if unknown := set(given) - names:
            raise ValueError(f"{option} names {', '.join(sorted(unknown))}, which --images does not hold.")
    if both := set(only) & set(fit_on):
        raise ValueError(f"{', '.join(sorted(both))}: both scored and fitted to; name each frame on one side.")
    scored = [frame for frame in frames if (frame.name in only if only else frame.name not in fit_on)]
    if not scored:
        raise ValueError("--fit-on names every frame; leave some to score.")
    return scored, [frame for frame in frames if frame.name in fit_on]


def check_apart(scored: Sequence[LabelledFrame], fitted: Sequence[LabelledFrame]) -> None:
    """ValueError where a frame to fit to is, pixel by pixel, one that is scored, whatever its name."""
    seen = {_digest(frame): frame.name for frame in scored}
    for frame in fitted:
        if (name := seen.get(_digest(frame))) is not None:
            raise ValueError(
                f"The frame {frame.name} to fit to is the same image as {name}, which is scored; a fitted score "
                "would say nothing. Leave it out on one side (--only, --fit-on)."
            )


def _digest(frame: LabelledFrame) -> bytes:
    return hashlib.sha256(f"{frame.image.shape}".encode() + frame.image.tobytes()).digest()


def row(measured: Measured, seed: int) -> dict[str, Any]:
    """A candidate's line of the table: NaN becomes None; `_low` and `_high` are the limits of the 95 % interval."""
    candidate = measured.candidate
    line: dict[str, Any] = {
        "label": candidate.label,
        "model": candidate.model,
        "control": candidate.control,
        "weights": str(candidate.weights) if candidate.weights else None,
        "model_hash": measured.model_hash,
        "error": measured.error,
        "parameters": measured.parameters,
        "input_size": measured.input_size,
        "images_per_s": measured.timed_frames / measured.seconds if measured.seconds else None,
        "pixels_per_s": measured.timed_pixels / measured.seconds if measured.seconds else None,
        "peak_memory_mb": measured.peak_memory_mb,
    }
    # One draw of images for all models: their intervals then differ by the models alone.
    intervals = summarise(list(measured.scores.values()), seed) if measured.scores else {}
    for name in SCORES:
        value, low, high = intervals.get(name, (None, None, None))
        line |= {name: _number(value), f"{name}_low": _number(low), f"{name}_high": _number(high)}
    return line


def per_image(measured: Sequence[Measured]) -> dict[str, dict[str, dict[str, float | None]]]:
    """Every frame's scores by label and name; NaN becomes None."""
    return {
        one.candidate.label: {
            frame: {name: _number(value) for name, value in scores.as_dict().items()}
            for frame, scores in one.scores.items()
        }
        for one in measured
    }


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value

"""Fit the settings of `threshold` to labels, as a network's weights are: a baseline that has seen the same frames."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.evaluation.frames import LabelledFrame
from ml.evaluation.instances import overlaps
from ml.evaluation.panoptic import panoptic_counts
from ml.evaluation.pixels import dice, iou
from ml.evaluation.scores import union
from ml.segmenters.parameters import THRESHOLD_PARAMETERS, resolve
from ml.segmenters.threshold import ThresholdSegmenter
from ml.training.threshold_search import LEVELS, Settings, changes, coarse

OBJECTIVE = "mean over frames of (pixel IoU + panoptic quality) / 2"
_GRID_FRAMES = 3
_STARTS = 3
_LEAST_FRAMES = 3  # seen before settings are given up
_HOPELESS = 0.02  # this far behind the best on the same frames


@dataclass(frozen=True)
class Fitted:
    """The best settings found.

    Attributes
    ----------
    parameters
        every setting of `threshold`; None is chosen from each frame.
    score, default_score
        the objective, 0 to 1, of these settings and of those that `threshold` chooses by itself, on the same frames.
    trials
        settings that were tried.
    finished
        the search ended by itself; then the seed decides the result, whatever the machine's speed.
    """

    parameters: Settings
    score: float
    default_score: float
    trials: int
    seconds: float
    finished: bool


class _TimeIsUpError(Exception):
    pass


def fit(
    frames: Sequence[LabelledFrame],
    *,
    budget_s: float,
    seed: int = 0,
    progress: Callable[[float, float], None] = lambda spent_s, best: None,
    stopped: Callable[[], bool] = lambda: False,
) -> Fitted:
    """Search the settings that score best on labelled frames.

    A coarse grid on three frames; then from each of its three best with different blurs (scores have narrow peaks
    there) steps of single settings, halved when none helps. Frames come in an order drawn from the seed; settings are
    given up as soon as they cannot win any more, or lie 0.02 behind on three frames or more.

    Parameters
    ----------
    frames
        To fit to; never those that are scored afterwards.
    budget_s
        Seconds, after which the best so far is returned. The default settings are always scored.
    progress
        Called after every frame with the seconds spent and the best score so far.
    stopped
        Asked before every frame; True ends the search as a spent budget does.

    Raises
    ------
    ValueError
        There is no frame, or the budget is not positive.
    """
    if not frames:
        raise ValueError("There are no frames to fit the settings to; give at least one with labels.")
    if not budget_s > 0:
        raise ValueError(f"The time budget is {budget_s} s; give more than 0.")
    search = _Search(frames, budget_s, seed, progress, stopped)
    try:
        search.run()
        finished = True
    except _TimeIsUpError:
        finished = False
    return Fitted(
        search.best,
        float(np.mean(search.best_scores)),
        search.default_score,
        search.trials,
        search.spent_s,
        finished,
    )


class _Search:
    def __init__(
        self,
        frames: Sequence[LabelledFrame],
        budget_s: float,
        seed: int,
        progress: Callable[[float, float], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._frames = [frames[index] for index in self._rng.permutation(len(frames))]
        self._budget_s, self._progress, self._stopped, self._start = budget_s, progress, stopped, time.monotonic()
        self._segmenter = ThresholdSegmenter()
        self._known: dict[tuple[Any, ...], list[float]] = {}  # scores on the first frames, in their order
        self.best = resolve(THRESHOLD_PARAMETERS, {})
        self.best_scores: list[float] = []
        for frame in self._frames:
            self.best_scores.append(frame_score(self._segmenter, self.best, frame))
            progress(self.spent_s, float(np.mean(self.best_scores)))
        self.default_score = float(np.mean(self.best_scores))
        self._known[_key(self.best)] = self.best_scores

    @property
    def spent_s(self) -> float:
        return time.monotonic() - self._start

    @property
    def trials(self) -> int:
        return len(self._known)

    def run(self) -> None:
        most = min(_GRID_FRAMES, len(self._frames))
        grid = [resolve(THRESHOLD_PARAMETERS, settings) for settings in coarse()]
        ranked = sorted(grid, key=lambda settings: sum(self._scores(settings, most)[:most]), reverse=True)
        starts: list[Settings] = []
        for settings in ranked:
            if all(settings["sigma_px"] != start["sigma_px"] for start in starts):
                starts.append(settings)
        for start in starts[:_STARTS]:
            self._descend(start)

    def _descend(self, best: Settings) -> None:
        best_scores = self._scores(best, len(self._frames))
        for level in range(LEVELS):
            better = True
            while better:
                better = False
                for change in changes(dict(best), level, self._rng):
                    settings = {**best, **change}  # the best by now, which an earlier change may have made
                    scores = self._scores(settings, len(self._frames), best_scores)
                    if sum(scores) > sum(best_scores) and len(scores) == len(best_scores):
                        best, best_scores, better = settings, scores, True

    def _scores(self, settings: Settings, most: int, against: Sequence[float] = ()) -> list[float]:
        """Scores on the first frames, on fewer than `most` where the settings have lost `against` others by then."""
        scores = self._known.setdefault(_key(settings), [])
        while len(scores) < most and not _lost(scores, against):
            if self.spent_s > self._budget_s or self._stopped():
                raise _TimeIsUpError
            scores.append(frame_score(self._segmenter, settings, self._frames[len(scores)]))
            self._progress(self.spent_s, float(np.mean(self.best_scores)))
        if len(scores) == len(self._frames) and sum(scores) > sum(self.best_scores):
            self.best, self.best_scores = settings, scores
        return scores


def _lost(scores: Sequence[float], against: Sequence[float]) -> bool:
    """Can they not win any more, even with full marks on all other frames, or are they far behind?"""
    behind = sum(against[: len(scores)]) - sum(scores)
    if behind > 0 and behind >= sum(1 - score for score in against[len(scores) :]):
        return True
    return len(scores) >= _LEAST_FRAMES and behind > _HOPELESS * len(scores)


def frame_score(segmenter: ThresholdSegmenter, settings: Settings, frame: LabelledFrame) -> float:
    """The objective on one frame, 0 to 1; pixel IoU alone where there is neither an object nor a find."""
    instances = segmenter.segment(frame.image, settings)
    pixels = iou(union(instances, frame.labels.shape), frame.labels > 0)
    pq = panoptic_counts(overlaps(instances, frame.labels)).pq
    return pixels if np.isnan(pq) else (pixels + pq) / 2


def score(settings: Settings, frames: Sequence[LabelledFrame]) -> float:
    """The objective of settings on frames, NaN without any."""
    segmenter = ThresholdSegmenter()
    return float(np.mean([frame_score(segmenter, settings, frame) for frame in frames])) if frames else float("nan")


def pixel_scores(settings: Settings, frames: Sequence[LabelledFrame]) -> tuple[float, float]:
    """Mean IoU and Dice of the union of all found objects, NaN without frames."""
    if not frames:
        return float("nan"), float("nan")
    segmenter, pairs = ThresholdSegmenter(), []
    for frame in frames:
        found, truth = union(segmenter.segment(frame.image, settings), frame.labels.shape), frame.labels > 0
        pairs.append((iou(found, truth), dice(found, truth)))
    mean_iou, mean_dice = np.mean(pairs, axis=0)
    return float(mean_iou), float(mean_dice)


def frames_hash(frames: Sequence[LabelledFrame]) -> str:
    """SHA-256 (hex) of images and labels in the order of names: what the settings were fitted to."""
    digest = hashlib.sha256()
    for frame in sorted(frames, key=lambda frame: frame.name):
        digest.update(f"{frame.name} {frame.image.shape} ".encode())
        digest.update(np.ascontiguousarray(frame.image).tobytes())
        digest.update(np.ascontiguousarray(frame.labels).tobytes())
    return digest.hexdigest()


def _key(settings: Settings) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(settings.items(), key=lambda item: item[0]))

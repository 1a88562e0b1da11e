"""The bundled DeAOT tells objects apart that a drift has carried beyond their own outlines, frame after frame."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import registry
from ml.tracking import graticule
from ml.tracking.deaot import DeAotTracker
from ml.tracking.ledger import Settings
from ml.tracking.objects import of_labels
from ml.training.clips import series_of

FRAMES, SIDE = 8, 257
Labels = NDArray[np.uint32]


def shaken(seed: int, preset: str, drift_px: float, flicker: float) -> tuple[NDArray[np.float32], Labels]:
    """A series (no training saw it) behind a window that jumps so far between frames, under an unsteady beam."""
    source, rng = series_of(seed, preset), np.random.default_rng(seed)
    room = source.images.shape[1] - SIDE
    place = np.array([room / 2, room / 2])
    images, labels = [], []
    for image, numbers in zip(source.images[:FRAMES], source.labels[:FRAMES], strict=True):
        part = tuple(slice(int(first), int(first) + SIDE) for first in place)
        gain, offset = np.exp(rng.normal(0, flicker)), rng.normal(0, flicker / 2)
        images.append(np.clip(0.5 + (image[part] - 0.5) * gain + offset, 0, 1).astype(np.float32))
        labels.append(numbers[part].astype(np.uint32))
        ways = place + drift_px * np.array([(np.sin(a), np.cos(a)) for a in rng.uniform(0, 2 * np.pi, 200)])
        place = ways[((ways >= 0) & (ways <= room)).all(axis=1)][0]
    return np.stack(images), np.stack(labels)


def by_votes(tracker: DeAotTracker, images: NDArray[np.float32], segmented: Labels) -> list[dict[int, int]]:
    """Each frame's segments → tracks, the surest votes first, each track once."""
    tracker.start(images[0], segmented[0])
    found = []
    for image, frame in zip(images[1:], segmented[1:], strict=True):
        votes = tracker.propagate(image, frame)
        ballots = [(p, segment, track) for segment, of in votes.segments.items() for track, p in of.items() if track]
        chosen: dict[int, int] = {}
        for share, segment, track in sorted(ballots, reverse=True):
            if share > 0.1 and segment not in chosen and track not in chosen.values():
                chosen[segment] = track
        tracker.update(relabelled(frame, chosen))
        found.append(chosen)
    return found


def by_overlap(segmented: Labels) -> list[dict[int, int]]:
    """Each frame's segments → the track that covered most of their pixels on the frame before."""
    before, found = segmented[0], []
    for frame in segmented[1:]:
        chosen = {}
        for segment in np.unique(frame[frame > 0]).tolist():
            covered = before[frame == segment]
            if covered.any():
                chosen[segment] = int(np.bincount(covered[covered > 0]).argmax())
        before = relabelled(frame, chosen)
        found.append(chosen)
    return found


def by_pipeline(name: str, images: NDArray[np.float32], segmented: Labels) -> list[dict[int, int]]:
    """Each frame's objects → tracks, as our pipeline has them; a fifth is not segmented on each frame but the first."""
    rng, seen = np.random.default_rng(1), segmented.copy()
    for frame in seen[1:]:
        numbers = np.unique(frame[frame > 0])
        frame[np.isin(frame, numbers[rng.random(len(numbers)) < 0.2])] = 0
    confirmed = graticule.follow(
        len(images),
        lambda frame: images[frame],
        lambda frame, image: of_labels(seen[frame]),
        registry.load(name),
        settings=Settings(neck=None),
    )
    found = [
        {number: int(np.bincount(frame.labels[segments == number]).argmax()) for number in np.unique(segments).tolist()}
        for frame, segments in zip(confirmed, segmented, strict=True)
    ]
    number_of = {track: number for number, track in found[0].items() if number}
    return [{number: number_of.get(track, 0) for number, track in frame.items()} for frame in found[1:]]


def relabelled(frame: Labels, chosen: dict[int, int]) -> Labels:
    table = np.zeros(int(frame.max()) + 1, np.uint32)
    table[list(chosen)] = list(chosen.values())
    return table[frame]


def identity(found: list[dict[int, int]], truth: Labels) -> float:
    """Share of the first frame's objects, on all later frames where they are in view, that have their number."""
    known = set(np.unique(truth[0]).tolist()) - {0}
    right = [
        chosen.get(number, 0) == number
        for chosen, frame in zip(found, truth[1:], strict=True)
        for number in known & set(np.unique(frame).tolist())
    ]
    return float(np.mean(right))


@pytest.fixture(scope="module")
def tracker() -> DeAotTracker:
    found: DeAotTracker = registry.load("deaot_t")
    return found


def test_objects_keep_their_numbers_in_a_steady_series(tracker: DeAotTracker) -> None:
    images, labels = shaken(520_000, "calm", drift_px=3, flicker=0.05)
    assert identity(by_votes(tracker, images, labels), labels) > 0.98
    tracker.start(images[0], labels[0])
    votes = tracker.propagate(images[1])
    same = (votes.labels == labels[1]) | ~np.isin(labels[1], np.unique(labels[0]))
    assert same.mean() > 0.98  # by its own masks too


def test_votes_beat_overlap_under_drift_and_flicker(tracker: DeAotTracker) -> None:
    scores = []
    for seed, preset in ((520_002, "crowded"), (520_003, "haadf"), (520_005, "two_phase")):
        images, labels = shaken(seed, preset, drift_px=25, flicker=0.15)
        scores.append((identity(by_votes(tracker, images, labels), labels), identity(by_overlap(labels), labels)))
    votes, overlap = np.mean(scores, axis=0)
    assert votes > 0.75
    assert votes > overlap + 0.2


def test_votes_beat_overlap_in_the_pipeline_too() -> None:
    scores = []
    for seed, preset in ((520_002, "crowded"), (520_003, "haadf")):
        images, labels = shaken(seed, preset, drift_px=25, flicker=0.15)
        scores.append([identity(by_pipeline(name, images, labels), labels) for name in ("deaot_t", "overlap")])
    votes, overlap = np.mean(scores, axis=0)
    assert votes > 0.84
    assert votes > overlap + 0.05

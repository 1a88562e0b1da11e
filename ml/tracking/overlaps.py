"""The overlap graph of one frame: which tracked objects lie where the segmented ones do."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix

from ml.tracking.votes import Labels

Float = NDArray[np.float64]

INSIDE = 0.5  # of an object's area in another one: it has become a part of that, or has come from it
_LEAST_IOU = 0.2  # for one and the same object
_LEAST_TOGETHER = 0.7  # of the parts' areas, for what they have become: two spheres relax to 0.79
_MOST_TOGETHER = 1.5
_LEAST_OF_APART = 0.75  # of a track's area when it last had a segment to itself, for what it counts at least


@dataclass(frozen=True)
class Overlaps:
    """Areas in px: `shared` (tracks, segments), and those of the tracks and of the segments 1..n alone."""

    tracks: Sequence[int]
    shared: Float
    track_areas: Float
    segment_areas: Float

    def with_votes(self, votes: Mapping[int, Mapping[int, float]], trust: Mapping[int, float]) -> "Overlaps":
        """Votes count too: of each segment, each track's share of its px, times the trust (0 to 1) in that track.

        The more counts, of what the masks share and what was voted.
        """
        row_of = {track: row for row, track in enumerate(self.tracks)}
        shared = self.shared.copy()
        for segment, shares in votes.items():
            for track, share in shares.items():
                if track in row_of:
                    voted = share * trust.get(track, 0.0) * self.segment_areas[segment - 1]
                    shared[row_of[track], segment - 1] = max(shared[row_of[track], segment - 1], voted)
        return replace(self, shared=shared)

    def without(self, tracks: Collection[int], segments: Collection[int]) -> "Overlaps":
        """Nothing is shared with these."""
        shared = self.shared.copy()
        shared[[row for row, track in enumerate(self.tracks) if track in tracks]] = 0
        shared[:, [segment - 1 for segment in segments]] = 0
        return replace(self, shared=shared)


@dataclass
class Matching:
    """What has become of the tracks on a frame; segments are counted from 1.

    Attributes
    ----------
    pairs
        one track, one segment.
    joined
        segments in which several tracks lie, the one that is nearest to the segment first.
    parted
        tracks that lie in several segments, likewise.
    cut
        tracks that the frame's border has cut into several segments: that is no split.
    missing, born
        tracks and segments without a counterpart.
    """

    pairs: dict[int, int] = field(default_factory=dict)
    joined: dict[int, list[int]] = field(default_factory=dict)
    parted: dict[int, list[int]] = field(default_factory=dict)
    cut: dict[int, list[int]] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    born: list[int] = field(default_factory=list)


def overlaps(tracked: Labels, segmented: Labels, tracks: Sequence[int], segments: int) -> Overlaps:
    """What the tracks' masks, as they are expected on a frame, share with its segments 1..n; labels uint32 (H, W)."""
    row_of = np.full(max([int(tracked.max(initial=0)), *tracks]) + 1, -1, np.int64)
    row_of[list(tracks)] = np.arange(len(tracks))
    rows, columns = row_of[tracked.ravel()], segmented.ravel().astype(np.int64) - 1
    segment_areas = np.bincount(columns + 1, minlength=segments + 1)[1:].astype(np.float64)
    track_areas = np.bincount(rows[rows >= 0], minlength=len(tracks)).astype(np.float64)
    both = (rows >= 0) & (columns >= 0)
    pixels = np.ones(np.count_nonzero(both))
    shared = coo_matrix((pixels, (rows[both], columns[both])), (len(tracks), segments)).toarray()
    return Overlaps(tracks, shared, track_areas, segment_areas)


def match(graph: Overlaps, track_phases: Sequence[int], segment_phases: Sequence[int], apart_areas: Float) -> Matching:
    """Say of each track and segment what has become of it.

    First one track has one segment, so that the sum of their IoUs is the greatest. Then tracks that lie to the better
    part in another's segment are joined with that one, if the segment is as large as they were together; and so for
    segments that lie in another's track. Tracks and segments of different phases are neither joined nor parted, and
    are one object only if they overlap by half. `apart_areas`: of each track while it had a segment to itself, px.
    """
    shared = graph.shared
    one_phase = np.array(track_phases)[:, None] == np.array(segment_phases)[None, :]
    union = graph.track_areas[:, None] + graph.segment_areas - shared
    iou = np.where(union > 0, shared / np.maximum(union, 1), 0)
    possible = (iou >= _LEAST_IOU) & (one_phase | (iou >= INSIDE))
    rows, columns = linear_sum_assignment(np.where(possible, iou, 0), maximize=True)
    found = Matching()
    segment_of = {int(r): int(c) for r, c in zip(rows, columns, strict=True) if possible[r, c]}
    track_of = {column: row for row, column in segment_of.items()}
    in_segment = np.where(one_phase, shared / np.maximum(graph.track_areas, 1)[:, None], 0)
    in_track = np.where(one_phase, shared / np.maximum(graph.segment_areas, 1), 0)
    together = np.maximum(graph.track_areas, _LEAST_OF_APART * apart_areas)
    joined = _leftovers(in_segment, segment_of, track_of, together, graph.segment_areas)
    parted = _leftovers(in_track.T, track_of, segment_of, graph.segment_areas, graph.track_areas)
    for column, others in joined.items():
        found.joined[column + 1] = [graph.tracks[row] for row in others]
    for row, others in parted.items():
        if segment_of.get(row, -1) not in joined:
            found.parted[graph.tracks[row]] = [column + 1 for column in others]
    taken_rows = {row for others in joined.values() for row in others}
    taken_columns = {column - 1 for others in found.parted.values() for column in others}
    for row, column in segment_of.items():
        if row not in taken_rows and column not in taken_columns:
            found.pairs[graph.tracks[row]] = column + 1
    done = taken_rows | set(segment_of) | {graph.tracks.index(track) for track in found.parted}
    found.missing = [track for row, track in enumerate(graph.tracks) if row not in done]
    seen = taken_columns | set(track_of) | set(joined)
    found.born = [column + 1 for column in range(len(graph.segment_areas)) if column not in seen]
    return found


def _leftovers(
    inside: Float, whole_of: Mapping[int, int], owner_of: Mapping[int, int], part_areas: Float, whole_areas: Float
) -> dict[int, list[int]]:
    """Parts (rows) that have no whole (column) of their own and lie in another's, by that whole, its owner first.

    A whole without an owner gets two parts or more.
    """
    groups: dict[int, list[int]] = {}
    if not inside.size:
        return groups
    for part in range(len(inside)):
        if part not in whole_of and inside[part].max() >= INSIDE:
            groups.setdefault(int(inside[part].argmax()), []).append(part)
    found = {}
    for whole, some in groups.items():
        every = [owner_of[whole], *some] if whole in owner_of else some
        together = part_areas[every].sum()
        if len(every) > 1 and _LEAST_TOGETHER * together <= whole_areas[whole] <= _MOST_TOGETHER * together:
            found[whole] = every
    return found

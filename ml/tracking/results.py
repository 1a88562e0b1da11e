"""A tracked series on disk: masks in the layout of the Cell Tracking Challenge, and tables of tracks, links and events.

Each frame is written as it is confirmed, its mask last: what a killed run leaves can be gone on from.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import tifffile

from ml.formats.lineage_tables import EVENT_COLUMNS, LINK_COLUMNS, event_row, link_row, number, read_links
from ml.lineage import Link, check, largest_parents
from ml.tracking.confirmed import Before, Confirmed
from ml.tracking.traces import boxes, centre_of
from ml.tracking.votes import Labels

TRACK_COLUMNS = (
    "frame",
    "track",
    "phase",
    "score",
    "confidence",
    "bridged",
    "area_px",
    "equivalent_diameter_px",
    "centroid_x_px",
    "centroid_y_px",
    "touches_border",
)
_TABLES = {"tracks.csv": TRACK_COLUMNS, "links.csv": LINK_COLUMNS, "events.csv": EVENT_COLUMNS}
_FRAME_OF = {"tracks.csv": "frame", "links.csv": "last_frame", "events.csv": "last_frame"}
_RUN = "run.json"
_LARGEST_UINT16 = 65535


class ResultsError(ValueError):
    """A folder that cannot be written to or gone on from."""


@dataclass
class Span:
    """A track's first and last frame; its area on the last (px), and its phase there."""

    first: int
    last: int
    last_area: int
    phase: int


@dataclass
class Results:
    """The folder under work; use as a context manager, which leaves it complete however it ends.

    Parameters
    ----------
    made_of
        what the run is made of (models, settings): a folder is gone on from only with the same.
    """

    folder: Path
    frames: int
    made_of: Mapping[str, Any]
    next_frame: int = 0
    spans: dict[int, Span] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    _files: dict[str, TextIO] = field(default_factory=dict)

    def __enter__(self) -> "Results":
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, columns in _TABLES.items():
            path = self.folder / name
            if not path.exists():
                path.write_text(",".join(columns) + "\n")
            self._files[name] = path.open("a", newline="")
        (self.folder / _RUN).write_text(json.dumps(dict(self.made_of), indent=1, sort_keys=True) + "\n")
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.close()
        self._write_tracks()

    @classmethod
    def begin(cls, folder: Path, frames: int, made_of: Mapping[str, Any]) -> "Results":
        """A new run, in a folder that holds none."""
        if (folder / _RUN).exists() or any(folder.glob("mask*.tif")):
            raise ResultsError(f"{folder} holds a run already; go on with --resume, or choose another --out.")
        return cls(folder, frames, made_of)

    @classmethod
    def resume(cls, folder: Path, frames: int, made_of: Mapping[str, Any]) -> "Results":
        """The run that is there, without what it had not finished."""
        if not (folder / _RUN).exists():
            return cls.begin(folder, frames, made_of)
        there = read_run(folder)
        if there != (now := json.loads(json.dumps(dict(made_of)))):
            differing = ", ".join(sorted(key for key in {*there, *now} if there.get(key) != now.get(key)))
            raise ResultsError(f"{folder} was made with another {differing}; give the same, or choose another --out.")
        results = cls(folder, frames, made_of)
        while results.next_frame < frames and results.mask_path(results.next_frame).exists():
            results.next_frame += 1
        for name, columns in _TABLES.items():
            results._cut(folder / name, columns, _FRAME_OF[name])
        results.spans = read_spans(folder / "tracks.csv")
        results.links = read_links(folder / "links.csv")
        return results

    def before(self) -> Before | None:
        """What a pipeline needs to go on."""
        if not self.next_frame:
            return None
        read: Callable[[int], Labels] = lru_cache(maxsize=8)(lambda frame: read_labels(self.mask_path(frame)))
        return Before(
            self.next_frame,
            read,
            {track: span.phase for track, span in self.spans.items()},
            {track: span.first for track, span in self.spans.items()},
        )

    def mask_path(self, frame: int) -> Path:
        digits = max(3, len(str(self.frames - 1)))
        return self.folder / f"mask{frame:0{digits}d}.tif"

    def add(self, confirmed: Confirmed) -> None:
        """Write a frame."""
        frame, labels = confirmed.frame, confirmed.labels
        found = boxes(labels)
        height, width = labels.shape
        rows = []
        for observed in confirmed.objects:
            place, mask = found[observed.track]
            area = int(np.count_nonzero(mask))
            row, column = centre_of(place, mask)
            border = place[0].start == 0 or place[1].start == 0 or place[0].stop == height or place[1].stop == width
            _count(self.spans, observed.track, frame, area, observed.phase)
            rows.append(
                (
                    frame,
                    observed.track,
                    observed.phase,
                    number(observed.score),
                    number(observed.confidence),
                    int(observed.bridged),
                    area,
                    f"{np.sqrt(4 * area / np.pi):.3f}",
                    f"{column:.3f}",
                    f"{row:.3f}",
                    int(border),
                )
            )
        self._append("tracks.csv", rows)
        self.links += confirmed.links
        self._append("links.csv", [link_row(link) for link in confirmed.links])
        self._append("events.csv", [event_row(event) for event in confirmed.events])
        path = self.mask_path(frame)
        partial = path.with_suffix(".partial")
        dtype = np.uint16 if int(labels.max(initial=0)) <= _LARGEST_UINT16 else np.uint32
        tifffile.imwrite(partial, labels.astype(dtype), compression="zlib")
        partial.replace(path)
        self.next_frame = frame + 1

    def _append(self, name: str, rows: Iterable[tuple[Any, ...]]) -> None:
        file = self._files[name]
        csv.writer(file, lineterminator="\n").writerows(rows)
        file.flush()

    def _cut(self, path: Path, columns: tuple[str, ...], frame_column: str) -> None:
        kept = [row for row in _rows(path) if int(row[frame_column]) < self.next_frame]
        partial = path.with_suffix(".partial")
        with partial.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
        partial.replace(path)

    def _write_tracks(self) -> None:
        """`L B E P` of each track; of several parents the largest."""
        there = [link for link in self.links if link.child in self.spans]
        parents = largest_parents(there, {track: span.last_area for track, span in self.spans.items()})
        lines = [f"{t} {span.first} {span.last} {parents.get(t, 0)}\n" for t, span in sorted(self.spans.items())]
        partial = self.folder / "res_track.partial"
        partial.write_text("".join(lines))
        partial.replace(self.folder / "res_track.txt")
        check({track: (span.first, span.last) for track, span in self.spans.items()}, there)


def read_run(folder: Path) -> dict[str, Any]:
    """What the run of a folder is made of, its series' number of `frames` among it."""
    made_of: dict[str, Any] = json.loads((folder / _RUN).read_text())
    return made_of


def read_spans(path: Path) -> dict[int, Span]:
    """Each track of a table of ours."""
    spans: dict[int, Span] = {}
    for row in _rows(path):
        _count(spans, int(row["track"]), int(row["frame"]), int(row["area_px"]), int(row["phase"]))
    return spans


def read_labels(path: Path) -> Labels:
    """A mask image as uint32 (H, W)."""
    return np.asarray(tifffile.imread(path)).astype(np.uint32)


def label_paths(folder: Path) -> list[Path]:
    """Label images of a folder by the number in their names, which starts at 0 and leaves none out."""
    numbered = {
        int(found[1]): path for path in folder.iterdir() if (found := re.fullmatch(r".*?(\d+)\.tiff?", path.name))
    }
    if not numbered:
        raise ValueError(f"{folder} holds no label images; give a folder of TIFF files that end in the frame's number.")
    if sorted(numbered) != list(range(len(numbered))):
        raise ValueError(f"{folder} holds {len(numbered)} label images, but not each of 0 to {len(numbered) - 1}.")
    return [numbered[frame] for frame in range(len(numbered))]


def _count(spans: dict[int, Span], track: int, frame: int, area: int, phase: int) -> None:
    span = spans.setdefault(track, Span(frame, frame, area, phase))
    span.last, span.last_area, span.phase = frame, area, phase


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))

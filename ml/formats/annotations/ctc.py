"""The layout of Cell Tracking Challenge results: maskTTT.tif and res_track.txt, beside tables with the whole lineage.

A label image cannot show masks over each other, nor its table a track with a gap or with two parents. So masks are
painted in drawing order; a track goes on under a new label after a gap, with its earlier label as parent; of several
parents the largest is named. `tracks.csv` says which label is which track, `links.csv` and `events.csv` have every
merge and split, by labels.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from ml import rle
from ml.formats.annotation_dataset import (
    AnnotationDataset,
    AnnotationFormat,
    InvalidDatasetError,
    LabelledInstance,
    Phase,
)
from ml.formats.annotations.labels import TABLE_NAME, paint
from ml.formats.lineage_tables import EVENT_COLUMNS, LINK_COLUMNS, event_row, link_row, read_events
from ml.lineage import Event, Link, largest_parents, links_of

TRACK_COLUMNS = ("frame", "label", "track", "phase", "score", "confidence", "area_px", "model")
_LARGEST_UINT16 = 65535


@dataclass
class _Piece:
    """A track as far as it has no gap, under one label."""

    label: int
    first: int
    last: int
    area: int


@dataclass
class _Pieces:
    highest: int
    of: dict[int, list[_Piece]] = field(default_factory=dict)

    def label(self, track: int, frame: int, area: int) -> int:
        """The label of the track on the frame; frames come in order."""
        pieces = self.of.setdefault(track, [])
        if pieces and pieces[-1].last == frame - 1:
            pieces[-1].last, pieces[-1].area = frame, area
        else:
            if pieces:
                self.highest += 1
            pieces.append(_Piece(self.highest if pieces else track, frame, frame, area))
        return pieces[-1].label


def write(dataset: AnnotationDataset, folder: Path) -> list[Path]:
    paths, rows, lost = [], [], []
    pieces = _Pieces(dataset.highest_track)
    digits = max(3, len(str(dataset.frames - 1)))
    for t in range(dataset.frames):
        drawn = dataset.drawn(t)
        index, lost_px = paint(drawn, (dataset.height, dataset.width))
        lost += [{"frame": t, "track": one.track, "lost_px": px} for one, px in zip(drawn, lost_px, strict=True) if px]
        areas: dict[int, int] = {}
        for one, area in zip(drawn, np.bincount(index.ravel(), minlength=len(drawn) + 1)[1:], strict=True):
            areas[one.track] = areas.get(one.track, 0) + int(area)
        table = [0]
        for one in drawn:
            area = areas[one.track]
            table.append(pieces.label(one.track, t, area) if area else 0)
            if area:
                rows.append((t, table[-1], *_described(one, area)))
        paths.append(folder / f"mask{t:0{digits}d}.tif")
        _write_mask(paths[-1], np.array(table, np.uint32)[index])
    events, links = _by_labels(dataset.events, pieces)
    tables = {
        "tracks.csv": (TRACK_COLUMNS, rows),
        "links.csv": (LINK_COLUMNS, [link_row(link) for link in links]),
        "events.csv": (EVENT_COLUMNS, [event_row(event) for event in events]),
    }
    for name, (columns, content) in tables.items():
        paths.append(folder / name)
        with paths[-1].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([columns, *content])
    paths.append(folder / "res_track.txt")
    paths[-1].write_text("".join(_lines(pieces, links)), newline="\n")
    paths.append(folder / TABLE_NAME)
    paths[-1].write_text(json.dumps(_table(dataset, lost), ensure_ascii=False, indent=1) + "\n", newline="\n")
    return paths


def _described(one: LabelledInstance, area: int) -> tuple[Any, ...]:
    score, confidence = ("" if value is None else f"{value:.4f}" for value in (one.score, one.confidence))
    return one.track, one.phase, score, confidence, area, one.model or ""


def _write_mask(path: Path, labels: NDArray[np.uint32]) -> None:
    dtype = np.uint16 if int(labels.max(initial=0)) <= _LARGEST_UINT16 else np.uint32
    # Without metadata and software, which name the writer's version and would change the bytes.
    tifffile.imwrite(
        path, labels.astype(dtype), photometric="minisblack", compression="zlib", metadata=None, software=False
    )


def _by_labels(events: Iterable[Event], pieces: _Pieces) -> tuple[list[Event], list[Link]]:
    """Events by the labels that show them: a parent's before it, a child's after."""
    found = []
    for event in events:
        parents = [_piece(pieces, track, event.first_frame) for track in event.parents]
        children = [_piece(pieces, track, event.last_frame) for track in event.children]
        if all(each is not None for each in (*parents, *children)):
            found.append(
                replace(
                    event,
                    parents=tuple(each.label for each in parents if each),
                    children=tuple(each.label for each in children if each),
                )
            )
    return found, links_of(found)


def _piece(pieces: _Pieces, track: int, frame: int) -> _Piece | None:
    """The piece that is there on the frame, or else the nearest one."""
    return min(
        pieces.of.get(track, []), key=lambda piece: max(piece.first - frame, frame - piece.last, 0), default=None
    )


def _lines(pieces: _Pieces, links: Sequence[Link]) -> list[str]:
    every = {piece.label: piece for several in pieces.of.values() for piece in several}
    parents = largest_parents(links, {label: piece.area for label, piece in every.items()})
    # The table has no room for a child that is there before its parent's end.
    parents = {child: parent for child, parent in parents.items() if every[parent].last < every[child].first}
    for several in pieces.of.values():
        parents |= {later.label: earlier.label for earlier, later in pairwise(several)}
    return [f"{label} {piece.first} {piece.last} {parents.get(label, 0)}\n" for label, piece in sorted(every.items())]


def _table(dataset: AnnotationDataset, lost: list[dict[str, int]]) -> dict[str, Any]:
    return {
        "series": dataset.name,
        "frames": dataset.frames,
        "height": dataset.height,
        "width": dataset.width,
        "phases": [
            {"index": index, "name": phase.name, "colour": phase.colour} for index, phase in enumerate(dataset.phases)
        ],
        "lost_px": sum(entry["lost_px"] for entry in lost),
        "lost": lost,
    }


def read(folder: Path) -> AnnotationDataset:
    """Read what `write` wrote: tracks, not labels; drawing order is all one."""
    try:
        content = json.loads((folder / TABLE_NAME).read_text(encoding="utf-8"))
        with (folder / "tracks.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        track_of = {int(row["label"]): int(row["track"]) for row in rows}
        on_frame: dict[int, list[dict[str, str]]] = {}
        for row in rows:
            on_frame.setdefault(int(row["frame"]), []).append(row)
        events = [
            replace(
                event,
                parents=tuple(track_of[label] for label in event.parents),
                children=tuple(track_of[label] for label in event.children),
            )
            for event in read_events(folder / "events.csv")
        ]
        phases = [Phase(row["name"], row["colour"]) for row in content["phases"]]
        frames, height, width = content["frames"], content["height"], content["width"]
        name = content["series"]
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise InvalidDatasetError(
            f"{folder.name}: no results as they are exported here ({type(error).__name__}: {error}). Export it again."
        ) from error
    digits = max(3, len(str(frames - 1)))

    def instances(t: int) -> list[LabelledInstance]:
        path = folder / f"mask{t:0{digits}d}.tif"
        try:
            labels = np.asarray(tifffile.imread(path))
        except (OSError, ValueError) as error:
            raise InvalidDatasetError(f"{path.name} cannot be read ({error}). Export it again.") from error
        return [
            LabelledInstance(
                int(row["track"]),
                int(row["phase"]),
                rle.encode(labels == int(row["label"])),
                score=float(row["score"]) if row["score"] else None,
                model=row["model"] or None,
                confidence=float(row["confidence"]) if row["confidence"] else None,
            )
            for row in on_frame.get(t, [])
        ]

    return AnnotationDataset(name, frames, height, width, phases, instances, max(track_of.values(), default=0), events)


FORMAT = AnnotationFormat(name="ctc", title="Cell Tracking Challenge (masks, tracks, lineage)", write=write, read=read)

"""A stack of label images: uint32, one page a frame, each pixel the number of the topmost track, 0 background.

Labels cannot overlap, so masks are painted in drawing order and lower ones lose what is covered. `labels.json` says
which track has which phase, and how many pixels of which mask were lost on which frame.
"""

import json
from collections.abc import Sequence
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
from ml.formats.errors import FormatError
from ml.formats.limits import Limits
from ml.formats.lineage_tables import event_json, event_of
from ml.formats.tiff_pages import open_tiff, read_page

STACK_NAME, TABLE_NAME = "labels.tif", "labels.json"
_CLASSIC_TIFF_BYTES = 1 << 31


def write(dataset: AnnotationDataset, folder: Path) -> list[Path]:
    stack, table = folder / STACK_NAME, folder / TABLE_NAME
    tracks: dict[tuple[int, int], list[int]] = {}  # (track, phase): first and last frame
    lost: list[dict[str, int]] = []
    large = dataset.frames * dataset.height * dataset.width * 4 > _CLASSIC_TIFF_BYTES
    with tifffile.TiffWriter(stack, bigtiff=large, byteorder="<") as writer:
        for t in range(dataset.frames):
            drawn = dataset.drawn(t)
            labels, lost_px = flatten(drawn, (dataset.height, dataset.width))
            for one, px in zip(drawn, lost_px, strict=True):
                tracks.setdefault((one.track, one.phase), [t, t])[1] = t
                if px:
                    lost.append({"frame": t, "track": one.track, "lost_px": px})
            # Without metadata and software, which name the writer's version and would change the bytes.
            writer.write(labels, photometric="minisblack", compression="zlib", metadata=None, software=False)
    content: dict[str, Any] = {
        "series": dataset.name,
        "frames": dataset.frames,
        "height": dataset.height,
        "width": dataset.width,
        "phases": [
            {"index": index, "name": phase.name, "colour": phase.colour} for index, phase in enumerate(dataset.phases)
        ],
        "tracks": [
            {"track": track, "phase": phase, "first_frame": first, "last_frame": last}
            for (track, phase), (first, last) in sorted(tracks.items())
        ],
        "events": [event_json(event) for event in dataset.events],
        "lost_px": sum(entry["lost_px"] for entry in lost),
        "lost": lost,
    }
    table.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    return [stack, table]


def flatten(drawn: Sequence[LabelledInstance], size: tuple[int, int]) -> tuple[NDArray[np.uint32], list[int]]:
    """Paint masks one over the other.

    Parameters
    ----------
    drawn
        Instances from the lowest to the topmost.
    size
        (height, width) in pixels.

    Returns
    -------
    labels
        uint32 (height, width) of track numbers, 0 where there is no mask.
    lost_px
        for each instance, how many of its pixels masks of other tracks cover.
    """
    index, lost_px = paint(drawn, size)
    return np.array([0, *(one.track for one in drawn)], np.uint32)[index], lost_px


def paint(drawn: Sequence[LabelledInstance], size: tuple[int, int]) -> tuple[NDArray[np.uint32], list[int]]:
    """As `flatten`, but a pixel holds which of the instances is on top there, counted from 1."""
    index = np.zeros(size, np.uint32)
    found = [rle.decode_box(one.mask) for one in drawn]
    for position, ((x0, y0, x1, y1), own) in enumerate(found, start=1):
        index[y0:y1, x0:x1][own] = position
    tracks = np.array([0, *(one.track for one in drawn)], np.uint32)
    lost_px = []
    for position, ((x0, y0, x1, y1), own) in enumerate(found, start=1):
        lost_px.append(int(np.count_nonzero(tracks[index[y0:y1, x0:x1][own]] != tracks[position])))
    return index, lost_px


def read(folder: Path) -> AnnotationDataset:
    """Read what `write` wrote; pages are read when a frame is asked for. Drawing order is all one."""
    stack, table = folder / STACK_NAME, folder / TABLE_NAME
    try:
        content = json.loads(table.read_text(encoding="utf-8"))
        spans = [(row["track"], row["phase"], row["first_frame"], row["last_frame"]) for row in content["tracks"]]
        phases = [Phase(row["name"], row["colour"]) for row in content["phases"]]
        frames, height, width = content["frames"], content["height"], content["width"]
        name, events = content["series"], [event_of(row) for row in content["events"]]
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidDatasetError(
            f"{table.name}: not a table as it is exported here ({type(error).__name__}: {error}). Export it again."
        ) from error

    def instances(t: int) -> list[LabelledInstance]:
        labels = _page(stack, t)
        phase_of = {track: phase for track, phase, first, last in spans if first <= t <= last}
        tracks = (int(track) for track in np.unique(labels) if track)
        return [LabelledInstance(track, phase_of[track], rle.encode(labels == track)) for track in tracks]

    return AnnotationDataset(
        name, frames, height, width, phases, instances, max((track for track, *_ in spans), default=0), events
    )


def _page(stack: Path, t: int) -> NDArray[np.uint32]:
    try:
        with stack.open("rb") as stream, open_tiff(stream, stack.name, Limits()) as tiff:
            return read_page(tiff.pages[t], stack.name, tiff.filehandle.size)
    except (FormatError, IndexError) as error:
        raise InvalidDatasetError(f"{stack.name}: frame {t} cannot be read ({error}). Export it again.") from error


FORMAT = AnnotationFormat(name="labels", title="Label images (TIFF stack)", write=write, read=read)

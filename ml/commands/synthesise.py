"""Make a synthetic series and its truth, in Cell Tracking Challenge layout."""

import argparse
import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from tqdm import tqdm

from ml.synthetic import PRESETS, SyntheticSeries, synthesise

HELP = "make a synthetic series with full truth"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--seed", type=int, required=True, help="equal seeds give equal series")
    parser.add_argument("--frames", type=int, required=True, help="number of frames")
    parser.add_argument("--size", type=int, required=True, help="side of a frame, px")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="sintering", help="kind of series")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; made if missing")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the series, write it and report what is in it.

    Raises
    ------
    FileExistsError
        if the folder already holds a series.
    """
    out: Path = arguments.out
    if (out / "01").exists():
        raise FileExistsError(f"{out / '01'} is there already: choose another --out or remove it")
    with tqdm(total=arguments.frames, desc="synthesise", unit="frame") as bar:
        series = synthesise(
            arguments.seed, arguments.frames, arguments.size, arguments.preset, progress=lambda frame: bar.update()
        )
    write_series(series, out)
    return {
        "out": str(out),
        "preset": arguments.preset,
        "seed": arguments.seed,
        "frames": len(series.images),
        "height": series.images.shape[1],
        "width": series.images.shape[2],
        "tracks": len(series.tracks),
        "merges": len({link.child for link in series.links if link.kind == "merge"}),
        "splits": len({link.parent for link in series.links if link.kind == "split"}),
        "phases": list(series.phases),
        "pixel_size_nm": series.pixel_size_nm,
        "frame_interval_s": series.frame_interval_s,
    }


def write_series(series: SyntheticSeries, out: Path) -> None:
    """Write images and truth under `out`: 01, 01_GT/TRA, 01_GT/SEG, links.csv, phases.csv and phases.json."""
    folders = {name: out / name for name in ("01", "01_GT/TRA", "01_GT/SEG")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    labels = _as_uint16(series.labels)
    digits = max(3, len(str(len(labels) - 1)))
    for frame, (image, truth) in enumerate(zip(series.images, labels, strict=True)):
        number = f"{frame:0{digits}d}"
        tifffile.imwrite(folders["01"] / f"t{number}.tif", image)
        tifffile.imwrite(folders["01_GT/TRA"] / f"man_track{number}.tif", truth, compression="zlib")
        tifffile.imwrite(folders["01_GT/SEG"] / f"man_seg{number}.tif", truth, compression="zlib")
    parent_of = _largest_parents(series)
    rows = [f"{t.track} {t.first_frame} {t.last_frame} {parent_of.get(t.track, 0)}" for t in series.tracks]
    (folders["01_GT/TRA"] / "man_track.txt").write_text("\n".join(rows) + "\n")
    with (out / "links.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["parent", "child", "kind", "frame"])
        writer.writerows([link.parent, link.child, link.kind, link.frame] for link in series.links)
    with (out / "phases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["track", "phase"])
        writer.writerows(series.phase_of.items())
    description = {
        "phases": [{"index": index, "name": name} for index, name in enumerate(series.phases)],
        "pixel_size_nm": series.pixel_size_nm,
        "frame_interval_s": series.frame_interval_s,
        "drift_xy_px": series.drift.round(3).tolist(),
    }
    (out / "phases.json").write_text(json.dumps(description, indent=1) + "\n")


def _as_uint16(labels: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """The layout's label images have 16 bits."""
    highest = int(labels.max())
    if highest > 65535:
        raise ValueError(f"track {highest} does not fit 16 bits (65535); ask for fewer frames or a smaller size")
    return labels.astype(np.uint16)


def _largest_parents(series: SyntheticSeries) -> dict[int, int]:
    """The layout knows one parent: on a merge the one with the largest area on its last frame."""
    last = {track.track: track.last_frame for track in series.tracks}
    largest: dict[int, tuple[int, int]] = {}
    for link in series.links:
        area = int(np.count_nonzero(series.labels[last[link.parent]] == link.parent))
        largest[link.child] = max(largest.get(link.child, (0, 0)), (area, link.parent))
    return {child: parent for child, (_, parent) in largest.items()}

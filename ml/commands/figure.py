"""Draw a tracked series: key frames in a row, each mask in its track's colour, and below them a region magnified.

Without --frames they are the first, the last, the two around the first merge, and others between. Without --region it
is where the first merge happens. What has come from a merge keeps the colour of its largest parent. Scale bars and
times are drawn where the series or the options have a calibration.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ml.evaluation.figures.masks import Region
    from ml.evaluation.figures.tracks import Shown
    from ml.formats.calibration import Calibration
    from ml.formats.series_reader import SeriesReader

HELP = "draw key frames of a tracked series"
COUNT = 5
_LEAST_MM, _MOST_MM = 30.0, 1000.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("series", type=Path, metavar="SERIES", help="folder of images, stack or video")
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the folder that track wrote to")
    parser.add_argument("--frames", type=int, nargs="+", metavar="N", help=f"from 0 (default: {COUNT} chosen frames)")
    parser.add_argument(
        "--region", type=int, nargs=4, metavar=("X0", "Y0", "WIDTH", "HEIGHT"), help="what is magnified, in pixels"
    )
    parser.add_argument("--phases", nargs="+", default=[], metavar="NAME", help="names of phases 0, 1 … for the legend")
    parser.add_argument("--pixel-size-nm", type=float, metavar="NM", help="instead of what the series says")
    parser.add_argument("--frame-interval-s", type=float, metavar="S", help="instead of what the series says")
    parser.add_argument("--width", type=float, default=180.0, metavar="MM", help="of the figure (default: 180)")
    parser.add_argument("--dpi", type=float, default=300.0, help="pixels per inch of images (default: 300)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="ends in .png, .svg or .pdf")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    from ml.evaluation.figures import save
    from ml.evaluation.figures.key_frames import key_frames, merge_to_show, region_of
    from ml.evaluation.figures.tracks import Lineage, draw_tracks, track_colours
    from ml.evaluation.lineage import junctions
    from ml.formats.images import open_series
    from ml.formats.lineage_tables import read_links
    from ml.tracking.results import label_paths, read_labels, read_run, read_spans

    _check(arguments)
    paths = label_paths(arguments.results)
    spans, links = read_spans(arguments.results / "tracks.csv"), read_links(arguments.results / "links.csv")
    # Of the last frame of a killed run there may be links and no mask.
    merges = [merge for merge in junctions(links, "merge") if merge.frame < len(paths)]
    with open_series(arguments.series) as series:
        calibration = _calibration(arguments, series.calibration)
        if (of := read_run(arguments.results)["frames"]) != series.frames:
            raise ValueError(f"{arguments.results} was made of {of} frames; {arguments.series} has {series.frames}.")
        merge = merge_to_show(merges, arguments.frames or range(len(paths)))
        # Parents that end on different frames are seen together on the last frame of the first to end.
        around = (min(spans[parent].last for parent in merge.parts), merge.frame) if merge else None
        frames = sorted(set(arguments.frames or key_frames(len(paths), around, COUNT)))
        if out := [frame for frame in frames if not 0 <= frame < len(paths)]:
            raise ValueError(f"--frames has {out[0]}; {arguments.results} has frames 0 to {len(paths) - 1}.")
        shown = _read(series, paths, frames)
    magnified = _given_region(arguments, shown[0].labels.shape)
    if magnified is None:
        tracks = {merge.whole, *merge.parts} if merge else set()
        magnified = region_of(tracks, [read_labels(paths[frame]) for frame in {*frames, *(around or ())}])
    areas = {track: span.last_area for track, span in spans.items()}
    lineage = Lineage({track: span.phase for track, span in spans.items()}, track_colours(areas, links), merges)
    figure = draw_tracks(
        shown, magnified, lineage, width_mm=arguments.width, calibration=calibration, phases=arguments.phases
    )
    save(figure, arguments.out, arguments.dpi)
    rows, columns = magnified
    return {
        "out": str(arguments.out),
        "frames": frames,
        "region": [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start],
        "pixel_size": calibration.pixel_size,
        "unit": calibration.unit,
        "frame_interval_s": calibration.frame_interval_s,
        "width_mm": arguments.width,
        "height_mm": figure.get_figheight() * 25.4,
    }


def _check(arguments: argparse.Namespace) -> None:
    """Before anything slow is begun."""
    from ml.evaluation.figures import SUFFIXES

    if arguments.out.suffix.lower() not in SUFFIXES:
        raise ValueError(f"--out is {arguments.out}; give a name that ends in {', '.join(SUFFIXES)}.")
    if not arguments.out.parent.is_dir():
        raise ValueError(f"--out is {arguments.out}, but there is no folder {arguments.out.parent}; make it.")
    if missing := [
        name for name in ("run.json", "tracks.csv", "links.csv") if not (arguments.results / name).is_file()
    ]:
        raise ValueError(f"{arguments.results} has no {missing[0]}; give the folder that track wrote to.")
    if not _LEAST_MM <= arguments.width <= _MOST_MM:
        raise ValueError(f"--width is {arguments.width:g} mm; give {_LEAST_MM:g} to {_MOST_MM:g}.")
    if not 30 <= arguments.dpi <= 2400:
        raise ValueError(f"--dpi is {arguments.dpi:g}; give 30 to 2400.")
    for name in ("pixel_size_nm", "frame_interval_s"):
        value = getattr(arguments, name)
        if value is not None and not 0 < value < float("inf"):
            raise ValueError(f"--{name.replace('_', '-')} is {value:g}; give more than 0.")


def _calibration(arguments: argparse.Namespace, stated: "Calibration") -> "Calibration":
    if arguments.pixel_size_nm:
        stated = replace(stated, pixel_size=arguments.pixel_size_nm, unit="nm")
    return replace(stated, frame_interval_s=arguments.frame_interval_s or stated.frame_interval_s)


def _read(series: "SeriesReader", paths: list[Path], frames: list[int]) -> "list[Shown]":
    from ml.evaluation.figures.tracks import Shown
    from ml.series import grey_reader
    from ml.tracking.results import read_labels

    read = grey_reader(series)
    shown = []
    for frame in frames:
        labels = read_labels(paths[frame])
        if labels.shape != (size := (series.height, series.width)):
            raise ValueError(f"{paths[frame]} has {labels.shape} px, the series {size}: it was made of another.")
        shown.append(Shown(frame, read(frame), labels))
    return shown


def _given_region(arguments: argparse.Namespace, shape: tuple[int, ...]) -> "Region | None":
    if arguments.region is None:
        return None
    x0, y0, width, height = arguments.region
    if x0 < 0 or y0 < 0 or width < 1 or height < 1 or x0 + width > shape[1] or y0 + height > shape[0]:
        raise ValueError(f"--region {x0} {y0} {width} {height} is not within the frame of {shape[1]} by {shape[0]} px.")
    return slice(y0, y0 + height), slice(x0, x0 + width)

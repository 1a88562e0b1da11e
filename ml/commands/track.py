"""Follow every object through a series: masks, tracks, merges and splits.

Objects come from a segmenter or from label images (--labels); who they are says the tracker. Each frame is written as
soon as it stands; Ctrl-C keeps what is done, and --resume goes on from there.
"""

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.commands import add_parameter, check_device, weights_folder
from ml.registry import DEFAULT, DEFAULT_TRACKER

if TYPE_CHECKING:
    from ml.formats.series_reader import SeriesReader
    from ml.tracking.confirmed import Segment

HELP = "follow every object through a series"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("series", type=Path, metavar="SERIES", help="folder of images, stack or video")
    parser.add_argument("--segmenter", metavar="NAME", help=f"what finds the objects (default: {DEFAULT})")
    parser.add_argument("--weights", type=Path, help="a checkpoint, or settings of threshold, instead of its own")
    add_parameter(parser)
    parser.add_argument("--labels", type=Path, metavar="DIR", help="label images, one a frame, instead of a segmenter")
    parser.add_argument("--tracker", default=DEFAULT_TRACKER, metavar="NAME", help=f"default: {DEFAULT_TRACKER}")
    parser.add_argument("--pipeline", choices=["graticule", "article"], default="graticule")
    parser.add_argument("--device", default="cpu", help="cpu, cuda … (default: cpu)")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write to; made if missing")
    parser.add_argument("--gt", type=Path, metavar="DIR", help="truth to score with: holds 01_GT and links.csv")
    parser.add_argument("--resume", action="store_true", help="go on with the run that --out holds")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    from tqdm import tqdm

    from ml import registry
    from ml.evaluation.cost import peak_memory_mb
    from ml.evaluation.lineage import junctions
    from ml.evaluation.tracking import tracking_scores
    from ml.formats.images import open_series
    from ml.series import grey_reader
    from ml.tracking.ledger import Settings
    from ml.tracking.pipelines import PIPELINES
    from ml.tracking.results import Results

    if arguments.labels and (arguments.segmenter or arguments.parameter or arguments.weights):
        raise ValueError("--labels stands in place of a segmenter; leave --segmenter, --weights and --parameter out.")
    check_device(arguments.device)
    registry.info(arguments.tracker, kind="tracker")
    tracker = registry.load(arguments.tracker, device=arguments.device, weights_folder=weights_folder())
    with open_series(arguments.series) as series:
        segment, objects_from = _segment(arguments, series)
        made_of = {
            **objects_from,
            "tracker": tracker.name,
            "tracker_hash": tracker.weights_hash,
            "pipeline": arguments.pipeline,
            "frames": series.frames,
        }
        opened = (Results.resume if arguments.resume else Results.begin)(arguments.out, series.frames, made_of)
        begun = opened.next_frame
        follow = PIPELINES[arguments.pipeline]
        options: dict[str, Any] = {}
        if arguments.labels and arguments.pipeline == "graticule":
            options["settings"] = Settings(neck=None)  # labels are taken at their word
        start = time.perf_counter()
        with opened as results, tqdm(total=series.frames, initial=begun, desc="track", unit="frame") as bar:
            if begun < series.frames:
                for confirmed in follow(
                    series.frames, grey_reader(series), segment, tracker, results.before(), **options
                ):
                    results.add(confirmed)
                    bar.update()
        seconds = time.perf_counter() - start
    frames_done = results.next_frame - begun
    report = {
        "out": str(arguments.out),
        **made_of,
        "tracks": len(results.spans),
        "merges": len(junctions(results.links, "merge")),
        "splits": len(junctions(results.links, "split")),
        "seconds_per_frame": seconds / frames_done if frames_done else math.nan,
        "peak_memory_mb": peak_memory_mb(arguments.device),
    }
    return report | (tracking_scores(arguments.out, arguments.gt) if arguments.gt else {})


def _segment(arguments: argparse.Namespace, series: "SeriesReader") -> "tuple[Segment, dict[str, Any]]":
    """What finds the objects of a frame, and how a run says what that was."""
    from ml import registry
    from ml.tracking.objects import of_instances, of_labels
    from ml.tracking.results import label_paths, read_labels

    if arguments.labels:
        paths = label_paths(arguments.labels)
        if len(paths) != series.frames:
            raise ValueError(f"{arguments.labels} has {len(paths)} label images, the series {series.frames} frames.")
        if (shape := read_labels(paths[0]).shape) != (series.height, series.width):
            raise ValueError(f"The label images have {shape} px, the series {(series.height, series.width)}.")
        return lambda frame, image: of_labels(read_labels(paths[frame])), {"labels": str(arguments.labels)}
    name = arguments.segmenter or DEFAULT
    registry.info(name, kind="segmenter")
    settings = registry.settings(name, dict(arguments.parameter))
    options = {"weights": arguments.weights} if arguments.weights else {}
    segmenter = registry.load(name, device=arguments.device, weights_folder=weights_folder(), **options)
    given = dict(arguments.parameter)
    made_of = {"segmenter": segmenter.name, "segmenter_hash": segmenter.weights_hash, "settings": settings}
    return lambda frame, image: of_instances(segmenter.segment(image, given), image.shape), made_of

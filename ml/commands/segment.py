"""Segment one frame of an image file: what a prompt means, or every object.

With --point or --box the best mask is label 1. Without, every object gets a label, the largest first, so that small
objects that lie on large ones stay visible.
"""

import argparse
import math
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml.commands import add_parameter, check_device, weights_folder

if TYPE_CHECKING:
    from ml.types import Grey, Instance, Prompt

HELP = "segment an image by points, by a box or as a whole"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    # A box may reach out of the frame: "-5,0,40,60" is no option.
    parser._negative_number_matcher = re.compile(r"-[\d.]")
    parser.add_argument("image", type=Path, metavar="IMAGE", help="image, stack or video")
    parser.add_argument("--model", required=True, metavar="NAME", help="name in the registry, such as efficient_sam_ti")
    parser.add_argument(
        "--point",
        type=_point,
        action="extend",
        nargs="+",
        default=[],
        metavar="X,Y,LABEL",
        help="point in pixels; label 1 is inside the object, 0 outside",
    )
    parser.add_argument("--box", type=_box, metavar="X0,Y0,X1,Y1", help="box around the object, in pixels")
    add_parameter(parser)
    parser.add_argument("--frame", type=int, default=0, metavar="N", help="frame of the series, from 0 (default: 0)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda … (default: cpu)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.tif", help="where the uint32 label image goes")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    import numpy as np
    import tifffile

    from ml import registry, rle
    from ml.types import Prompt

    prompted = bool(arguments.point) or arguments.box is not None
    info = registry.info(arguments.model, kind="segmenter")
    if prompted and not info.promptable:
        raise ValueError(f"{info.name} answers no prompts; leave --point and --box out to segment the whole frame.")
    if prompted and arguments.parameter:
        raise ValueError("--parameter is for segmenting the whole frame; leave it out with --point and --box.")
    _check_out(arguments.out)
    check_device(arguments.device)
    frame = _read(arguments.image, arguments.frame)
    prompt = Prompt(tuple(arguments.point), arguments.box)
    _check_inside(prompt, *frame.shape)
    model = registry.load(arguments.model, device=arguments.device, weights_folder=weights_folder())
    start = time.perf_counter()
    if prompted:
        instances = model.decode(model.encode(frame), prompt)[:1]
    else:
        instances = _largest_first(model.segment(frame, dict(arguments.parameter)))
    seconds = time.perf_counter() - start

    labels = np.zeros(frame.shape, np.uint32)
    described = []
    for label, instance in enumerate(instances, start=1):
        labels[instance.mask] = label
        mask = rle.encode(instance.mask)
        described.append(
            {
                "label": label,
                "score": instance.score,
                "area_px": rle.area(mask),
                "box": rle.box_xyxy(mask),
                "phase": instance.phase,
            }
        )
    tifffile.imwrite(arguments.out, labels, compression="zlib")
    return {"model": model.name, "model_hash": model.weights_hash, "seconds": seconds, "instances": described}


def _read(path: Path, frame: int) -> "Grey":
    """One frame, the series' input range mapped to 0..1."""
    from ml.formats.images import open_series
    from ml.series import grey_reader

    with open_series(path) as series:
        if not 0 <= frame < series.frames:
            raise ValueError(f"--frame is {frame}; {path} has {series.frames} frames, 0 to {series.frames - 1}.")
        return grey_reader(series)(frame)


def _largest_first(instances: "list[Instance]") -> "list[Instance]":
    return sorted(instances, key=lambda instance: int(instance.mask.sum()), reverse=True)


def _check_out(path: Path) -> None:
    """Before the model runs, which may take long."""
    if path.suffix.lower() not in (".tif", ".tiff"):
        raise ValueError(f"--out is {path}; labels are written as TIFF: give a name that ends in .tif.")
    if not path.parent.is_dir():
        raise ValueError(f"--out is {path}, but there is no folder {path.parent}; make it or choose another.")


def _check_inside(prompt: "Prompt", height: int, width: int) -> None:
    for x, y, _ in prompt.points:
        if not (0 <= x <= width and 0 <= y <= height):
            raise ValueError(f"The point {x:g},{y:g} lies outside the frame of {width}×{height} pixels (x,y).")
    if prompt.box_xyxy is not None:
        x0, y0, x1, y1 = prompt.box_xyxy
        if not (x0 < x1 and y0 < y1 and x1 > 0 and y1 > 0 and x0 < width and y0 < height):
            raise ValueError(
                f"The box {x0:g},{y0:g},{x1:g},{y1:g} must have x0 < x1 and y0 < y1 and meet the frame of "
                f"{width}×{height} pixels."
            )


def _point(text: str) -> tuple[float, float, int]:
    try:
        x, y, label = text.split(",")
        point = float(x), float(y), int(label)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no point; give x,y,label such as 120,85.5,1") from None
    if point[2] not in (0, 1):
        raise argparse.ArgumentTypeError(f"{text!r} has label {point[2]}; give 1 (inside) or 0 (outside)")
    return point


def _box(text: str) -> tuple[float, float, float, float]:
    try:
        x0, y0, x1, y1 = (float(number) for number in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no box; give x0,y0,x1,y1 such as 10,20,60,80") from None
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        raise argparse.ArgumentTypeError(f"{text!r} is not finite; give x0,y0,x1,y1 such as 10,20,60,80")
    return x0, y0, x1, y1

"""YOLO segmentation (docs.ultralytics.com/datasets/segment): a text file a frame, a line an object.

A line is `class x1 y1 x2 y2 …`: the phase's index and one polygon, x divided by the width and y by the height. The
polygon runs along pixel edges, so filling it by the even-odd or the non-zero rule gives the mask back exactly. The
format has one polygon an object: holes and separate parts are joined to it by bridges of no width. Lines stand in
drawing order; track numbers, scores and models have no place in the format. A frame without objects has an empty file.
"""

import json
from pathlib import Path

import numpy as np

from ml import rle
from ml.formats.annotation_dataset import AnnotationDataset, AnnotationFormat, LabelledInstance, frame_stem
from ml.formats.contours import rings, single_path

_DIGITS = 7  # a hundredth of a pixel on a frame 100,000 pixels wide


def write(dataset: AnnotationDataset, folder: Path) -> list[Path]:
    labels = folder / "labels"
    labels.mkdir(exist_ok=True)
    paths = []
    for t in range(dataset.frames):
        lines = [_line(one) for one in dataset.drawn(t) if rle.area(one.mask)]
        path = labels / f"{frame_stem(t)}.txt"
        path.write_text("".join(lines), encoding="ascii", newline="\n")
        paths.append(path)
    description = folder / "data.yaml"
    # JSON strings are YAML strings.
    names = "".join(f"  {index}: {json.dumps(phase.name)}\n" for index, phase in enumerate(dataset.phases))
    description.write_text(
        f"# {json.dumps(dataset.name)}: put the frames into images/ as {frame_stem(0)}.png and so on.\n"
        f"path: .\ntrain: images\nval: images\nnames:\n{names}",
        encoding="utf-8",
        newline="\n",
    )
    return [*paths, description]


def _line(one: LabelledInstance) -> str:
    height, width = one.mask.size
    (x0, y0, _, _), own = rle.decode_box(one.mask)
    corners = single_path(rings(own)) + np.array([x0, y0])
    numbers = (corners / np.array([width, height])).ravel().tolist()
    return f"{one.phase} {' '.join(_short(number) for number in numbers)}\n"


def _short(number: float) -> str:
    return f"{number:.{_DIGITS}f}".rstrip("0").rstrip(".")


FORMAT = AnnotationFormat(name="yolo", title="YOLO segmentation polygons", write=write)

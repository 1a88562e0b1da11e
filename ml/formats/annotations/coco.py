"""COCO JSON (cocodataset.org/#format-data): masks as RLE, so overlaps, holes and separate parts are kept exactly.

Categories are the phases (id = index + 1), images the frames (id = index + 1, `frame_index`). Beside COCO's own fields
an annotation has `track_id`, and in `attributes` track, drawing order, score, model and the tracker's confidence;
`events` are what happened to tracks, merges and splits among them.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from ml import rle
from ml.formats.annotation_dataset import (
    AnnotationDataset,
    AnnotationFormat,
    InvalidDatasetError,
    LabelledInstance,
    Phase,
    frame_stem,
)
from ml.formats.lineage_tables import event_json, event_of

FILE_NAME = "annotations.json"
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def write(dataset: AnnotationDataset, folder: Path) -> list[Path]:
    path = folder / FILE_NAME
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write('{"info": ' + _text({"description": dataset.name, "version": "1.0"}))
        stream.write(', "licenses": []')
        _write_list(stream, "categories", _categories(dataset))
        _write_list(stream, "images", _images(dataset))
        _write_list(stream, "events", map(event_json, dataset.events))
        _write_list(stream, "annotations", _annotations(dataset))
        stream.write("}\n")
    return [path]


def read(folder: Path) -> AnnotationDataset:
    """Read what `write` wrote. Masks are validated; the whole file is held in memory."""
    path = folder / FILE_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        categories = sorted(content["categories"], key=lambda category: category["id"])
        phase_of = {category["id"]: index for index, category in enumerate(categories)}
        frame_of = {image["id"]: image["frame_index"] for image in content["images"]}
        height, width = content["images"][0]["height"], content["images"][0]["width"]
        frames: dict[int, list[LabelledInstance]] = {}
        for annotation in content["annotations"]:
            frames.setdefault(frame_of[annotation["image_id"]], []).append(_instance(annotation, phase_of))
        return AnnotationDataset(
            name=content["info"]["description"],
            frames=len(frame_of),
            height=height,
            width=width,
            phases=[Phase(category["name"], category["color"]) for category in categories],
            instances=lambda t: frames.get(t, []),
            highest_track=max((one.track for each in frames.values() for one in each), default=0),
            events=[event_of(row) for row in content["events"]],
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InvalidDatasetError(
            f"{path.name}: not a COCO file as it is exported here ({type(error).__name__}: {error}). Export it again."
        ) from error


def _categories(dataset: AnnotationDataset) -> Iterator[dict[str, Any]]:
    for index, phase in enumerate(dataset.phases):
        yield {"id": index + 1, "name": phase.name, "supercategory": "phase", "color": phase.colour}


def _images(dataset: AnnotationDataset) -> Iterator[dict[str, Any]]:
    for t in range(dataset.frames):
        yield {
            "id": t + 1,
            "file_name": f"{frame_stem(t)}.png",
            "height": dataset.height,
            "width": dataset.width,
            "frame_index": t,
        }


def _annotations(dataset: AnnotationDataset) -> Iterator[dict[str, Any]]:
    number = 0
    for t in range(dataset.frames):
        for one in dataset.drawn(t):
            number += 1
            x0, y0, x1, y1 = rle.box_xyxy(one.mask)
            yield {
                "id": number,
                "image_id": t + 1,
                "category_id": one.phase + 1,
                "segmentation": {"size": list(one.mask.size), "counts": one.mask.counts},
                "area": rle.area(one.mask),
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "iscrowd": 0,
                "track_id": one.track,
                "attributes": {
                    "track_id": one.track,
                    "z_order": one.z_order,
                    "score": None if one.score is None or math.isnan(one.score) else one.score,
                    "model": one.model,
                    "confidence": one.confidence,
                },
            }


def _instance(annotation: dict[str, Any], phase_of: dict[int, int]) -> LabelledInstance:
    segmentation, attributes = annotation["segmentation"], annotation["attributes"]
    height, width = segmentation["size"]
    return LabelledInstance(
        track=annotation["track_id"],
        phase=phase_of[annotation["category_id"]],
        mask=rle.validate((height, width), segmentation["counts"]),
        z_order=attributes["z_order"],
        score=attributes["score"],
        model=attributes["model"],
        confidence=attributes["confidence"],
    )


def _write_list(stream: TextIO, name: str, items: Iterator[dict[str, Any]]) -> None:
    stream.write(f', "{name}": [')
    for index, item in enumerate(items):
        stream.write((",\n" if index else "\n") + _text(item))
    stream.write("\n]")


def _text(value: Any) -> str:
    return _ENCODER.encode(value)


FORMAT = AnnotationFormat(name="coco", title="COCO JSON with run-length masks", write=write, read=read)

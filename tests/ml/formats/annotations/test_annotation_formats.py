import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml
from ctc_metrics.scripts.evaluate import evaluate_sequence
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from ml import rle
from ml.formats.annotation_dataset import AnnotationDataset, InvalidDatasetError, LabelledInstance, Phase, frame_stem
from ml.formats.annotations import formats
from ml.formats.annotations.labels import flatten
from ml.formats.lineage_tables import read_links
from ml.lineage import Event

HEIGHT, WIDTH, FRAMES = 70, 90, 3
PHASES = [Phase("Au particle", "#ffcc00"), Phase('oxide "shell", 2:1', "#3366ff")]

EVENTS = [
    Event("merge", 0, 2, (1, 3), (7,), 0.75, "overlap"),
    Event("split", 0, 2, (2,), (3, 70_000), math.nan, "Ada"),
    Event("contact", 1, 2, (1, 2), (), 1.0, "overlap"),
]


def disc(x: float, y: float, radius: float, hole: float = 0) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    distance = np.hypot(columns - x, rows - y)
    return (distance <= radius) & (distance >= hole)


def objects(t: int) -> list[tuple[int, int, np.ndarray, int]]:
    """(track, phase, mask, drawing order): overlap, a ring, separate parts, one pixel, the border, an empty frame."""
    if t == 1:
        return []
    parts = disc(20, 55, 6) | disc(45, 58, 4) | disc(60, 40, 1)
    return [
        (1, 0, disc(30 + t, 30, 20), 0),
        (2, 1, disc(40, 30, 18, hole=9), 1),
        (3, 0, parts, 2),
        (7, 1, disc(88, 68, 12), 3),
        (70_000, 0, disc(5.5, 5.5, 0.1), 4),
    ]


def dataset() -> AnnotationDataset:
    def instances(t: int) -> Sequence[LabelledInstance]:
        found = [
            LabelledInstance(track, phase, rle.encode(mask), order, score=0.5 + track / 1e6, model="threshold")
            for track, phase, mask, order in objects(t)
        ]
        return found[::-1]

    return AnnotationDataset("sintering at 800 °C", FRAMES, HEIGHT, WIDTH, PHASES, instances, 70_000, EVENTS)


def expected_labels(t: int) -> np.ndarray:
    labels = np.zeros((HEIGHT, WIDTH), np.uint32)
    for track, _, mask, _ in objects(t):
        labels[mask] = track
    return labels


def test_the_formats_are_found() -> None:
    assert sorted(formats()) == ["coco", "ctc", "labels", "yolo"]


@pytest.mark.parametrize("name", sorted(formats()))
def test_same_dataset_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    written = []
    for attempt in ("first", "second"):
        folder = tmp_path / attempt
        folder.mkdir()
        paths = formats()[name].write(dataset(), folder)
        assert all(path.is_file() for path in paths)
        assert len(set(paths)) == len([path for path in folder.rglob("*") if path.is_file()])
        written.append({path.relative_to(folder): path.read_bytes() for path in paths})
    assert written[0] == written[1]
    assert not any(b"tifffile" in content for content in written[0].values())


@pytest.mark.parametrize("name", sorted(formats()))
def test_frames_are_asked_for_once_and_in_order(tmp_path: Path, name: str) -> None:
    asked: list[int] = []
    source = dataset()

    def instances(t: int) -> Sequence[LabelledInstance]:
        asked.append(t)
        return source.instances(t)

    formats()[name].write(AnnotationDataset("s", FRAMES, HEIGHT, WIDTH, PHASES, instances, 70_000), tmp_path)
    assert asked == list(range(FRAMES))


@pytest.mark.parametrize("name", sorted(formats()))
@pytest.mark.parametrize(
    ("instance", "told"),
    [
        (LabelledInstance(1, 0, rle.encode(np.ones((5, 5), bool))), r"5×5 pixels; the frames are 70×90"),
        (LabelledInstance(1, 2, rle.encode(disc(9, 9, 5))), r"phase 2 of 2"),
        (LabelledInstance(0, 0, rle.encode(disc(9, 9, 5))), r"numbered 0"),
        (LabelledInstance(10, 0, rle.encode(disc(9, 9, 5))), r"numbered 10 on frame 0; numbers run from 1 to 9"),
    ],
    ids=["size", "phase", "track", "above the highest"],
)
def test_contradictions_are_refused(tmp_path: Path, name: str, instance: LabelledInstance, told: str) -> None:
    wrong = AnnotationDataset("s", 1, HEIGHT, WIDTH, PHASES, lambda _: [instance], 9)
    with pytest.raises(InvalidDatasetError, match=told):
        formats()[name].write(wrong, tmp_path)


@pytest.mark.parametrize("name", sorted(formats()))
def test_series_without_objects_is_written(tmp_path: Path, name: str) -> None:
    assert formats()[name].write(AnnotationDataset("s", 2, HEIGHT, WIDTH, PHASES, lambda _: [], 0), tmp_path)


def test_coco_is_read_by_pycocotools_pixel_by_pixel(tmp_path: Path) -> None:
    (path,) = formats()["coco"].write(dataset(), tmp_path)
    coco = COCO(path)
    assert [category["name"] for category in coco.loadCats(coco.getCatIds())] == [phase.name for phase in PHASES]
    assert [image["frame_index"] for image in coco.loadImgs(coco.getImgIds())] == list(range(FRAMES))
    for t in range(FRAMES):
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=[t + 1]))
        truth = objects(t)
        assert [annotation["track_id"] for annotation in annotations] == [one[0] for one in truth]
        for annotation, (track, phase, mask, order) in zip(annotations, truth, strict=True):
            assert np.array_equal(coco.annToMask(annotation), mask)
            assert annotation["area"] == mask.sum()
            assert annotation["bbox"] == coco_mask.toBbox(coco.annToRLE(annotation)).tolist()
            assert annotation["category_id"] == phase + 1
            assert annotation["attributes"] == {
                "track_id": track, "z_order": order, "score": 0.5 + track / 1e6, "model": "threshold",
                "confidence": None,
            }  # fmt: skip


def test_coco_is_read_back_as_it_was(tmp_path: Path) -> None:
    formats()["coco"].write(dataset(), tmp_path)
    read = formats()["coco"].read
    assert read
    again, truth = read(tmp_path), dataset()
    assert (again.name, again.frames, again.height, again.width) == (truth.name, FRAMES, HEIGHT, WIDTH)
    assert again.phases == truth.phases
    assert all(again.drawn(t) == truth.drawn(t) for t in range(FRAMES))


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"categories": [], "images": [], "annotations": [], "info": {"description": ""}}']
)
def test_foreign_json_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "annotations.json").write_text(content, encoding="utf-8")
    read = formats()["coco"].read
    assert read
    with pytest.raises(InvalidDatasetError, match=r"annotations\.json: not a COCO file"):
        read(tmp_path)


def test_hostile_mask_in_coco_is_refused(tmp_path: Path) -> None:
    (path,) = formats()["coco"].write(dataset(), tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    content["annotations"][0]["segmentation"]["counts"] = "ooooooo"
    path.write_text(json.dumps(content), encoding="utf-8")
    read = formats()["coco"].read
    assert read
    with pytest.raises(InvalidDatasetError, match="InvalidRleError"):
        read(tmp_path)


def test_label_stack_holds_track_numbers_and_reports_what_overlap_cost(tmp_path: Path) -> None:
    stack, table = formats()["labels"].write(dataset(), tmp_path)
    pages = tifffile.imread(stack)
    assert pages.dtype == np.uint32
    assert pages.shape == (FRAMES, HEIGHT, WIDTH)
    for t in range(FRAMES):
        assert np.array_equal(pages[t], expected_labels(t))
    content = json.loads(table.read_text(encoding="utf-8"))
    lost = {
        (t, track): int((mask & (expected_labels(t) != track)).sum())
        for t in range(FRAMES)
        for track, _, mask, _ in objects(t)
    }
    assert lost[0, 1] > 100
    assert {(row["frame"], row["track"]): row["lost_px"] for row in content["lost"]} == {
        key: px for key, px in lost.items() if px
    }
    assert content["lost_px"] == sum(lost.values())
    assert content["phases"][1] == {"index": 1, "name": PHASES[1].name, "colour": "#3366ff"}
    assert content["tracks"][-1] == {"track": 70_000, "phase": 0, "first_frame": 0, "last_frame": 2}


def test_drawing_order_decides_who_covers_whom() -> None:
    low, high = disc(30, 30, 20), disc(40, 30, 18)
    for first, second in ((1, 2), (2, 1)):
        masks = {1: low, 2: high}
        drawn = [LabelledInstance(track, 0, rle.encode(masks[track])) for track in (first, second)]
        labels, lost_px = flatten(drawn, (HEIGHT, WIDTH))
        assert np.array_equal(labels == second, masks[second])
        assert lost_px == [int((low & high).sum()), 0]


def test_label_stack_is_read_back_pixel_by_pixel(tmp_path: Path) -> None:
    formats()["labels"].write(dataset(), tmp_path)
    read = formats()["labels"].read
    assert read
    again = read(tmp_path)
    assert (again.frames, again.height, again.width, again.phases) == (FRAMES, HEIGHT, WIDTH, PHASES)
    for t in range(FRAMES):
        phase_of = {track: phase for track, phase, _, _ in objects(t)}
        for instance in again.drawn(t):
            assert np.array_equal(rle.decode(instance.mask), expected_labels(t) == instance.track)
            assert instance.phase == phase_of[instance.track]
        labels, lost_px = flatten(again.drawn(t), (HEIGHT, WIDTH))
        assert np.array_equal(labels, expected_labels(t))
        assert not any(lost_px)


def test_yolo_polygons_fill_to_the_exact_masks(tmp_path: Path) -> None:
    formats()["yolo"].write(dataset(), tmp_path)
    for t in range(FRAMES):
        lines = (tmp_path / f"labels/{frame_stem(t)}.txt").read_text(encoding="ascii").splitlines()
        assert len(lines) == len(objects(t))
        for line, (_, phase, mask, _) in zip(lines, objects(t), strict=True):
            name, *numbers = line.split()
            assert int(name) == phase
            normalised = np.array(numbers, float).reshape(-1, 2)
            assert normalised.min() >= 0
            assert normalised.max() <= 1
            polygon = (normalised * (WIDTH, HEIGHT)).ravel().tolist()
            filled = coco_mask.decode(coco_mask.frPyObjects([polygon], HEIGHT, WIDTH))[..., 0]
            assert np.array_equal(filled, mask)


def test_yolo_description_names_the_phases(tmp_path: Path) -> None:
    paths = formats()["yolo"].write(dataset(), tmp_path)
    description = yaml.safe_load(paths[-1].read_text(encoding="utf-8"))
    assert description["names"] == {0: PHASES[0].name, 1: PHASES[1].name}
    assert description["train"] == "images"


@pytest.mark.parametrize("name", ["coco", "ctc", "labels"])
def test_merges_and_splits_are_kept(tmp_path: Path, name: str) -> None:
    """n → 1 and 1 → n, through writing and reading."""
    formats()[name].write(dataset(), tmp_path)
    read = formats()[name].read
    assert read is not None
    found = read(tmp_path)
    assert list(map(str, found.events)) == list(map(str, EVENTS))
    tracks = [{one.track for one in found.instances(t)} for t in range(FRAMES)]
    assert tracks == [{1, 2, 3, 7, 70_000}, set(), {1, 2, 3, 7, 70_000}]


# ---- Cell Tracking Challenge ------------------------------------------------------------------------------------


def lived(spans: dict[int, list[int]], events: Sequence[Event] = ()) -> AnnotationDataset:
    """Tracks as discs on these frames, each at its own place."""

    def instances(t: int) -> list[LabelledInstance]:
        return [
            LabelledInstance(track, 0, rle.encode(disc(8 + 14 * (track % 6), 10, 5)), confidence=0.5)
            for track, frames in spans.items()
            if t in frames
        ]

    return AnnotationDataset("s", 6, HEIGHT, WIDTH, PHASES, instances, max(spans), events)


def res_track(folder: Path) -> list[list[int]]:
    return [[int(value) for value in line.split()] for line in (folder / "res_track.txt").read_text().splitlines()]


def test_a_merge_names_its_largest_parent_and_the_tables_have_all(tmp_path: Path) -> None:
    events = [Event("merge", 2, 3, (1, 2), (3,), 0.9, "overlap"), Event("split", 3, 4, (4,), (5, 6), 0.9, "overlap")]
    spans = {1: [0, 1, 2], 2: [0, 1, 2], 3: [3, 4, 5], 4: [0, 1, 2, 3], 5: [4, 5], 6: [4, 5]}
    formats()["ctc"].write(lived(spans, events), tmp_path)
    rows = res_track(tmp_path)
    assert [row[:3] for row in rows] == [[track, min(frames), max(frames)] for track, frames in spans.items()]
    assert [row[3] for row in rows] == [0, 0, 1, 0, 4, 4]
    links = {(link.parent, link.child, link.kind) for link in read_links(tmp_path / "links.csv")}
    assert links == {(1, 3, "merge"), (2, 3, "merge"), (4, 5, "split"), (4, 6, "split")}
    for t in range(6):
        labels = tifffile.imread(tmp_path / f"mask{t:03d}.tif")
        assert set(np.unique(labels)) - {0} == {track for track, frames in spans.items() if t in frames}


def test_a_track_goes_on_under_a_new_label_after_a_gap(tmp_path: Path) -> None:
    events = [Event("merge", 3, 4, (1, 2), (3,), 0.9, "overlap")]
    formats()["ctc"].write(lived({1: [0, 1, 3], 2: [0, 1, 2, 3], 3: [4, 5]}, events), tmp_path)
    assert res_track(tmp_path) == [[1, 0, 1, 0], [2, 0, 3, 0], [3, 4, 5, 4], [4, 3, 3, 1]]
    links = {(link.parent, link.child) for link in read_links(tmp_path / "links.csv")}
    assert links == {(4, 3), (2, 3)}
    read = formats()["ctc"].read
    assert read is not None
    found = read(tmp_path)
    tracks = [sorted(one.track for one in found.instances(t)) for t in range(6)]
    assert tracks == [[1, 2], [1, 2], [2], [1, 2], [3], [3]]
    assert found.events[0].parents == (1, 2)


def test_ctc_results_are_scored_by_ctcmetrics(tmp_path: Path) -> None:
    events = [Event("merge", 2, 3, (1, 2), (3,), 0.9, "overlap")]
    spans = {1: [0, 1, 2], 2: [0, 1, 2], 3: [3, 4, 5], 4: [0, 1, 4, 5]}
    results, truth = tmp_path / "01_RES", tmp_path / "01_GT" / "TRA"
    for folder in (results, truth):
        folder.mkdir(parents=True)
        formats()["ctc"].write(lived(spans, events), folder)
    for path in truth.glob("mask*.tif"):
        path.rename(truth / f"man_track{path.stem[4:]}.tif")
    (truth / "res_track.txt").rename(truth / "man_track.txt")
    scores = evaluate_sequence(str(results), str(tmp_path / "01_GT"), ["Valid", "CHOTA", "TRA", "LNK"])
    assert scores["Valid"] == 1
    assert (scores["CHOTA"], scores["TRA"], scores["LNK"]) == (1, 1, 1)

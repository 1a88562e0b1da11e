"""What training and comparison read is what the engine sees and what people accepted."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.inference.labelled_folder import LabelledFolder
from backend.inference.snapshot import Snapshot
from backend.series.files import store_folder
from backend.series.models import Series
from ml.engine.pixels import PixelStores
from ml.evaluation.frames import LabelledFrame, load_labelled_frames
from tests.backend.builders import make_phase, make_project
from tests.backend.inference.micrographs import SIZE, annotate, masks_of
from tests.backend.series.files import imported, ramp

pytestmark = pytest.mark.django_db


def snapshot_of(series: Series) -> Snapshot:
    series.refresh_from_db()
    series.project.refresh_from_db()
    names = {"project": "", "series": ""}
    return Snapshot.read(series, version=series.version, settings_version=series.project.settings_version, names=names)


def read(folder: Path, *, phases: bool = False) -> list[LabelledFrame]:
    return load_labelled_frames(
        folder / "images",
        folder / "labels",
        phases=folder / "phases" if phases else None,
        grey_range=(0, 1),
        numbered=True,
    )


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32", "colour"])
def test_frames_read_back_as_the_engine_sees_them(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    images: Any = rng.integers(0, 255, (2, 20, 30, 3), np.uint8) if kind == "colour" else ramp(2, dtype=kind)
    series = imported(make_project(), images)
    LabelledFolder(tmp_path).write(snapshot_of(series), 0, [1], lambda frame: None)
    (frame,) = read(tmp_path)
    pixels = series.pixels
    seen = PixelStores(store_folder()).frame(f"{pixels.hash}.zarr", 1, (pixels.input_low, pixels.input_high))
    assert pixels.channels == (3 if kind == "colour" else 1)
    assert np.array_equal(frame.image, seen)
    assert not frame.labels.any()


def test_masks_read_back_with_their_phases(tmp_path: Path) -> None:
    project = make_project()
    first, second = make_phase(project, "Au"), make_phase(project, "Pore")
    series = imported(project, np.zeros((3, SIZE, SIZE), np.uint8) + np.arange(SIZE, dtype=np.uint8))
    annotate(series, [first, second], [2])
    bright, dark = masks_of(2)
    snapshot = snapshot_of(series)
    folders = {name: tmp_path / name for name in ("all", "both", "second")}
    for name, phases in (("all", None), ("both", [1, 0]), ("second", [1])):
        LabelledFolder(folders[name], phases=phases).write(snapshot, 4, [2], lambda frame: None)
    (everything,) = read(folders["all"])
    assert everything.name == "004_000002"
    assert everything.labels.max() == 2
    assert np.array_equal(everything.labels > 0, bright | dark)
    (both,) = read(folders["both"], phases=True)
    assert both.classes is not None
    assert np.array_equal(both.classes, np.where(dark, 1, np.where(bright, 2, 0)))  # in the order asked for
    (only,) = read(folders["second"])
    assert np.array_equal(only.labels, dark)

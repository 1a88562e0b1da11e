"""The bundled checkpoints find particles: on a synthetic frame that no training saw, none needs settings."""

import numpy as np
import pytest

from ml import registry
from ml.evaluation.frames import LabelledFrame
from ml.evaluation.instances import average_precision, match
from ml.evaluation.pixels import iou
from ml.series import input_range, to_unit
from ml.synthetic import synthesise

BUNDLED = ("efficient_sam_ti", "swin_unet", "vm_unet", "yolo")


@pytest.fixture(scope="module")
def frame() -> LabelledFrame:
    series = synthesise(997, 1, 512, "sintering")
    image = to_unit(series.images[0], *input_range(list(series.images)))
    return LabelledFrame("sintering", image, series.labels[0].astype(np.int32))


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_network_finds_the_particles(name: str, frame: LabelledFrame) -> None:
    found = registry.load(name).segment(frame.image)
    union = np.any([instance.mask for instance in found], axis=0)
    assert iou(union, frame.labels > 0) > 0.85
    assert average_precision([match(found, frame.labels)]) > 0.85

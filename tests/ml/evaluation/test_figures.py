"""What the figures of a comparison are drawn from."""

from pathlib import Path

import numpy as np
import pytest

from ml.evaluation.figures import save
from ml.evaluation.figures.curves import draw_curves, log_beside, read_log
from ml.evaluation.figures.masks import MISSED, RIGHT, WRONG, draw_masks, region


def test_a_log_lacks_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("step,seconds,loss,iou,note\n1,0.5,2.0,,x\n2,1.0,1.5,0.25,y\n")
    log = read_log(path)
    assert log.keys() == {"step", "seconds", "loss", "iou"}
    assert log["loss"].tolist() == [2, 1.5]
    assert np.isnan(log["iou"][0])
    figure = draw_curves({"net": log, "empty": {}})
    assert figure is not None
    assert [panel.get_title(loc="left") for panel in figure.axes] == ["Loss", "IoU"]
    assert save(figure, tmp_path / "curves.png").stat().st_size > 1000
    path.write_text("")
    assert draw_curves({"net": read_log(path)}) is None


def test_a_log_belongs_to_the_checkpoint_of_its_name_or_to_the_only_one(tmp_path: Path) -> None:
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    one.touch()
    assert log_beside(one) is None
    (tmp_path / "log.csv").touch()
    assert log_beside(one) == tmp_path / "log.csv"
    other.touch()
    assert log_beside(one) is None
    (tmp_path / "one.csv").touch()
    assert log_beside(one) == tmp_path / "one.csv"


def test_the_region_lies_where_models_err() -> None:
    truth = np.zeros((100, 120), bool)
    truth[10:30, 10:30] = True
    wrong = truth.copy()
    wrong[70:80, 90:100] = True
    rows, columns = region(truth, [wrong, truth])
    assert (rows.stop - rows.start, columns.stop - columns.start) == (25, 25)
    assert rows.start <= 70 and rows.stop >= 80
    assert columns.start <= 90 and columns.stop >= 100
    assert region(truth, [truth])[0].stop <= 100


def test_errors_have_their_colours() -> None:
    from ml.evaluation.figures.masks import _painted

    image = np.full((1, 4), 0.5, np.float32)
    truth, mask = np.array([[1, 1, 0, 0]], bool), np.array([[1, 0, 1, 0]], bool)
    picture = _painted(image, mask, truth)[0]
    wanted = [np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) / 255 for c in (RIGHT, MISSED, WRONG)]
    for pixel, colour, opacity in zip(picture, wanted, (0.45, 0.9, 0.9), strict=False):
        assert pixel == pytest.approx(0.5 * (1 - opacity) + colour * opacity)
    assert picture[3] == pytest.approx(0.5)
    assert draw_masks("frame", np.zeros((9, 12), np.float32), np.zeros((9, 12), bool), {"a": np.ones((9, 12), bool)})

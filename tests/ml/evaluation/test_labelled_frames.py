"""Files as they come: depth, colour, and labels of any integer type."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from ml.commands.synthesise import write_series
from ml.evaluation.frames import instances_of, load_labelled_frames
from ml.synthetic import synthesise

MASK = np.zeros((40, 60), bool)
MASK[5:15, 5:25] = MASK[20:30, 30:50] = True


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    Image.fromarray(MASK.astype(np.uint8) * 255).save(tmp_path / "labels/a.png")
    return tmp_path / "images", tmp_path / "labels"


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_keep_their_depth(folders: tuple[Path, Path], suffix: str) -> None:
    values = np.where(MASK, 20_000, 20_040).astype(np.uint16)
    Image.fromarray(values).save(folders[0] / f"a.{suffix}")
    (frame,) = load_labelled_frames(*folders)
    assert np.array_equal(frame.image, np.where(MASK, 0, 1))


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_colour_becomes_grey(folders: tuple[Path, Path], suffix: str) -> None:
    pixels = np.repeat(np.where(MASK, 40, 200).astype(np.uint8)[..., None], 3, axis=2)
    Image.fromarray(pixels).save(folders[0] / f"a.{suffix}", **({"quality": 100} if suffix == "jpg" else {}))
    (frame,) = load_labelled_frames(*folders)
    assert frame.image.shape == MASK.shape
    assert frame.image[MASK].max() < 0.1
    assert frame.image[~MASK].min() > 0.9


@pytest.mark.parametrize("form", ["RGB", "RGBA", "LA", "P", "1"])
def test_binary_labels_are_read_in_every_form_of_png(folders: tuple[Path, Path], form: str) -> None:
    Image.fromarray(MASK.astype(np.uint8) * 255).save(folders[0] / "a.png")
    Image.fromarray(MASK.astype(np.uint8) * 255).convert(form).save(folders[1] / "a.png")
    (frame,) = load_labelled_frames(*folders)
    assert np.array_equal(frame.labels > 0, MASK)
    assert frame.labels.max() == 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int32])
def test_instance_numbers_of_every_width_are_numbered_anew(folders: tuple[Path, Path], dtype: Any) -> None:
    top = np.iinfo(dtype).max
    labels = np.zeros(MASK.shape, dtype)
    labels[5:15, 5:25], labels[20:30, 30:50] = top - 1, top
    Image.fromarray(MASK.astype(np.uint8)).save(folders[0] / "a.png")
    (folders[1] / "a.png").unlink()
    tifffile.imwrite(folders[1] / "a.tif", labels, compression="zlib")
    (frame,) = load_labelled_frames(*folders)
    assert frame.labels[10, 10] == 1
    assert frame.labels[25, 40] == 2
    assert np.array_equal(frame.labels > 0, MASK)


def test_a_synthesised_series_pairs_with_its_truth(tmp_path: Path) -> None:
    series = synthesise(seed=1, frames=2, size=64)
    write_series(series, tmp_path)
    frames = load_labelled_frames(tmp_path / "01", tmp_path / "01_GT/SEG")
    assert [frame.name for frame in frames] == ["t000", "t001"]
    assert np.array_equal(frames[1].labels > 0, series.labels[1] > 0)


def test_frames_full_of_objects_have_no_background() -> None:
    assert instances_of(np.array([[7, 7, 9], [5, 5, 9]])).tolist() == [[2, 2, 3], [1, 1, 3]]
    assert not instances_of(np.zeros((3, 3), np.uint8)).any()


def test_notes_beside_the_labels_are_passed_over(folders: tuple[Path, Path]) -> None:
    Image.fromarray(MASK).save(folders[0] / "a.png")
    (folders[1] / "a.txt").write_text("drawn by hand")
    assert len(load_labelled_frames(*folders)) == 1


def test_what_is_no_label_image_is_named(folders: tuple[Path, Path]) -> None:
    Image.fromarray(MASK).save(folders[0] / "a.png")
    colours = np.zeros((*MASK.shape, 3), np.uint8)
    colours[..., 1] = 9
    Image.fromarray(colours).save(folders[1] / "a.png")
    with pytest.raises(ValueError, match=r"a\.png is uint8 of shape \(40, 60, 3\); labels are whole numbers"):
        load_labelled_frames(*folders)
    (folders[1] / "a.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"a\.png is no readable label image"):
        load_labelled_frames(*folders)
    with pytest.raises(NotADirectoryError, match=r"--labels is .*nowhere, which is no folder"):
        load_labelled_frames(folders[0], folders[1] / "nowhere")
    tifffile.imwrite(folders[0] / "a.tif", np.zeros((3, 40, 60), np.uint8), photometric="minisblack")
    (folders[0] / "a.png").unlink()
    Image.fromarray(MASK).save(folders[1] / "a.png")
    with pytest.raises(ValueError, match=r"a\.tif holds 3 frames"):
        load_labelled_frames(*folders)


def test_class_images_give_objects_their_phases(folders: tuple[Path, Path], tmp_path: Path) -> None:
    Image.fromarray(MASK.astype(np.uint8) * 255).save(folders[0] / "a.png")
    (tmp_path / "phases").mkdir()
    classes = MASK.astype(np.uint8)
    classes[5:15, 15:25] = 3  # the right half of one component
    Image.fromarray(classes).save(tmp_path / "phases/a.png")
    (frame,) = load_labelled_frames(*folders, phases=tmp_path / "phases")
    assert frame.classes is not None
    assert np.array_equal(frame.classes, classes)
    assert frame.labels.max() == 3  # objects of different phases that touch are two
    assert all(len(np.unique(classes[frame.labels == number])) == 1 for number in (1, 2, 3))
    assert [int(mask.sum()) for mask in frame.phase_masks(3)] == [300, 0, 100]
    assert np.array_equal(frame.phase_masks(1)[0], MASK)


def test_class_images_that_contradict_the_labels_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    Image.fromarray(MASK.astype(np.uint8) * 255).save(folders[0] / "a.png")
    (tmp_path / "phases").mkdir()
    with pytest.raises(FileNotFoundError, match=r"a\.png has no class image called a"):
        load_labelled_frames(*folders, phases=tmp_path / "phases")
    classes = MASK.astype(np.uint8)
    classes[0, :7] = 1
    Image.fromarray(classes).save(tmp_path / "phases/a.png")
    with pytest.raises(ValueError, match="differ on 7 px"):
        load_labelled_frames(*folders, phases=tmp_path / "phases")


def test_a_given_range_is_every_frames(folders: tuple[Path, Path]) -> None:
    values = np.random.default_rng(0).random(MASK.shape, np.float32)
    tifffile.imwrite(folders[0] / "a.tif", values)
    (frame,) = load_labelled_frames(*folders, grey_range=(0.0, 1.0))
    assert np.array_equal(frame.image, values)


def test_a_numbered_object_alone_may_have_two_parts(folders: tuple[Path, Path]) -> None:
    Image.fromarray(MASK.astype(np.uint8) * 255).save(folders[0] / "a.png")
    (frame,) = load_labelled_frames(*folders, numbered=True)
    assert np.array_equal(frame.labels, MASK)

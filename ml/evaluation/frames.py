"""Labelled frames on disk, as they are scored: frames of every depth and colour, labels of every integer type."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from ml.colour import luminance
from ml.formats.images import open_series
from ml.series import input_range, to_unit
from ml.types import BoolMask, Grey

FRAME_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg")
LABEL_SUFFIXES = (".png", ".tif", ".tiff")  # JPEG would change the numbers
MOST_CLASSES = 255


@dataclass(frozen=True)
class LabelledFrame:
    """`image` float32 (H, W), input range mapped to 0..1; `labels` int32 (H, W), objects 1..n, 0 background.

    `classes` uint8 (H, W), None where all objects are of one phase: 0 background, 1 the first phase.
    """

    name: str
    image: Grey
    labels: NDArray[np.int32]
    classes: NDArray[np.uint8] | None = None

    def phase_masks(self, phases: int) -> list[BoolMask]:
        """The union of all objects of each phase; with one phase of all objects, whatever their class."""
        if phases == 1:
            return [self.labels > 0]
        if self.classes is None:
            raise ValueError(f"{self.name} has no phases, but {phases} are asked for; give its class image.")
        return [self.classes == phase + 1 for phase in range(phases)]


def load_labelled_frames(
    images: Path,
    labels: Path,
    *,
    phases: Path | None = None,
    grey_range: tuple[float, float] | None = None,
    numbered: bool = False,
) -> list[LabelledFrame]:
    """Frames of `images` with a label image of the same stem in `labels`, in name order.

    With `phases`, a folder of class images of the same names, objects have phases; pixels of objects are of phase 1
    or higher there, all others 0. `numbered` labels are objects' numbers even where there is but one.

    The prefixes of the Cell Tracking Challenge count for nothing: t003.tif pairs with man_seg003.tif.

    Colour becomes luminance; 16-bit and float frames keep their depth until their input range is mapped to 0..1: each
    frame's own, or `grey_range` for all.

    Raises
    ------
    NotADirectoryError, FileNotFoundError
        where a folder is missing or holds no frame, or a frame has no label image.
    ValueError
        where a file holds no single image, or frame and labels differ in size.
    """
    for option, folder in (("--images", images), ("--labels", labels), ("--phases", phases or labels)):
        if not folder.is_dir():
            raise NotADirectoryError(f"{option} is {folder}, which is no folder; give the folder that holds the files.")
    label_paths, class_paths = _label_paths(labels), _label_paths(phases) if phases else {}
    frames = []
    for path in sorted(path for path in images.iterdir() if path.suffix.lower() in FRAME_SUFFIXES):
        name = _pairing_name(path)
        if name not in label_paths:
            kinds = ", ".join(LABEL_SUFFIXES)
            raise FileNotFoundError(f"{path.name} has no label image called {path.stem} ({kinds}) in {labels}.")
        image, read = _read_image(path, grey_range), _read_labels(label_paths[name])
        if read.shape != image.shape:
            raise ValueError(f"{path.name} is {image.shape}, its labels {read.shape}; they must be equal.")
        classes = None
        if phases is not None:
            if name not in class_paths:
                raise FileNotFoundError(f"{path.name} has no class image called {path.stem} in {phases}.")
            classes = _classes_of(class_paths[name], read)
        frames.append(LabelledFrame(path.stem, image, instances_of(read, classes, numbered=numbered), classes))
    if not frames:
        raise FileNotFoundError(f"{images} holds no PNG, TIFF or JPEG frame.")
    return frames


def _pairing_name(path: Path) -> str:
    return re.sub(r"^(t|man_seg|man_track|mask)(?=[0-9]+$)", "", path.stem)


def _label_paths(folder: Path) -> dict[str, Path]:
    return {_pairing_name(path): path for path in sorted(folder.iterdir()) if path.suffix.lower() in LABEL_SUFFIXES}


def _classes_of(path: Path, labels: NDArray[Any]) -> NDArray[np.uint8]:
    """The class image at `path`, which has to say the same as `labels` of where objects are."""
    classes = _read_labels(path)
    if classes.shape != labels.shape:
        raise ValueError(f"{path} is {classes.shape}, its labels {labels.shape}; they must be equal.")
    if int(classes.max(initial=0)) > MOST_CLASSES or int(classes.min(initial=0)) < 0:
        raise ValueError(f"{path} has classes {classes.min()} to {classes.max()}; give 0 to {MOST_CLASSES}.")
    if differing := int(np.count_nonzero((classes > 0) != (labels > 0))):
        raise ValueError(
            f"{path} and the labels differ on {differing} px; give each pixel of an object a class from 1, others 0."
        )
    return classes.astype(np.uint8)


def instances_of(
    labels: NDArray[Any], classes: NDArray[np.uint8] | None = None, *, numbered: bool = False
) -> NDArray[np.int32]:
    """Objects of a label image (H, W) of any integers, numbered anew from 1; 0 is background.

    Two values, or one, are a binary mask, whose connected components are the objects: of each of `classes` for itself;
    unless they are `numbered`, when one object may have several parts.
    """
    values, places = np.unique(labels, return_inverse=True)
    if len(values) <= 2 and not numbered:
        if classes is None:
            return np.asarray(ndimage.label(labels > 0)[0], np.int32)
        found = np.zeros(labels.shape, np.int32)
        for phase in range(1, int(classes.max(initial=0)) + 1):
            parts, _ = ndimage.label(classes == phase)
            found += np.where(parts > 0, parts + found.max(), 0).astype(np.int32)
        return found
    numbers = np.cumsum(values != 0)
    numbers[values == 0] = 0
    return numbers[places].reshape(labels.shape).astype(np.int32)


def _read_image(path: Path, grey_range: tuple[float, float] | None) -> Grey:
    with open_series(path) as series:
        if series.frames != 1:
            raise ValueError(f"{path.name} holds {series.frames} frames; save each as a file of its own.")
        pixels = series.read(0)
    grey = pixels if pixels.ndim == 2 else luminance(pixels, axis=-1)
    return to_unit(grey, *(grey_range or input_range([grey])))


def _read_labels(path: Path) -> NDArray[Any]:
    """As stored: Pillow alone would refuse or bend 32-bit numbers in TIFF."""
    try:
        labels = tifffile.imread(path) if path.suffix.lower() != ".png" else np.asarray(Image.open(path))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} is no readable label image ({error}); save it as PNG or TIFF.") from error
    if labels.ndim == 3 and labels.shape[2] in (2, 3, 4):
        colours = labels[..., : 3 if labels.shape[2] > 2 else 1]  # the rest is opacity
        if (colours == colours[..., :1]).all():
            labels = colours[..., 0]
    if labels.ndim != 2 or labels.dtype.kind not in "bui":
        raise ValueError(
            f"{path.name} is {labels.dtype} of shape {labels.shape}; labels are whole numbers (height, width), one a "
            "pixel, 0 for the background."
        )
    return labels

"""Frames to import: real TEM images where ../shared has them, drawn discs otherwise."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage import filters, measure, segmentation

REAL_FRAMES = Path(__file__).parents[3] / "shared" / "data" / "tem_nanoparticles" / "images"


def drawn_frames(folder: Path, *, count: int, size: int = 256, seed: int = 1) -> list[Path]:
    """Grey PNGs with dark discs on a noisy bright background; discs move by a pixel a frame."""
    random = np.random.default_rng(seed)
    discs = [(random.uniform(0.15, 0.85, 2) * size, random.uniform(0.05, 0.1) * size) for _ in range(6)]
    paths = []
    for index in range(count):
        picture = Image.new("L", (size, size), 190)
        draw = ImageDraw.Draw(picture)
        for (x, y), radius in discs:
            draw.ellipse((x + index - radius, y - radius, x + index + radius, y + radius), fill=80)
        noisy = np.clip(np.asarray(picture, np.float64) + random.normal(0, 8, (size, size)), 0, 255)
        paths.append(folder / f"frame_{index:03d}.png")
        Image.fromarray(noisy.astype(np.uint8)).save(paths[-1])
    return paths


def objects_of(frame: Path, *, least_area_px: int = 400) -> list[tuple[float, float]]:
    """(x, y) of the deepest point of each dark object away from the border, the largest object first."""
    grey = filters.gaussian(np.asarray(Image.open(frame).convert("L"), np.float64), 5)
    labels = segmentation.clear_border(measure.label(grey < filters.threshold_otsu(grey)))
    objects = sorted(measure.regionprops(labels), key=lambda found: -found.area)
    points = []
    for found in objects:
        if found.area >= least_area_px:
            depth = ndimage.distance_transform_edt(np.pad(found.image, 1))[1:-1, 1:-1]
            row, column = np.unravel_index(int(depth.argmax()), depth.shape)
            points.append((float(found.bbox[1] + column) + 0.5, float(found.bbox[0] + row) + 0.5))
    return points


def real_frames() -> list[Path]:
    """The TEM frames beside the repository, in natural order; empty where they are absent."""
    return sorted(path for path in REAL_FRAMES.glob("*") if path.suffix in (".png", ".tif", ".jpg"))

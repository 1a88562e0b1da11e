"""Image files and imported series for the tests."""

import uuid
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from backend.projects.models import Project, User
from backend.series.importing import ImportOrder, import_series
from backend.series.models import Series, Upload
from backend.series.uploads import store_upload
from ml.formats.calibration import Calibration


def ramp(frames: int = 3, height: int = 20, width: int = 30, dtype: str = "uint8", seed: int = 0) -> NDArray[Any]:
    """Random frames (T, Y, X), no two alike."""
    rng = np.random.default_rng(seed)
    if dtype == "float32":
        return rng.normal(size=(frames, height, width)).astype(np.float32)
    return rng.integers(0, np.iinfo(dtype).max, (frames, height, width), endpoint=True).astype(dtype)


@dataclass
class Frames:
    """Frames in memory, as the pixel store takes them."""

    images: NDArray[Any]
    calibration: Calibration
    channels: int = field(init=False)

    def __post_init__(self) -> None:
        self.channels = 3 if self.images.ndim == 4 else 1
        self.frames, self.height, self.width = self.images.shape[:3]
        self.dtype = self.images.dtype

    def read(self, t: int) -> NDArray[Any]:
        return self.images[t]


def tiff(images: NDArray[Any], **options: Any) -> bytes:
    file = BytesIO()
    tifffile.imwrite(file, images, photometric="rgb" if images.shape[-1] == 3 else "minisblack", **options)
    return file.getvalue()


def png(image: NDArray[Any]) -> bytes:
    file = BytesIO()
    Image.fromarray(image).save(file, format="PNG")
    return file.getvalue()


def owner(project: Project) -> User:
    return project.memberships.get(role="owner").user


def upload(project: Project, content: bytes, name: str = "series.tif") -> Upload:
    return store_upload(project=project, created_by=owner(project), name=name, chunks=[content])


def order(project: Project, *uploads: Upload) -> ImportOrder:
    return ImportOrder(uuid.uuid4(), project, owner(project), "Heating", uploads)


def no_progress(fraction: float, step: str) -> None:
    pass


def imported(project: Project, images: NDArray[Any] | None = None, **options: Any) -> Series:
    """A series with its pixels on the disk."""
    content = tiff(ramp() if images is None else images, **options)
    return import_series(order(project, upload(project, content)), progress=no_progress, hold=lambda: None)

"""One PNG, JPEG or TIFF file a frame: a single image, a list of files, or a folder."""

from collections.abc import Sequence
from typing import BinaryIO

from ml.formats.errors import NoFramesError
from ml.formats.frame_files import COMPANIONS, JPEG_MAGIC, PNG_MAGIC, FrameFilesSource
from ml.formats.image_format import ImageFormat
from ml.formats.limits import Limits
from ml.formats.natural_order import natural_key
from ml.formats.series_reader import FrameSource, NamedFile, OnFrame


def open_files(name: str, files: Sequence[NamedFile], limits: Limits, on_frame: OnFrame | None = None) -> FrameSource:
    """Frames in natural order of the files' names."""
    ordered = sorted(files, key=lambda file: (natural_key(file.name), str(file.path)))

    def open_file(t: int) -> BinaryIO:
        return ordered[t].path.open("rb")

    return FrameFilesSource(name, [file.name for file in ordered], open_file, limits, on_frame)


def open_folder(folder: NamedFile, limits: Limits, on_frame: OnFrame | None = None) -> FrameSource:
    """Every file of the folder but hidden ones and notes beside the frames; folders inside it are left alone."""
    files = [
        NamedFile(path, path.name)
        for path in folder.path.iterdir()
        if path.is_file() and not path.name.startswith(".") and path.suffix.lower() not in COMPANIONS
    ]
    if not files:
        raise NoFramesError(f"{folder.name}: 0 frames in this folder. Put PNG, JPEG or TIFF files into it.")
    return open_files(folder.name, files, limits, on_frame)


FORMAT = ImageFormat(
    name="frames",
    title="PNG, JPEG or TIFF frames",
    suffixes=(".png", ".jpg", ".jpeg"),
    matches=lambda head: head.startswith((PNG_MAGIC, JPEG_MAGIC)),
    open=lambda file, limits, on_frame: open_files(file.name, [file], limits, on_frame),
)

"""Open image series of any known format. Each module of this folder is one format and holds its `FORMAT`."""

import pkgutil
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path

from ml.formats.errors import NoFramesError, NotAnImageError, blaming_the_file
from ml.formats.image_format import ImageFormat
from ml.formats.images import frames
from ml.formats.limits import Limits
from ml.formats.series_reader import FrameSource, NamedFile, OnFrame, SeriesReader

_HEAD_BYTES = 64


@cache
def formats() -> tuple[ImageFormat, ...]:
    """Every format, by the modules of this folder."""
    return tuple(import_module(f"{__name__}.{module.name}").FORMAT for module in pkgutil.iter_modules(__path__))


def open_series(
    source: Path | Sequence[Path],
    limits: Limits | None = None,
    *,
    names: Sequence[str] | None = None,
    on_frame: OnFrame | None = None,
) -> SeriesReader:
    """Open a file, a folder of frames, or a list of frame files as one series.

    A file's format is told by its content, not by its name. Frames of a folder or list are put in natural order of
    their names.

    Parameters
    ----------
    source
        A path, or paths.
    limits
        Default: `Limits()`.
    names
        The names that the files had where they came from, one for each path: for the order and for messages.
    on_frame
        Called with the index of each frame that has to be inspected; may raise, to cancel.

    Raises
    ------
    FormatError
        A subclass of `ml.formats.errors` saying what is wrong, with file, value, limit and remedy. Broken pixels of a
        late frame may be met only by `SeriesReader.read`.
    """
    limits = limits or Limits()
    paths = [Path(source)] if isinstance(source, str | Path) else [Path(path) for path in source]
    files = [NamedFile(path, name) for path, name in zip(paths, names or [path.name for path in paths], strict=True)]
    with blaming_the_file(files[0].name if len(files) == 1 else "The frames"):
        opened = _open(files, limits, on_frame)
    try:
        return SeriesReader(opened, limits, on_frame)
    except BaseException:
        opened.close()
        raise


def _open(files: list[NamedFile], limits: Limits, on_frame: OnFrame | None) -> FrameSource:
    if not files:
        raise NoFramesError("0 files; choose at least one.")
    if len(files) > 1:
        return frames.open_files(files[0].path.parent.name, files, limits, on_frame)
    file = files[0]
    if file.path.is_dir():
        return frames.open_folder(file, limits, on_frame)
    with file.path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    for image_format in formats():
        if image_format.matches(head):
            return image_format.open(file, limits, on_frame)
    known = "; ".join(image_format.title for image_format in formats())
    raise NotAnImageError(
        f"{file.name}: {'not an image' if head else 'an empty file'}. These can be opened: {known}. Convert it to one."
    )

"""What a module of `ml/formats/images` offers as its `FORMAT`."""

from collections.abc import Callable
from dataclasses import dataclass

from ml.formats.limits import Limits
from ml.formats.series_reader import FrameSource, NamedFile, OnFrame


@dataclass(frozen=True)
class ImageFormat:
    """
    Attributes
    ----------
    name, title
        for code and for people.
    suffixes
        usual file name endings, for file choosers only: `matches` decides on a file's first 64 bytes.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    matches: Callable[[bytes], bool]
    open: Callable[[NamedFile, Limits, OnFrame | None], FrameSource]

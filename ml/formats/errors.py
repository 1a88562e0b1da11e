"""What can be wrong with a file. Messages name the file, the value, the limit and the remedy."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager


class FormatError(ValueError):
    """A file cannot be taken as it is."""


class NotAnImageError(FormatError):
    """Its content is no format that can be opened."""


class TruncatedError(FormatError):
    """The file ends, or its data breaks, before all that it announces was read."""


class MixedFramesError(FormatError):
    """Frames of one series differ in size, pixel type or place."""


class TooLargeError(FormatError):
    """Above a limit."""


class NoFramesError(FormatError):
    """There is nothing in it."""


class UnsupportedPixelsError(FormatError):
    """Pixel values or axes that a series cannot hold."""


class UnsafeArchiveError(FormatError):
    """An archive that reaches outside itself, is encrypted, or unpacks to far more than it is."""


# What parsers raise on bytes that no writer makes; a caller's own exceptions (cancel) are none of these.
_PARSER_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
    struct.error,
)


@contextmanager
def blaming_the_file(name: str) -> Iterator[None]:
    """Turn what the libraries raise on corrupt content into a NotAnImageError that names the file."""
    try:
        yield
    except FormatError:
        raise
    except _PARSER_ERRORS as error:
        raise NotAnImageError(f"{name}: its content is corrupt ({error}). Copy or save it again.") from error

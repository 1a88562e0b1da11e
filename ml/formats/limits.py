"""How large a series may be."""

from dataclasses import dataclass

from ml.formats.errors import TooLargeError


@dataclass(frozen=True)
class Limits:
    """Checked on what a file announces before pixels are decoded, and on what really comes out while reading.

    Attributes
    ----------
    max_frame_px
        height * width of one frame.
    max_frames
        frames of one series.
    max_total_bytes
        the whole series decoded, and what an archive unpacks to.
    max_archive_ratio
        unpacked bytes per byte of the archive file (the first 16 MiB are free: dead frames compress well).
    """

    max_frame_px: int = 128 * 1024**2
    max_frames: int = 100_000
    max_total_bytes: int = 64 * 1024**3
    max_archive_ratio: int = 200

    def check_frame(self, name: str, height: int, width: int) -> None:
        if height * width > self.max_frame_px:
            raise TooLargeError(
                f"{name}: a frame of {height}×{width} = {height * width} pixels; the limit is {self.max_frame_px}. "
                "Crop or bin it, or raise the limit."
            )

    def check_frames(self, name: str, frames: int) -> None:
        if frames > self.max_frames:
            raise TooLargeError(
                f"{name}: more than {self.max_frames} frames, the limit. Import it in parts, or raise the limit."
            )

    def check_total(self, name: str, total_bytes: int) -> None:
        if total_bytes > self.max_total_bytes:
            raise TooLargeError(
                f"{name}: {total_bytes} bytes when unpacked; the limit is {self.max_total_bytes}. "
                "Import it in parts, or raise the limit."
            )

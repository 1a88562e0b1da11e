"""Cut and flipped files of every format: read or refused in words, and nothing else. FUZZ_CASES=1000 does them all."""

import os
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile
from PIL import Image

from ml.formats.apart import ReaderCrashedError, ReaderLimits, ReaderMemoryError, ReaderProcess, ReaderStuckError
from ml.formats.errors import FormatError
from ml.formats.images import formats
from ml.formats.limits import Limits
from tests.ml.formats.images.conftest import numbered_frames, write_video

CASES = int(os.environ.get("FUZZ_CASES", "60"))
SEED = 20
LIMITS = Limits(max_frame_px=1 << 22, max_frames=1000, max_total_bytes=1 << 27)
READER = ReaderLimits(memory_bytes=1 << 30, patience_s=30.0)
MOST_GROWTH_BYTES = 64 << 20
KILLED = (ReaderCrashedError, ReaderMemoryError, ReaderStuckError)


def pictures(dtype: str = "uint16") -> np.ndarray:
    random = np.random.default_rng(SEED)
    return (np.linspace(0, 200, 48)[None, None] + random.integers(0, 50, (5, 40, 48))).astype(dtype)


def png(path: Path) -> None:
    Image.fromarray(pictures("uint8")[0]).save(path)


def deep_png(path: Path) -> None:
    Image.fromarray(pictures()[0]).save(path, format="PNG")


def jpeg(path: Path) -> None:
    Image.fromarray(np.stack([*pictures("uint8")[:3]], axis=-1)).save(path, format="JPEG")


def tiff(path: Path) -> None:
    tifffile.imwrite(path, pictures(), photometric="minisblack")


def packed_tiff(compression: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        options = {"compression": compression, "photometric": "minisblack", "bigtiff": True}
        tifffile.imwrite(path, pictures("uint8"), tile=(16, 16), **options)

    return write


def ome_tiff(path: Path) -> None:
    metadata = {"axes": "TYX", "PhysicalSizeX": 0.2, "PhysicalSizeXUnit": "nm", "TimeIncrement": 0.5}
    tifffile.imwrite(path, pictures(), ome=True, metadata=metadata, photometric="minisblack")


def imagej(path: Path) -> None:
    tifffile.imwrite(path, pictures(), imagej=True, metadata={"axes": "TYX", "unit": "nm", "finterval": 0.5})


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for t, frame in enumerate(pictures("uint8")):
            member = path.with_name(f"member{t}.png")
            Image.fromarray(frame).save(member)
            archive.write(member, member.name)


def video(codec: str, pixel_format: str) -> Callable[[Path], None]:
    return lambda path: (write_video(path, codec, pixel_format, numbered_frames(6)), None)[1]


FILES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a.png": ("frames", png),
    "deep.png": ("frames", deep_png),
    "a.jpg": ("frames", jpeg),
    "a.tif": ("tiff_stack", tiff),
    "a.ome.tif": ("tiff_stack", ome_tiff),
    "imagej.tif": ("tiff_stack", imagej),
    "lzw.tif": ("tiff_stack", packed_tiff("lzw")),
    "jpeg.tif": ("tiff_stack", packed_tiff("jpeg")),
    "jpeg2000.tif": ("tiff_stack", packed_tiff("jpeg2000")),
    "a.zip": ("zipped_frames", zipped),
    "h264.mp4": ("video", video("libx264", "yuv420p")),
    "mpeg4.mp4": ("video", video("mpeg4", "yuv420p")),
    "mjpeg.avi": ("video", video("mjpeg", "yuvj420p")),
}


def damaged(whole: bytes, random: np.random.Generator) -> bytes:
    """Cut somewhere, or up to sixteen bits flipped, every other time in the first 512 bytes."""
    if random.random() < 0.5:
        return whole[: int(random.integers(0, len(whole)))]
    content = bytearray(whole)
    reach = min(len(whole), 512) if random.random() < 0.5 else len(whole)
    for _ in range(int(random.integers(1, 17))):
        content[int(random.integers(0, reach))] ^= 1 << int(random.integers(0, 8))
    return bytes(content)


def read(process: ReaderProcess, path: Path) -> str:
    try:
        series = process.open([path], LIMITS)
        for t in range(series.frames):
            series.read(t)
    except KILLED as error:
        return type(error).__name__
    except FormatError as error:
        assert str(error).strip()
        assert str(path.parent) not in str(error)
        return "refused"
    return "read"


def open_handles(reader: psutil.Process) -> int:
    """Once it waits for the next file: it closes one after its last frame was taken."""
    counts = [-1]
    while counts[-5:] != [counts[-1]] * 5:
        time.sleep(0.02)
        counts.append(reader.num_fds())
    return counts[-1]


def test_every_format_is_damaged_here() -> None:
    assert {name for name, _ in FILES.values()} == {image_format.name for image_format in formats()}


@pytest.fixture
def temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_read_or_refused(name: str, tmp_path: Path, temporary_files: Path) -> None:
    path = tmp_path / name
    FILES[name][1](path)
    whole, random = path.read_bytes(), np.random.default_rng(SEED)
    outcomes: Counter[str] = Counter()
    with ReaderProcess(READER) as process:
        assert read(process, path) == "read"
        reader = psutil.Process(process.pid)
        handles, resident = open_handles(reader), 0
        for case in range(CASES):
            path.write_bytes(damaged(whole, random))
            outcome = read(process, path)
            outcomes[outcome] += 1
            # A broken table may ask for more memory than there may be; it gets none, and the process lives on.
            assert outcome in ("read", "refused", "ReaderMemoryError"), f"case {case}: {outcome}"
            assert process.alive
            if case == CASES // 4:
                resident = reader.memory_info().rss
        path.write_bytes(whole)
        assert read(process, path) == "read"
        assert open_handles(reader) == handles
        assert reader.memory_info().rss - resident < MOST_GROWTH_BYTES
        grown = (reader.memory_info().rss - resident) >> 20
    assert list(temporary_files.iterdir()) == []
    print(f"{name}: {dict(outcomes)}, {grown} MiB more")

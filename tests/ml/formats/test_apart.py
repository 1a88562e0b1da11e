"""Readers in a process of their own: the same frames, and a clear error for whatever ends the process."""

import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile
from PIL import Image

from ml.formats.apart import (
    REPOSITORY,
    ReaderCrashedError,
    ReaderLimits,
    ReaderMemoryError,
    ReaderProcess,
    ReaderStuckError,
    ReadyReader,
)
from ml.formats.errors import MixedFramesError, TooLargeError, TruncatedError
from ml.formats.images import open_series
from ml.formats.limits import Limits
from tests.ml.formats.images.conftest import numbered_frames, write_video

MIB = 1024**2


def grey(count: int = 4, side: int = 40, dtype: str = "uint16") -> np.ndarray:
    return np.random.default_rng(5).integers(0, 255, (count, side, side)).astype(dtype)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """One of every kind."""
    folder = tmp_path_factory.mktemp("apart")
    pngs = [folder / f"f{t}.png" for t in (10, 9, 1)]
    for path, frame in zip(pngs, grey(dtype="uint8"), strict=False):
        Image.fromarray(frame).save(path)
    tifffile.imwrite(folder / "float.tif", grey(dtype="float32"), photometric="minisblack")
    metadata = {"axes": "TYX", "PhysicalSizeX": 0.2, "PhysicalSizeXUnit": "nm", "TimeIncrement": 0.5}
    tifffile.imwrite(folder / "a.ome.tif", grey(), metadata=metadata, photometric="minisblack")
    colour = np.random.default_rng(1).integers(0, 255, (3, 20, 30, 3)).astype(np.uint8)
    tifffile.imwrite(folder / "colour.tif", colour, photometric="rgb")
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for path in pngs:
            archive.write(path, path.name)
    write_video(folder / "a.avi", "mjpeg", "yuvj420p", numbered_frames(5))
    names = ("float.tif", "a.ome.tif", "colour.tif", "a.zip", "a.avi")
    return {"frames": pngs} | {name: [folder / name] for name in names}


@pytest.mark.parametrize("name", ["frames", "float.tif", "a.ome.tif", "colour.tif", "a.zip", "a.avi"])
def test_frames_are_those_of_the_same_process(files: dict[str, list[Path]], name: str) -> None:
    paths = files[name]
    with ReaderProcess() as process, open_series(paths if len(paths) > 1 else paths[0]) as reader:
        apart = process.open(paths)
        for attribute in ("frames", "height", "width", "channels", "dtype", "calibration"):
            assert getattr(apart, attribute) == getattr(reader, attribute)
        for t in range(reader.frames):
            np.testing.assert_array_equal(apart.read(t), reader.read(t))


def test_one_process_reads_many_series_in_turn(files: dict[str, list[Path]], tmp_path: Path) -> None:
    broken = tmp_path / "broken.tif"
    whole = files["a.ome.tif"][0].read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    with ReaderProcess() as process:
        for name in ("a.ome.tif", "a.avi"):
            with pytest.raises(TruncatedError, match=r"broken\.tif"):
                list(map(process.open([broken]).read, range(4)))
            series = process.open(files[name])
            assert [series.read(t).shape for t in range(series.frames)] == [
                (series.height, series.width)
            ] * series.frames


def test_the_files_own_errors_and_limits_are_told(tmp_path: Path) -> None:
    for name, side in (("a.png", 8), ("b.png", 9)):
        Image.fromarray(np.zeros((side, side), np.uint8)).save(tmp_path / name)
    with ReaderProcess() as process:
        with pytest.raises(MixedFramesError, match=r"b\.png is 9×9"):
            process.open([tmp_path / "a.png", tmp_path / "b.png"])
        with pytest.raises(TooLargeError, match="the limit is 63"):
            process.open([tmp_path / "a.png"], Limits(max_frame_px=63))


def test_a_process_is_started_beforehand_and_used_once(files: dict[str, list[Path]]) -> None:
    limits, ready = ReaderLimits(), ReadyReader()
    ready.prepare(limits)
    with ready.take(limits) as first, ready.take(limits) as second:
        assert first.pid != second.pid
        for process in (first, second):
            assert process.open(files["a.avi"]).frames == 5
    ready.prepare(limits)
    with ready.take(ReaderLimits(memory_bytes=512 * MIB)) as other:
        assert other.limits.memory_bytes == 512 * MIB
    ready.prepare(limits)
    with ready.take(limits) as process:
        os.kill(process.pid, signal.SIGKILL)
    with ready.take(limits) as process:
        assert process.alive


def test_a_crash_is_told_with_the_frame(tmp_path: Path) -> None:
    path = tmp_path / "float.tif"
    tifffile.imwrite(path, grey(side=1024, dtype="float32"), photometric="minisblack")  # larger than what a pipe holds
    with ReaderProcess() as process:
        series = process.open([path])
        series.read(0)
        os.kill(process.pid, signal.SIGSEGV)
        with pytest.raises(ReaderCrashedError, match=r"float\.tif, frame [23] of 4: its reader crashed \(SIGSEGV\)"):
            for t in range(1, 4):
                series.read(t)


def large(path: Path, side: int = 12_000) -> Path:
    """144 million pixels of zeros in a small file."""
    tifffile.imwrite(path, np.zeros((side, side), np.uint8), compression="deflate", photometric="minisblack")
    return path


def test_memory_over_the_limit_is_told_with_limit_and_remedy(tmp_path: Path) -> None:
    path = large(tmp_path / "large.tif")
    with ReaderProcess(ReaderLimits(memory_bytes=128 * MIB)) as process:
        series = process.open([path], Limits(max_frame_px=200 * MIB))
        with pytest.raises(ReaderMemoryError, match=r"large\.tif, frame 1 of 1.*0\.125 GiB.*Crop or bin"):
            series.read(0)


def test_a_reader_that_hangs_is_ended(files: dict[str, list[Path]]) -> None:
    with ReaderProcess(ReaderLimits(patience_s=1.0)) as process:
        list(map(process.open(files["a.ome.tif"]).read, range(4)))
        os.kill(process.pid, signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(ReaderStuckError, match=r"a\.avi: its reader got nowhere for 1 s"):
            process.open(files["a.avi"])
        assert time.monotonic() - start < 10
        assert not process.alive


def test_a_reader_that_hangs_before_it_has_taken_the_request_is_ended_or_cancelled(tmp_path: Path) -> None:
    paths = [tmp_path / f"a frame with a long name {t}.tif" for t in range(20_000)]  # more than a pipe holds

    def cancel() -> None:
        raise KeyboardInterrupt

    for on_wait, error in ((None, ReaderStuckError), (cancel, KeyboardInterrupt)):
        with pytest.raises(error), ReaderProcess(ReaderLimits(patience_s=1.0)) as process:
            os.kill(process.pid, signal.SIGSTOP)
            guard = threading.Timer(20, process.close)  # for a request that waits for ever
            guard.start()
            try:
                process.open(paths, on_wait=on_wait)
            finally:
                guard.cancel()
        assert not process.alive


def test_a_long_request_comes_whole(tmp_path: Path) -> None:
    paths = [tmp_path / f"a frame with a long name {t}.png" for t in range(2000)]
    Image.fromarray(grey(1, dtype="uint8")[0]).save(paths[0])
    for path in paths[1:]:
        path.hardlink_to(paths[0])
    with ReaderProcess() as process:
        assert process.open(paths).frames == 2000


def test_whoever_waits_can_cancel(files: dict[str, list[Path]]) -> None:
    def cancel() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), ReaderProcess() as process:
        pid = process.pid
        os.kill(pid, signal.SIGSTOP)
        process.open(files["a.avi"], on_wait=cancel)
    assert not psutil.pid_exists(pid)


def test_a_reader_knows_no_secret_and_may_write_no_file(
    files: dict[str, list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRATICULE_SECRET_KEY", "hush")
    with ReaderProcess() as process:
        process.open(files["a.avi"])
        reader = psutil.Process(process.pid)
        assert not [name for name in reader.environ() if name.startswith(("GRATICULE", "DATABASE", "DJANGO"))]
        if sys.platform == "linux":
            assert reader.rlimit(psutil.RLIMIT_FSIZE) == (0, 0)
            assert reader.rlimit(psutil.RLIMIT_DATA)[0] == process.limits.memory_bytes


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux's")
def test_a_reader_ends_with_whoever_asked() -> None:
    script = (
        "import os, signal, sys, time\n"
        "from ml.formats.apart import ReaderProcess\n"
        "from pathlib import Path\n"
        "process = ReaderProcess()\n"
        "try:\n    process.open([Path('pyproject.toml')])\n"
        "except ValueError:\n    pass\n"
        "os.kill(process.pid, signal.SIGSTOP)\n"
        "print(process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    asked = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    pid = int(asked.stdout)
    end = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.05)

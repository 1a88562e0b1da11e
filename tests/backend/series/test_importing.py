"""From files to a series; and from each bad file to a clear error with nothing half made."""

import errno
import os
import signal
import threading
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import zarr
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from backend.jobs import services as jobs
from backend.jobs import worker
from backend.jobs.context import JobCancelledError, JobLostError
from backend.jobs.models import Job
from backend.projects.models import Project
from backend.protocol.errors import DomainError, InvalidError
from backend.series import importing, pixel_store, services
from backend.series.files import store_folder, store_path, upload_path
from backend.series.importing import import_series
from backend.series.models import PixelStore, Series
from ml.formats.apart import ReaderLimits, ReaderProcess, ReadyReader
from tests.backend.builders import make_project
from tests.backend.jobs.kinds import stored
from tests.backend.series.files import imported, no_progress, order, owner, png, ramp, tiff, upload

pytestmark = pytest.mark.django_db


def run_job(project: Project, *files: tuple[str, bytes], stop: Callable[[Job], None] | None = None) -> Job:
    """Uploads the files, asks for the import, and runs its job as a worker would."""
    uploads = [upload(project, content, name) for name, content in files]
    job = services.request_import(
        project=project, created_by=owner(project), name="Heating", upload_ids=[row.pk for row in uploads]
    )
    taken = jobs.claim(queue="quick", worker="w")
    assert taken is not None
    if stop:
        stop(job)
    worker.run_job(taken, threading.Event())
    return stored(job.pk)


Leftovers = Callable[[], set[str]]


@pytest.fixture
def leftovers() -> Leftovers:
    """What this test has left in the store without a row."""
    before = {path.name for path in store_folder().iterdir()}

    def look() -> set[str]:
        known = {f"{name}.zarr" for name in PixelStore.objects.values_list("hash", flat=True)}
        return {path.name for path in store_folder().iterdir()} - known - before

    return look


# ---- good files ---------------------------------------------------------------------------------------------


def test_a_calibrated_stack_becomes_a_series(leftovers: Leftovers) -> None:
    project = make_project()
    images = ramp(frames=4, dtype="uint16", seed=1)
    metadata = {"axes": "TYX", "PhysicalSizeX": 0.2, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.2}
    metadata |= {"PhysicalSizeYUnit": "nm", "TimeIncrement": 0.5, "TimeIncrementUnit": "s"}
    job = run_job(project, ("a.ome.tif", tiff(images, ome=True, metadata=metadata)))
    assert (job.state, job.error) == ("done", None)
    series = Series.objects.get(pk=job.result["series"])
    assert (series.name, series.project, series.created_by, series.version) == ("Heating", project, owner(project), 0)
    assert series.initial_calibration == series.calibration
    assert series.calibration == {
        "pixel_size": 0.2,
        "unit": "nm",
        "frame_interval_s": 0.5,
        "source": "OME-XML",
        "revision": None,
    }
    np.testing.assert_array_equal(zarr.open_array(store_path(series.pixels_id) / "0", mode="r")[:], images)
    (source,) = series.sources
    assert (source["name"], upload_path(source["sha256"]).stat().st_size) == ("a.ome.tif", source["bytes"])
    assert not leftovers()


def test_single_frames_are_put_in_natural_order() -> None:
    images = ramp(seed=2)
    files = [(name, png(images[t])) for name, t in (("f10.png", 2), ("f9.png", 1), ("f1.png", 0))]
    job = run_job(make_project(), *files)
    series = Series.objects.get(pk=job.result["series"])
    np.testing.assert_array_equal(zarr.open_array(store_path(series.pixels_id) / "0", mode="r")[:], images)


def test_a_zip_of_frames_becomes_a_series() -> None:
    images = ramp(seed=3)
    job = run_job(make_project(), ("frames.zip", zipped({f"f{t}.png": png(images[t]) for t in range(3)})))
    assert Series.objects.get(pk=job.result["series"]).pixels.frames == 3


def test_equal_pixels_are_stored_once(leftovers: Leftovers) -> None:
    images = ramp(seed=4)
    first, second = imported(make_project(), images), imported(make_project(), images)
    assert first.pixels_id == second.pixels_id
    assert first.pk != second.pk
    assert not leftovers()


def test_a_repeated_attempt_makes_no_second_series() -> None:
    project = make_project()
    wanted = order(project, upload(project, tiff(ramp(seed=5))))
    first = import_series(wanted, progress=no_progress, hold=lambda: None)
    again = import_series(wanted, progress=no_progress, hold=lambda: None)
    assert first.pk == again.pk
    assert Series.objects.count() == 1


def test_a_worker_that_lost_its_job_takes_nothing_from_the_one_that_has_it() -> None:
    project, images = make_project(), ramp(seed=50)
    wanted = order(project, upload(project, tiff(images)))

    def lost(fraction: float, step: str) -> None:
        if step.startswith("Reading frame 2"):
            raise JobLostError("The lease ran out.")

    def taking_over(fraction: float, step: str) -> None:
        # Two frames are written when the other attempt wakes up, notices and tidies up.
        if step.startswith("Reading frame 3"):
            with pytest.raises(JobLostError):
                import_series(wanted, progress=lost, hold=lambda: None)

    series = import_series(wanted, progress=taking_over, hold=lambda: None)
    np.testing.assert_array_equal(zarr.open_array(store_path(series.pixels_id) / "0", mode="r")[:], images)


def test_the_project_is_locked_before_the_job_as_by_whoever_deletes_it() -> None:
    project = make_project()
    wanted = order(project, upload(project, tiff(ramp(seed=51))))
    before: list[str] = []
    with CaptureQueriesContext(connection) as queries:
        import_series(
            wanted, progress=no_progress, hold=lambda: before.extend(query["sql"] for query in queries.captured_queries)
        )
    assert [sql for sql in before if f'FROM "{Project._meta.db_table}"' in sql]


def test_what_a_killed_attempt_left_is_removed_by_the_next(leftovers: Leftovers) -> None:
    project = make_project()
    job = services.request_import(
        project=project, created_by=owner(project), name="x", upload_ids=[upload(project, tiff(ramp(seed=52))).pk]
    )
    killed = store_folder() / f".import-{job.pk}-1-5ca1ab1e"
    (killed / "0" / "c").mkdir(parents=True)
    # The first worker took the job and never came back.
    Job.objects.filter(pk=job.pk).update(state="running", attempt=1, worker="dead", lease_until=timezone.now())
    taken = jobs.claim(queue="quick", worker="w")
    assert taken is not None
    worker.run_job(taken, threading.Event())
    assert (stored(job.pk).state, stored(job.pk).attempt) == ("done", 2)
    assert Series.objects.count() == 1
    assert not leftovers()


# ---- bad files ----------------------------------------------------------------------------------------------


def zipped(members: dict[str, bytes], **attributes: int) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = attributes.get("external_attr", 0)
            archive.writestr(info, content)
    return file.getvalue()


FRAME = ramp(frames=1)[0]
SYMLINK = 0o120777 << 16
BAD: dict[str, tuple[list[tuple[str, bytes]], str, str]] = {
    "not an image": ([("notes.tif", b"just some text, no pixels")], "not_an_image", "notes.tif"),
    "truncated TIFF": ([("cut.tif", tiff(ramp(frames=5, height=64, width=64))[:9000])], "truncated", "cut.tif"),
    "truncated PNG": ([("cut.png", png(ramp(1, 64, 64)[0])[:-600])], "truncated", "cut.png"),
    "mixed sizes": ([("a.png", png(FRAME)), ("b.png", png(FRAME[:-1]))], "mixed_frames", "b.png"),
    "mixed types": ([("a.png", png(FRAME)), ("b.png", png(ramp(1, dtype="uint16")[0]))], "mixed_frames", "b.png"),
    "path traversal in a zip": ([("evil.zip", zipped({"../../evil.png": png(FRAME)}))], "unsafe_archive", "evil.png"),
    "absolute path in a zip": ([("evil.zip", zipped({"/tmp/evil.png": png(FRAME)}))], "unsafe_archive", "evil.png"),
    "symlink in a zip": (
        [("link.zip", zipped({"link.png": b"/etc/passwd"}, external_attr=SYMLINK))],
        "unsafe_archive",
        "link.png",
    ),
    "zip bomb": ([("bomb.zip", zipped({"a.png": png(FRAME) + b"\0" * 40_000_000}))], "unsafe_archive", "bomb.zip"),
    "empty zip": ([("empty.zip", zipped({}))], "no_frames", "empty.zip"),
    "zip without frames": ([("notes.zip", zipped({"readme.txt": b"hello"}))], "no_frames", "notes.zip"),
    "broken zip": ([("broken.zip", zipped({"a.png": png(FRAME)})[:-30])], "truncated", "broken.zip"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_fails_the_job_and_leaves_nothing(name: str, leftovers: Leftovers) -> None:
    files, code, named = BAD[name]
    job = run_job(make_project(), *files)
    assert job.state == "failed"
    assert job.error["code"] == code, job.error
    assert named in job.error["message"]
    assert not Series.objects.exists()
    assert not PixelStore.objects.exists()
    assert not leftovers()


@pytest.mark.parametrize(
    ("setting", "limit"), [("MAX_FRAMES", 2), ("MAX_FRAME_PIXELS", 599), ("MAX_SERIES_BYTES", 1799)]
)
def test_a_series_over_a_limit_is_refused_with_the_limit_named(settings: Settings, setting: str, limit: int) -> None:
    setattr(settings, setting, limit)
    job = run_job(make_project(), ("big.tif", tiff(ramp())))
    assert job.error["code"] == "too_large"
    assert str(limit) in job.error["message"]
    assert not Series.objects.exists()
    setattr(settings, setting, limit + 1)
    assert run_job(make_project(), ("big.tif", tiff(ramp()))).state == "done"


def test_a_reader_over_its_memory_fails_its_import_alone(settings: Settings, leftovers: Leftovers) -> None:
    settings.MAX_READER_BYTES = 128 * 1024**2
    bomb = tiff(np.zeros((1, 11_000, 11_000), np.uint8), compression="deflate")
    job = run_job(make_project(), ("bomb.tif", bomb))
    assert (job.state, job.error["code"]) == ("failed", "reader_memory")
    assert "bomb.tif, frame 1 of 1: its reader needed more than 0.125 GiB" in job.error["message"]
    assert not leftovers()
    assert run_job(make_project(), ("good.tif", tiff(ramp(seed=63)))).state == "done"


def started_and(signal_number: int) -> ReadyReader:
    class Ailing(ReadyReader):
        def take(self, limits: ReaderLimits) -> ReaderProcess:
            process = super().take(limits)
            os.kill(process.pid, signal_number)
            return process

        def prepare(self, limits: ReaderLimits) -> None:
            pass

    return Ailing()


def test_a_reader_that_crashes_fails_its_import_alone(monkeypatch: pytest.MonkeyPatch, leftovers: Leftovers) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(importing, "_reader", started_and(signal.SIGSEGV))
        job = run_job(make_project(), ("a.tif", tiff(ramp(seed=64))))
    assert (job.state, job.error["code"]) == ("failed", "reader_crashed")
    assert "a.tif: its reader crashed (SIGSEGV)" in job.error["message"]
    assert not leftovers()
    assert run_job(make_project(), ("a.tif", tiff(ramp(seed=64)))).state == "done"


def test_a_reader_that_hangs_is_given_up_after_the_time_that_was_set(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, leftovers: Leftovers
) -> None:
    settings.READER_PATIENCE_S = 1
    monkeypatch.setattr(importing, "_reader", started_and(signal.SIGSTOP))
    job = run_job(make_project(), ("a.tif", tiff(ramp(seed=66))))
    assert (job.state, job.error["code"]) == ("failed", "reader_stuck")
    assert "its reader got nowhere for 1 s, the limit." in job.error["message"]
    assert not leftovers()


def test_cancel_ends_a_reader_that_hangs(monkeypatch: pytest.MonkeyPatch, leftovers: Leftovers) -> None:
    monkeypatch.setattr(importing, "_reader", started_and(signal.SIGSTOP))
    said: list[str] = []

    def cancel(fraction: float, step: str) -> None:
        said.append(step)
        if len(said) > 2:
            raise JobCancelledError

    project = make_project()
    with pytest.raises(JobCancelledError):
        import_series(order(project, upload(project, tiff(ramp(seed=65)))), progress=cancel, hold=lambda: None)
    assert said == ["Opening the files"] * 3
    assert not leftovers()


def test_a_full_disk_fails_the_import_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch, leftovers: Leftovers) -> None:
    real = zarr.Array.__setitem__
    written: list[Any] = []

    def full(array: Any, selection: Any, value: Any) -> None:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(selection)
        real(array, selection, value)

    drafts: list[int] = []

    def usage(folder: Path) -> Any:
        drafts.append(len(list(folder.glob(".import-*"))))
        return SimpleNamespace(free=123)

    monkeypatch.setattr(zarr.Array, "__setitem__", full)
    monkeypatch.setattr(importing.shutil, "disk_usage", usage)
    job = run_job(make_project(), ("a.tif", tiff(ramp(seed=6))))
    assert written == [0]
    assert job.error["code"] == "disk_full"
    assert "a.tif" in job.error["message"]
    assert "(123 bytes were free)" in job.error["message"]
    assert drafts == [1]  # measured while the draft still lay there
    assert not leftovers()
    assert not Series.objects.exists()


@pytest.mark.parametrize(
    "error", [OperationalError("database or disk is full"), OSError(errno.ENOSPC, "No space left")]
)
def test_a_store_whose_row_cannot_be_committed_is_taken_back(
    monkeypatch: pytest.MonkeyPatch, leftovers: Leftovers, error: Exception
) -> None:
    real = pixel_store.publish
    published: list[bool] = []

    def failing_afterwards(draft: Path, target: Path, written: pixel_store.WrittenStore) -> None:
        # All that comes after it is the commit.
        real(draft, target, written)
        published.append(target.is_dir())
        raise error

    monkeypatch.setattr(pixel_store, "publish", failing_afterwards)
    job = run_job(make_project(), ("a.tif", tiff(ramp(seed=61))))
    assert (job.state, published) == ("failed", [True])
    assert not leftovers()
    assert not PixelStore.objects.exists()


def test_a_store_that_an_equal_series_has_stays_when_a_second_import_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    images = ramp(seed=62)
    real = pixel_store.publish

    def overtaken(draft: Path, target: Path, written: pixel_store.WrittenStore) -> None:
        real(draft, target, written)
        raise OperationalError("the connection broke")

    def withdraw_late(written: pixel_store.WrittenStore, draft: Path) -> None:
        monkeypatch.undo()
        imported(make_project(), images)  # between the failed commit and the tidying up
        importing._withdraw(written, draft)

    monkeypatch.setattr(pixel_store, "publish", overtaken)
    monkeypatch.setattr(importing, "_withdraw", withdraw_late)
    run_job(make_project(), ("a.tif", tiff(images)))
    series = Series.objects.get()
    np.testing.assert_array_equal(zarr.open_array(store_path(series.pixels_id) / "0", mode="r")[:], images)


def test_cancel_in_the_middle_leaves_nothing(leftovers: Leftovers) -> None:
    project = make_project()
    steps: list[str] = []

    def cancel(fraction: float, step: str) -> None:
        steps.append(step)
        if step.startswith("Reading frame 2"):
            raise JobCancelledError

    with pytest.raises(JobCancelledError):
        import_series(order(project, upload(project, tiff(ramp(seed=7)))), progress=cancel, hold=lambda: None)
    assert steps[-1] == "Reading frame 2 of 3"
    assert not leftovers()
    assert not Series.objects.exists()


def test_cancel_in_the_last_moment_leaves_no_series(leftovers: Leftovers) -> None:
    project = make_project()

    def cancelled() -> None:
        raise JobCancelledError

    with pytest.raises(JobCancelledError):
        import_series(order(project, upload(project, tiff(ramp(seed=8)))), progress=no_progress, hold=cancelled)
    assert not leftovers()
    assert not PixelStore.objects.exists()


def test_a_cancelled_job_ends_as_cancelled() -> None:
    job = run_job(make_project(), ("a.tif", tiff(ramp())), stop=lambda job: jobs.request_cancel(job_id=job.pk))
    assert job.state == "cancelled"
    assert not Series.objects.exists()


# ---- asking for an import -----------------------------------------------------------------------------------


def test_uploads_of_another_project_cannot_be_imported() -> None:
    project, other = make_project(), make_project()
    foreign = upload(other, tiff(ramp()))
    with pytest.raises(InvalidError, match="no upload"):
        services.request_import(project=project, created_by=owner(project), name="x", upload_ids=[foreign.pk])


def test_an_upload_is_imported_once_in_a_series() -> None:
    project = make_project()
    row = upload(project, tiff(ramp()))
    with pytest.raises(InvalidError, match="twice"):
        services.request_import(project=project, created_by=owner(project), name="x", upload_ids=[row.pk, row.pk])


def test_more_files_than_frames_are_refused_before_the_job(settings: Settings) -> None:
    settings.MAX_FRAMES = 1
    project = make_project()
    rows = [upload(project, png(image), f"{t}.png") for t, image in enumerate(ramp(frames=2))]
    with pytest.raises(DomainError, match="2 files; the limit is 1"):
        services.request_import(
            project=project, created_by=owner(project), name="x", upload_ids=[row.pk for row in rows]
        )

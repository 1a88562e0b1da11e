"""What nothing refers to goes, what is young or in use stays."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import zarr
from django.conf import settings
from django.db import connection

from backend.jobs import services as jobs
from backend.jobs import worker
from backend.jobs.models import Queue
from backend.jobs.registry import Chore
from backend.series import prune as pruning
from backend.series.files import store_folder, store_path, upload_path
from backend.series.models import PixelStore
from backend.series.prune import prune
from tests.backend.builders import make_project
from tests.backend.series.files import imported, owner, ramp, upload

pytestmark = pytest.mark.django_db


def age(path: Path) -> Path:
    old = time.time() - 48 * 3600
    os.utime(path, (old, old))
    return path


def test_pixels_go_when_the_last_series_that_shows_them_is_old_and_gone() -> None:
    images = ramp(seed=40)
    first, second = imported(make_project(), images), imported(make_project(), images)
    path = age(store_path(first.pixels_id))
    first.delete()
    prune()
    assert path.is_dir()
    second.delete()
    prune()
    assert not path.exists()
    assert not PixelStore.objects.filter(hash=second.pixels_id).exists()


def test_a_prune_that_dies_in_the_middle_leaves_no_half_store(monkeypatch: pytest.MonkeyPatch) -> None:
    images = ramp(seed=43)
    series = imported(make_project(), images)
    path = age(store_path(series.pixels_id))
    series.delete()
    in_transaction: list[bool] = []

    def die(folder: Path) -> None:
        in_transaction.append(len(connection.savepoint_ids) > outside)
        (folder / "0" / "c" / "0" / "0" / "0").unlink()
        raise OSError("killed")

    outside = len(connection.savepoint_ids)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", die)
        with pytest.raises(OSError, match="killed"):
            prune()
    assert in_transaction == [False]
    assert not path.exists()
    again = imported(make_project(), images)
    np.testing.assert_array_equal(zarr.open_array(store_path(again.pixels_id) / "0", mode="r")[:], images)
    prune()
    assert not list(store_folder().glob(".trash-*"))


@pytest.mark.django_db(transaction=True)
def test_a_worker_prunes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = threading.Event()
    monkeypatch.setattr(worker, "CHORES", [*worker.CHORES, Chore(Queue.LONG, stopping.set)])
    temporary = settings.GRATICULE_DATA / "tmp" / "broken-off.upload"
    temporary.touch()
    age(temporary)
    worker.run_worker("long", stopping)
    assert not temporary.exists()


def test_young_files_stay() -> None:
    series = imported(make_project(), ramp(seed=41))
    path = store_path(series.pixels_id)
    series.delete()
    prune()
    assert path.is_dir()


def test_an_import_after_the_prune_writes_its_pixels_anew() -> None:
    images = ramp(seed=42)
    series = imported(make_project(), images)
    path = age(store_path(series.pixels_id))
    series.delete()
    prune()
    assert imported(make_project(), images).pixels_id == path.stem
    assert (path / "zarr.json").is_file()


def test_uploads_go_with_their_project() -> None:
    kept, dropped = make_project(), make_project()
    mine = upload(kept, b"mine and theirs")
    upload(dropped, b"mine and theirs")
    theirs = upload(dropped, b"theirs alone")
    for row in (mine, theirs):
        age(upload_path(row.sha256))
    dropped.delete()
    prune()
    assert upload_path(mine.sha256).is_file()
    assert not upload_path(theirs.sha256).exists()


def meanwhile(monkeypatch: pytest.MonkeyPatch, folder: Path, act: Callable[[], object]) -> None:
    """Does something once, right after `prune` has looked into the folder."""
    real, done = pruning._older, []

    def looked(where: Path, before: float) -> Iterator[Path]:
        found = list(real(where, before))
        if where == folder and not done:
            done.append(act())
        return iter(found)

    monkeypatch.setattr(pruning, "_older", looked)


def test_an_orphaned_store_that_an_import_takes_up_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    images = ramp(seed=44)
    series = imported(make_project(), images)
    path = age(store_path(series.pixels_id))
    series.delete()
    PixelStore.objects.filter(hash=path.stem).delete()
    meanwhile(monkeypatch, store_folder(), lambda: imported(make_project(), images))
    prune()
    np.testing.assert_array_equal(zarr.open_array(path / "0", mode="r")[:], images)
    assert PixelStore.objects.get().frames == len(images)


def test_an_orphaned_store_goes() -> None:
    series = imported(make_project(), ramp(seed=45))
    path = age(store_path(series.pixels_id))
    series.delete()
    PixelStore.objects.filter(hash=path.stem).delete()
    prune()
    assert not path.exists()
    assert not PixelStore.objects.exists()


def test_an_orphaned_upload_that_comes_again_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    project, content = make_project(), os.urandom(100)
    first = upload(project, content)
    path = age(upload_path(first.sha256))
    first.delete()
    meanwhile(monkeypatch, path.parent, lambda: upload(project, content))
    prune()
    assert path.read_bytes() == content


def test_drafts_of_dead_jobs_go_and_of_waiting_ones_stay() -> None:
    project = make_project()
    job = jobs.enqueue(kind="import", project=project, created_by=owner(project), parameters={})
    dead = store_folder() / ".import-00000000-0000-0000-0000-000000000000-5ca1ab1e"
    waiting = store_folder() / f".import-{job.pk}-5ca1ab1e"
    temporary = settings.GRATICULE_DATA / "tmp" / "left.upload"
    temporary.touch()
    for folder in (dead, waiting):
        folder.mkdir()
    for path in (dead, waiting, temporary):
        age(path)
    prune()
    assert (dead.exists(), waiting.exists(), temporary.exists()) == (False, True, False)
    waiting.rmdir()


def test_archives_go_with_their_job() -> None:
    project = make_project()
    job = jobs.enqueue(kind="import", project=project, created_by=owner(project), parameters={})
    exports = settings.GRATICULE_DATA / "exports"
    kept, dropped = exports / f"{job.pk}.zip", exports / "00000000-0000-0000-0000-000000000000.zip"
    for path in (kept, dropped):
        path.touch()
        age(path)
    prune()
    assert (kept.exists(), dropped.exists()) == (True, False)
    kept.unlink()

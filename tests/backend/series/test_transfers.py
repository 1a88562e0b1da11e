"""Files that come in parts: by tus 1.0, for whoever sends them, and never with a byte lost or doubled."""

import base64
import errno
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from backend.projects.models import Project
from backend.protocol.errors import ConflictError, GoneError, LockedError, TooLargeError
from backend.series import services, transfers, uploads
from backend.series.files import upload_path, uploads_folder
from backend.series.models import Transfer, Upload
from backend.series.prune import prune
from backend.series.transfers import Part, lock_path, part_path, transfers_folder
from tests.backend.builders import make_project, make_user
from tests.backend.series.files import owner

pytestmark = pytest.mark.django_db
CONTENT = os.urandom(300_000)
TUS = {"Tus-Resumable": "1.0.0"}
PART = "application/offset+octet-stream"


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def sender(client: Client, project: Project) -> "Sender":
    client.force_login(owner(project))
    return Sender(client, project)


class Sender:
    """A tus client of few words."""

    def __init__(self, client: Client, project: Project) -> None:
        self.client, self.project = client, project

    def begin(self, name: str = "über.tif", size: int = len(CONTENT), **headers: str) -> Any:
        metadata = f"filename {base64.b64encode(name.encode()).decode()},modified {base64.b64encode(b'17').decode()}"
        asked = {**TUS, "Upload-Length": str(size), "Upload-Metadata": metadata, **headers}
        return self.client.post(f"/api/v1/projects/{self.project.pk}/transfers", headers=asked)

    def send(self, address: str, offset: int, content: bytes, **headers: str) -> Any:
        asked = {**TUS, "Upload-Offset": str(offset), **headers}
        return self.client.patch(address, content, content_type=PART, headers=asked)

    def head(self, address: str) -> Any:
        return self.client.head(address, headers=TUS)


def begun(project: Project, size: int = len(CONTENT)) -> Transfer:
    return transfers.begin(project=project, created_by=owner(project), name="a.tif", size_bytes=size, modified_ms=None)


def part(offset: int, content: bytes) -> Part:
    return Part(offset, [content])


def test_a_file_comes_in_parts_and_is_kept_by_its_hash(sender: Sender) -> None:
    answer = sender.begin()
    address = answer["Location"]
    assert (answer.status_code, answer["Tus-Resumable"], answer["Upload-Offset"]) == (201, "1.0.0", "0")
    first = sender.send(address, 0, CONTENT[:200_000])
    assert (first.status_code, first["Upload-Offset"], "Graticule-Upload" in first) == (204, "200000", False)
    assert Upload.objects.count() == 0
    head = sender.head(address)
    assert (head.status_code, head["Upload-Offset"], head["Upload-Length"]) == (200, "200000", "300000")
    assert (head["Cache-Control"], "Upload-Expires" in head) == ("no-store", True)
    last = sender.send(address, 200_000, CONTENT[200_000:])
    row = Upload.objects.get()
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert (str(row.pk), row.sha256, row.name) == (last["Graticule-Upload"], sha256, "über.tif")
    assert upload_path(sha256).read_bytes() == CONTENT
    assert not list(part_path(row.transfer.pk).parent.glob(f"{row.transfer.pk}*"))
    # Whoever missed the last answer asks, and is told.
    assert sender.head(address)["Graticule-Upload"] == str(row.pk)


def test_a_small_file_comes_with_its_first_request(sender: Sender) -> None:
    answer = sender.client.post(
        f"/api/v1/projects/{sender.project.pk}/transfers",
        CONTENT,
        content_type=PART,
        headers={**TUS, "Upload-Length": str(len(CONTENT)), "Upload-Metadata": "filename YS50aWY="},
    )
    assert (answer.status_code, answer["Upload-Offset"]) == (201, "300000")
    assert str(Upload.objects.get(name="a.tif").pk) == answer["Graticule-Upload"]


@pytest.mark.parametrize("token", [None, "a" * 32])
def test_a_session_needs_its_token_and_the_part_is_whole_afterwards(project: Project, token: str | None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner(project))
    headers = {**TUS, "Upload-Length": "4", "Upload-Metadata": "filename YS50aWY="}
    if token:
        client.cookies["csrftoken"] = token
        headers["X-CSRFToken"] = token
    address = f"/api/v1/projects/{project.pk}/transfers"
    answer = client.post(address, b"1234", content_type=PART, headers=headers)
    assert answer.status_code == (201 if token else 403)
    assert [upload_path(upload.sha256).read_bytes() for upload in Upload.objects.all()] == ([b"1234"] if token else [])


def test_the_person_is_told_what_has_come_and_nobody_else(sender: Sender, client: Client) -> None:
    address = sender.begin()["Location"]
    sender.send(address, 0, CONTENT[:10])
    listed = f"/api/v1/projects/{sender.project.pk}/transfers"
    (found,) = sender.client.get(listed).json()
    assert found == {
        "id": address.rpartition("/")[2],
        "name": "über.tif",
        "bytes": 300_000,
        "offset": 10,
        "modified_ms": 17,
        "upload": None,
    }
    colleague = make_user("colleague")
    sender.project.memberships.create(user=colleague, role="owner")
    client.force_login(colleague)
    assert client.get(listed).json() == []
    for method in ("head", "patch", "delete"):
        assert getattr(client, method)(address, headers=TUS).status_code == 404


def test_who_may_no_longer_import_may_no_longer_send(sender: Sender) -> None:
    address = sender.begin()["Location"]
    membership = sender.project.memberships.get()
    membership.role = "viewer"
    membership.save()
    assert sender.send(address, 0, b"x").status_code == 403
    membership.delete()
    assert sender.send(address, 0, b"x").status_code == 404


@pytest.mark.parametrize("offset", [0, 99, 101, 300_000])
def test_a_part_that_does_not_follow_is_refused_with_the_offset(sender: Sender, offset: int) -> None:
    address = sender.begin()["Location"]
    sender.send(address, 0, CONTENT[:100])
    answer = sender.send(address, offset, b"?")
    assert (answer.status_code, answer.json()["code"], answer.json()["offset"]) == (409, "conflict", 100)
    assert sender.head(address)["Upload-Offset"] == "100"


@pytest.mark.parametrize("offset", ["", "-1", "ten", "1e3", "9" * 30, "²"])
def test_an_offset_that_is_no_number_is_refused(sender: Sender, offset: str) -> None:
    address = sender.begin()["Location"]
    answer = sender.client.patch(
        address, b"x", content_type=PART, headers={**TUS, "Upload-Offset": offset.encode().decode("latin-1")}
    )
    assert answer.status_code == 400
    assert "Upload-Offset" in answer.json()["message"]


def test_another_version_of_the_protocol_is_refused(sender: Sender) -> None:
    answer = sender.begin(**{"Tus-Resumable": "0.2.2"})
    assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")
    options = sender.client.options(f"/api/v1/projects/{sender.project.pk}/transfers")
    assert options.status_code == 204
    assert "creation" in options["Tus-Extension"].split(",")


def test_a_part_may_be_larger_than_other_requests(sender: Sender, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    address = sender.begin()["Location"]
    assert sender.send(address, 0, CONTENT).status_code == 204
    assert Upload.objects.get().sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_part_says_that_it_is_one(sender: Sender) -> None:
    address = sender.begin()["Location"]
    answer = sender.client.patch(address, b"x", content_type="text/plain", headers={**TUS, "Upload-Offset": "0"})
    assert answer.status_code == 415


def test_a_file_over_the_limit_is_refused_before_it_comes(sender: Sender, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 299_999
    answer = sender.begin("big.tif")
    assert answer.status_code == 413
    message = answer.json()["message"]
    assert "big.tif has 300000 bytes; the limit is 299999" in message
    assert "GRATICULE_MAX_UPLOAD_BYTES" in message
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("metadata", ["", "filename", "filename ???", "filename /w==", "filename Li4="])
def test_a_file_without_a_name_is_refused(sender: Sender, metadata: str) -> None:
    assert sender.begin(**{"Upload-Metadata": metadata}).status_code == 400


def test_an_empty_file_is_refused(sender: Sender) -> None:
    answer = sender.begin("a.tif", size=0)
    assert answer.status_code == 400
    assert "a.tif has 0 bytes" in answer.json()["message"]


def test_more_than_was_announced_is_refused(project: Project, sender: Sender) -> None:
    address = sender.begin(size=5)["Location"]
    assert sender.send(address, 0, b"123456").status_code == 413
    transfer = begun(project, 5)
    with pytest.raises(TooLargeError, match="announced with 5 bytes"):
        transfers.receive(transfer, Part(0, [b"123", b"456"]))
    assert part_path(transfer.pk).stat().st_size == 0


def test_a_part_that_changed_on_its_way_is_refused(sender: Sender) -> None:
    address = sender.begin(size=4)["Location"]
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    assert sender.send(address, 0, b"1234", **{"Upload-Checksum": f"sha256 {wrong}"}).status_code == 460
    assert sender.head(address)["Upload-Offset"] == "0"
    right = base64.b64encode(hashlib.sha256(b"1234").digest()).decode()
    assert sender.send(address, 0, b"1234", **{"Upload-Checksum": f"sha256 {right}"}).status_code == 204
    assert sender.send(address, 4, b"?", **{"Upload-Checksum": "md5 x"}).status_code == 400


def test_a_part_is_flushed_before_it_is_acknowledged(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    transfer = begun(project)
    flushed: list[int] = []

    def fsync(descriptor: int) -> None:
        assert Transfer.objects.get(pk=transfer.pk).offset_bytes == 0
        flushed.append(os.fstat(descriptor).st_size)

    monkeypatch.setattr("backend.series.transfers.os.fsync", fsync)
    transfers.receive(transfer, part(0, CONTENT[:1000]))
    assert flushed == [1000]
    assert Transfer.objects.get(pk=transfer.pk).offset_bytes == 1000


def test_what_came_unacknowledged_before_a_crash_is_cut_off(project: Project) -> None:
    transfer = transfers.receive(begun(project), part(0, CONTENT[:1000]))
    with part_path(transfer.pk).open("ab") as file:
        file.write(b"what a killed server had written of the next part, and more of it than comes again")
    transfers._hashes = transfers._RunningHashes()  # another process has none
    transfers.receive(transfer, part(1000, CONTENT[1000:1010]))
    transfers.receive(transfer, part(1010, CONTENT[1010:]))
    assert Upload.objects.get().sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_part_that_breaks_off_is_not_kept(project: Project) -> None:
    transfer = begun(project)

    def chunks() -> Iterator[bytes]:
        yield CONTENT[:500]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        transfers.receive(transfer, Part(0, chunks()))
    assert part_path(transfer.pk).stat().st_size == 0
    transfers.receive(transfer, part(0, CONTENT))
    assert Upload.objects.get().sha256 == hashlib.sha256(CONTENT).hexdigest()


@pytest.mark.django_db(transaction=True)
def test_two_parts_at_once_do_not_mix(project: Project) -> None:
    transfer = begun(project)
    writing, go_on = threading.Event(), threading.Event()
    ended: list[int] = []

    def slow() -> Iterator[bytes]:
        yield CONTENT[:1000]
        writing.set()
        assert go_on.wait(10)
        yield CONTENT[1000:]

    def send() -> None:
        ended.append(transfers.receive(Transfer.objects.get(pk=transfer.pk), Part(0, slow())).offset_bytes)
        connection.close()

    thread = threading.Thread(target=send)
    thread.start()
    assert writing.wait(10)
    with pytest.raises(LockedError):
        transfers.receive(Transfer.objects.get(pk=transfer.pk), part(0, CONTENT))
    go_on.set()
    thread.join()
    assert ended == [len(CONTENT)]
    with pytest.raises((ConflictError, GoneError)):
        transfers.receive(transfer, part(0, CONTENT))
    assert upload_path(Upload.objects.get().sha256).read_bytes() == CONTENT


@pytest.mark.parametrize("moved", [False, True])
def test_a_whole_file_whose_row_was_not_committed_is_finished_by_the_next_question(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, moved: bool
) -> None:
    address = sender.begin()["Location"]

    def die(row: Upload, draft: Path, *, attach: Callable[[], None]) -> None:
        if moved:
            target = upload_path(row.sha256)
            target.parent.mkdir(exist_ok=True)
            draft.replace(target)
        raise OperationalError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(transfers, "keep", die)
        sender.client.raise_request_exception = False
        assert sender.send(address, 0, CONTENT).status_code == 500
    assert not Upload.objects.exists()
    head = sender.head(address)
    assert (head["Upload-Offset"], head["Graticule-Upload"]) == ("300000", str(Upload.objects.get().pk))
    assert upload_path(Upload.objects.get().sha256).read_bytes() == CONTENT


def test_a_full_disk_is_told_and_what_came_is_kept(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    address = sender.begin()["Location"]
    sender.send(address, 0, CONTENT[:100])

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("backend.series.transfers.os.fsync", full)
        answer = sender.send(address, 100, CONTENT[100:])
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert "first 100 of 300000 bytes are kept" in answer.json()["message"]
    assert sender.send(address, 100, CONTENT[100:]).status_code == 204
    assert Upload.objects.get().sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_file_larger_than_the_free_disk_is_refused_at_once(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.series.transfers.shutil.disk_usage", lambda folder: SimpleNamespace(free=299_999))
    answer = sender.begin("big.tif")
    assert answer.status_code == 507
    assert "299999 free" in answer.json()["message"]


def test_what_came_and_is_no_longer_there_must_be_sent_again(sender: Sender) -> None:
    address = sender.begin()["Location"]
    sender.send(address, 0, CONTENT[:100])
    path = part_path(Transfer.objects.get().pk)
    path.write_bytes(CONTENT[:99])
    assert sender.send(address, 100, CONTENT[100:]).status_code == 410
    # A second try finds the same: nothing was put in the place of what is missing.
    assert sender.send(address, 100, CONTENT[100:]).status_code == 410
    assert path.read_bytes() == CONTENT[:99]
    assert sender.head(address).status_code == 410
    path.unlink()
    assert sender.send(address, 100, CONTENT[100:]).status_code == 410
    assert sender.head(address).status_code == 410
    assert not Upload.objects.exists()


def test_a_whole_file_that_was_cut_short_becomes_no_upload(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    address = sender.begin()["Location"]

    def die(row: Upload, draft: Path, *, attach: Callable[[], None]) -> None:
        raise OperationalError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(transfers, "keep", die)
        sender.client.raise_request_exception = False
        sender.send(address, 0, CONTENT)
    os.truncate(part_path(Transfer.objects.get().pk), 10)
    assert sender.head(address).status_code == 410
    assert not Upload.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_part_never_waits_for_a_folder_with_the_database_in_its_hand(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = begun(project)
    real: Callable[[Path], AbstractContextManager[None]] = uploads.locked
    held: list[bool] = []

    @contextmanager
    def locked(folder: Path) -> Iterator[None]:
        assert not connection.in_atomic_block
        with real(folder):
            yield
            held.append(connection.in_atomic_block or Transfer.objects.get(pk=transfer.pk).upload_id is None)

    monkeypatch.setattr(uploads, "locked", locked)
    transfers.receive(transfer, part(0, CONTENT))
    assert held == [False]  # the folder is let go after the rows are committed


def test_whoever_read_the_row_before_the_end_is_answered_by_the_row(project: Project) -> None:
    transfer = begun(project)
    stale = [Transfer.objects.get(pk=transfer.pk) for _ in range(3)]
    transfers.receive(transfer, part(0, CONTENT))
    with pytest.raises(ConflictError) as refused:
        transfers.receive(stale[0], part(0, CONTENT))
    assert refused.value.details == {"offset": len(CONTENT)}
    assert transfers.receive(stale[1], part(len(CONTENT), b"")).upload_id == transfer.upload_id
    stale[2].offset_bytes = len(CONTENT)  # read between the last byte and the upload
    assert transfers.settle(stale[2]).upload_id == transfer.upload_id
    half = begun(project)
    lock_path(half.pk).unlink()
    with pytest.raises(GoneError):
        transfers.receive(half, part(0, CONTENT))


def test_a_first_part_that_is_refused_leaves_no_transfer(sender: Sender) -> None:
    before = set(transfers_folder().iterdir())
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    for checksum, status in ((f"sha256 {wrong}", 460), ("md5 x", 400)):
        answer = sender.client.post(
            f"/api/v1/projects/{sender.project.pk}/transfers",
            b"abc",
            content_type=PART,
            headers={
                **TUS,
                "Upload-Length": "10",
                "Upload-Metadata": "filename YS50aWY=",
                "Upload-Checksum": checksum,
            },
        )
        assert answer.status_code == status
    assert not Transfer.objects.exists()
    assert set(transfers_folder().iterdir()) == before


def test_a_new_transfers_files_are_in_the_folder_on_the_disk(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[Path, int]] = []
    monkeypatch.setattr(transfers, "sync", lambda folder: synced.append((folder, len(list(folder.iterdir())))))
    begun(project)
    assert synced == [(transfers_folder(), len(list(transfers_folder().iterdir())))]


def test_a_transfer_that_is_given_up_leaves_nothing(sender: Sender) -> None:
    half, whole = sender.begin()["Location"], sender.begin()["Location"]
    sender.send(half, 0, CONTENT[:100])
    sender.send(whole, 0, CONTENT)
    for address in (half, whole):
        assert sender.client.delete(address, headers=TUS).status_code == 204
        assert sender.head(address).status_code == 404
    assert (Transfer.objects.count(), Upload.objects.count()) == (0, 0)
    assert not [path for path in part_path(Transfer().pk).parent.iterdir() if path.stem in half]


def age(path: Path) -> None:
    old = time.time() - 48 * 3600
    os.utime(path, (old, old))


def test_prune_takes_what_was_given_up_and_leaves_what_still_comes(project: Project) -> None:
    coming, forgotten, whole = begun(project), begun(project), begun(project)
    transfers.receive(coming, part(0, CONTENT[:100]))
    transfers.receive(whole, part(0, CONTENT))
    Transfer.objects.filter(pk=forgotten.pk).update(updated_at=timezone.now() - timedelta(days=8))
    orphan = part_path(Transfer().pk)
    orphan.touch()
    for path in (orphan, part_path(coming.pk)):
        age(path)
    prune()
    assert set(Transfer.objects.all()) == {coming, whole}
    assert part_path(coming.pk).read_bytes() == CONTENT[:100]
    assert not orphan.exists()
    assert not part_path(forgotten.pk).exists()


def test_prune_leaves_a_whole_file_whose_row_was_not_committed(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = begun(project)

    def die(row: Upload, draft: Path, *, attach: Callable[[], None]) -> None:
        upload_path(row.sha256).parent.mkdir(exist_ok=True)
        draft.replace(upload_path(row.sha256))
        raise OperationalError("killed")

    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(transfers, "keep", die)
        transfers.receive(transfer, part(0, CONTENT))
    path = upload_path(transfer.sha256)
    age(path)
    prune()
    assert transfers.settle(Transfer.objects.get()).upload_id is not None
    assert path.read_bytes() == CONTENT
    # Nobody asked within the week: it goes with its transfer.
    Transfer.objects.update(updated_at=timezone.now() - timedelta(days=8))
    age(path)
    prune()
    assert not path.exists()


def test_an_imported_upload_outlives_its_transfer(project: Project) -> None:
    transfer = transfers.receive(begun(project), part(0, CONTENT))
    assert transfer.upload_id is not None
    services.request_import(project=project, created_by=owner(project), name="x", upload_ids=[transfer.upload_id])
    assert not Transfer.objects.exists()
    prune(safe_age_s=-1)
    assert Upload.objects.filter(pk=transfer.upload_id).exists()
    assert list(uploads_folder().glob(f"??/{transfer.sha256}"))

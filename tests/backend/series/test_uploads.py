"""Files that come in: kept by hash, under their own name, never half."""

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from backend.projects.models import Project
from backend.protocol.errors import InvalidError, NotFoundError, TooLargeError
from backend.series import uploads
from backend.series.files import upload_path, uploads_folder
from backend.series.models import Upload
from backend.series.uploads import clean_name, store_upload
from tests.backend.builders import make_project
from tests.backend.series.files import owner, upload

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def drafts() -> list[str]:
    return [path.name for path in uploads_folder().iterdir() if path.is_file()]


def test_bytes_are_kept_by_their_hash_and_once(project: Project) -> None:
    content = os.urandom(100_000)
    first, second = upload(project, content, "a.tif"), upload(project, content, "b.tif")
    sha256 = hashlib.sha256(content).hexdigest()
    assert (first.sha256, first.size_bytes, first.name, second.name) == (sha256, 100_000, "a.tif", "b.tif")
    path = upload_path(sha256)
    assert path.read_bytes() == content
    assert path.relative_to(uploads_folder()).parts == (sha256[:2], sha256)
    assert not drafts()


def test_an_upload_over_the_limit_is_refused_while_it_comes(project: Project, settings: Settings) -> None:
    settings.MAX_UPLOAD_BYTES = 10
    taken: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(100):
            taken.append(number)
            yield b"12345"

    with pytest.raises(TooLargeError, match=r"big\.tif has more than 10 bytes"):
        store_upload(project=project, created_by=owner(project), name="big.tif", chunks=chunks())
    assert taken == [0, 1, 2]
    assert not drafts()
    assert not Upload.objects.exists()


def test_an_upload_that_breaks_off_leaves_nothing(project: Project) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        store_upload(project=project, created_by=owner(project), name="a.tif", chunks=chunks())
    assert not drafts()
    assert not Upload.objects.exists()


def kept() -> list[str]:
    return [path.name for path in uploads_folder().glob("??/*")]


def test_a_file_whose_row_cannot_be_committed_is_taken_back(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    before = kept()
    content = os.urandom(100)

    def failing_afterwards(folder: Path) -> None:
        # All that comes after it is the commit.
        assert len(kept()) == len(before) + 1
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(uploads, "sync", failing_afterwards)
    with pytest.raises(OperationalError):
        upload(project, content)
    assert (kept(), drafts(), Upload.objects.count()) == (before, [], 0)
    monkeypatch.undo()
    first = upload(project, content)
    monkeypatch.setattr(uploads, "sync", lambda folder: (_ for _ in ()).throw(OperationalError("full")))
    with pytest.raises(OperationalError):
        upload(project, content)
    assert upload_path(first.sha256).read_bytes() == content  # the first upload has the same bytes


def test_a_file_for_a_project_that_was_deleted_meanwhile_is_not_kept(project: Project) -> None:
    before, author = kept(), owner(project)

    def chunks() -> Iterator[bytes]:
        yield os.urandom(100)
        Project.objects.filter(pk=project.pk).delete()

    with pytest.raises(NotFoundError, match="deleted during the upload"):
        store_upload(project=project, created_by=author, name="a.tif", chunks=chunks())
    assert (kept(), drafts()) == (before, [])


def test_an_empty_file_is_refused(project: Project) -> None:
    with pytest.raises(InvalidError, match=r"a\.tif has 0 bytes"):
        upload(project, b"", "a.tif")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.tif", "a.tif"),
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\a.tif", "a.tif"),
        ("a\x00\n\u202eb.tif", "ab.tif"),
        ("Au@C 800 °C.tif", "Au@C 800 °C.tif"),
        ("x" * 300 + ".tif", "x" * 251 + ".tif"),
    ],
)
def test_names_are_for_showing_only(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.parametrize("name", ["", "..", "a/", "\x00"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(InvalidError):
        clean_name(name)


def test_a_file_comes_in_over_rest(client: Client, project: Project) -> None:
    client.force_login(owner(project))
    content = os.urandom(3_000_000)
    answer = client.post(f"/api/v1/projects/{project.pk}/uploads", {"file": SimpleUploadedFile("../über.tif", content)})
    assert answer.status_code == 201
    body = answer.json()
    assert body.keys() == {"id", "name", "bytes", "sha256"}
    assert (body["name"], body["bytes"]) == ("über.tif", 3_000_000)
    assert upload_path(body["sha256"]).read_bytes() == content


@pytest.mark.parametrize("body", [{}, {"file": "text, no file"}])
def test_a_request_without_a_file_is_refused(client: Client, project: Project, body: dict[str, str]) -> None:
    client.force_login(owner(project))
    answer = client.post(f"/api/v1/projects/{project.pk}/uploads", body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["file"])


def test_an_empty_file_is_named_over_rest(client: Client, project: Project) -> None:
    client.force_login(owner(project))
    answer = client.post(f"/api/v1/projects/{project.pk}/uploads", {"file": SimpleUploadedFile("a.tif", b"")})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("a.tif has 0 bytes")


def test_a_full_disk_is_told_and_leaves_nothing(
    client: Client, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("backend.series.uploads.os.fsync", full)
    client.force_login(owner(project))
    answer = client.post(f"/api/v1/projects/{project.pk}/uploads", {"file": SimpleUploadedFile("a.tif", b"1234")})
    assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
    assert not drafts()
    assert not Upload.objects.exists()

"""Commits, old versions and exports of a series of 1,000 frames with 200 objects, every mask in three versions.

Measured in processes of their own on SQLite and, where it is installed, on PostgreSQL.
"""

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID, uuid4

from benchmarks.apart import apart, memory_mb
from benchmarks.records import Measure, Record
from benchmarks.timing import percentile
from tests.infrastructure import team

FRAMES, OBJECTS, SIDE_PX = 1000, 200, 1024
ROUNDS = 60
EXPORTED = ("coco", "labels", "ctc")
VERSION = FRAMES * 3 // 2  # half of the proposals are accepted, none is drawn anew


class Long(NamedTuple):
    """The series, and a small one to compare with, each with one member."""

    series: str
    small: str
    author: int


def history() -> Iterator[Record]:
    """What a person waits for: a commit, one frame of an old version, an export."""
    for database in ("sqlite", "postgresql"):
        with ExitStack() as stack:
            try:
                stack.enter_context(_database(database))
            except team.MissingProgramError:
                continue
            suffix = "" if database == "sqlite" else f"_{database}"
            built = apart(build, FRAMES, OBJECTS, SIDE_PX)
            commits = apart(commit_ms, built)
            for name, part in (("commit", 50), ("commit_p95", 95)):
                small, long = (percentile(times, part) for times in commits)
                yield Record(f"{name}{suffix}", long, "ms", small, "a series of one mask")
            old, now = (percentile(times, 50) for times in apart(frame_ms, built))
            yield Record(f"old_version_frame{suffix}", old, "ms", now, "the same frame now")
            for name in EXPORTED if database == "sqlite" else EXPORTED[:1]:
                seconds, memory, before = apart(export, built, name)
                what = "export_series" if name == EXPORTED[0] else f"export_series_{name}"
                yield Record(f"{what}{suffix}", seconds, "s")
                yield Record(f"{what}_memory{suffix}", memory, "MB", before, "before the export")


@contextmanager
def _database(name: str) -> Iterator[None]:
    """A new database, named in the environment of the processes that are started meanwhile."""
    with ExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory())
        url = f"sqlite:///{data}/graticule.sqlite3"
        if name == "postgresql":
            server = team.PostgreSQL(stack.enter_context(team.folder()))
            stack.callback(server.stop)
            url = server.url
        settings = {"DJANGO_SETTINGS_MODULE": "backend.config.settings", "GRATICULE_SECRET_KEY": "benchmark"}
        variables = {"GRATICULE_DATA": data, "DATABASE_URL": url, "REDIS_URL": "", **settings}
        stack.enter_context(patch.dict(os.environ, variables))
        yield


# ---- in a process of its own ----------------------------------------------------------------------------------


def build(frames: int, objects: int, side: int) -> Long:
    """Makes the database with the long series and a small one."""
    _django()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from backend.jobs import services as jobs
    from tests.backend.builders import make_project, make_user
    from tests.backend.long_series import long_series

    for folder in ("tmp", "exports"):
        (settings.GRATICULE_DATA / folder).mkdir(exist_ok=True)
    call_command("migrate", verbosity=0)
    author = make_user("lise")
    project = make_project(author)
    made = []
    for size in ((frames, objects), (1, 1)):
        job = jobs.enqueue(kind="segment", project=project, created_by=author, parameters={})
        made.append(long_series(project, author, job, frames=size[0], objects=size[1], side=side))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return Long(str(made[0].pk), str(made[1].pk), author.pk)


def commit_ms(built: Long) -> tuple[list[float], list[float]]:
    """A mask that is drawn anew, until it could be sent to everybody: in the small series, in the long one."""
    _django()
    from backend.annotations import selectors, services
    from backend.annotations.models import MaskHead
    from backend.projects.models import User
    from backend.protocol.messages import Base, ChangesetCommit, MaskRle, MaskSet
    from backend.series.models import Series

    author = User.objects.get(pk=built.author)

    def commit(name: str, source: random.Random) -> float:
        series = Series.objects.select_related("pixels").get(pk=name)
        frame = source.randrange(series.pixels.frames)
        heads = MaskHead.objects.filter(series=series, frame=frame)
        head = heads.select_related("revision__mask")[source.randrange(heads.count())]
        mask = head.revision.mask
        assert mask is not None
        drawn = MaskRle(size=(mask.height, mask.width), counts=mask.counts)
        message = ChangesetCommit(
            request_id=uuid4(),
            reason="Paint",
            base=[Base(track=head.track_id, frame=frame, revision=head.revision_id)],
            operations=[MaskSet(track=head.track_id, frame=frame, mask=drawn)],
        )

        def whole() -> None:
            made = services.commit(series_id=series.pk, author=author, message=message)
            selectors.changeset(series.pk, made.version).model_dump_json()

        return _ms(whole)

    return tuple([commit(name, random.Random(seed)) for seed in range(ROUNDS)] for name in (built.small, built.series))  # type: ignore[return-value]


def frame_ms(built: Long) -> tuple[list[float], list[float]]:
    """The answer to a browser that opens a frame: of an old version, and of the present."""
    _django()
    from django.test import Client

    from backend.projects.models import User

    client = Client(HTTP_HOST="localhost")
    client.force_login(User.objects.get(pk=built.author))

    def ask(query: str) -> float:
        def whole() -> None:
            answer = client.get(f"/api/v1/series/{built.series}/state?{query}")
            assert len(json.loads(answer.content)["masks"]) > 0

        return _ms(whole)

    frames = random.Random(7).sample(range(FRAMES // 2), ROUNDS)
    return [ask(f"frame={t}&version={VERSION}") for t in frames], [ask(f"frame={t}") for t in frames]


def export(built: Long, name: str) -> tuple[float, float, float]:
    """Seconds that an export takes, the most memory then, and the most before."""
    _django()
    from django.conf import settings

    from backend.annotations.selectors import head_of
    from backend.inference.export import write_export
    from backend.inference.snapshot import Snapshot
    from backend.series.selectors import find_series

    series = find_series(UUID(built.series))
    assert series is not None
    data: Path = settings.GRATICULE_DATA
    names = {"project": "Sintering", "series": "Long heating"}
    before = memory_mb()

    def whole() -> None:
        snapshot = Snapshot.read(series, version=head_of(series.pk), settings_version=1, names=names)
        write_export(
            snapshot, [name], data / "exports" / f"{uuid4()}.zip", draft=data / "tmp" / f"{uuid4()}", progress=_ignore
        )

    return _ms(whole) / 1000, memory_mb(), before


def _ignore(fraction: float, step: str) -> None:
    pass


def _ms(action: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    action()
    return 1000 * (time.perf_counter() - begun)


def _django() -> None:
    import django

    django.setup()


BENCHMARKS: dict[str, Measure] = dict.fromkeys(("commit", "old_version_frame", "export_series"), history)

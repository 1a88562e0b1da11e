"""What the database itself refuses."""

import ast
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from backend.annotations import migrations, models, selectors, services
from backend.annotations.models import (
    CalibrationRevision,
    Changeset,
    ChangesetKind,
    Event,
    EventHead,
    EventMember,
    EventRevision,
    Mask,
    MaskHead,
    MaskRevision,
    Track,
    TrackHead,
    TrackRevision,
)
from backend.annotations.steps import Edit, EventSet
from backend.annotations.values import CalibrationValue
from backend.projects.services import delete_phase, delete_project
from backend.protocol.errors import ConflictError
from backend.protocol.messages import MaskSet, TrackCreate
from backend.series.models import Series
from backend.series.services import delete_series
from tests.backend.builders import commit, make_phase, make_series, owner_of, put_away, rectangle

pytestmark = [pytest.mark.django_db, pytest.mark.database]

REVISIONS: tuple[type[Model], ...] = (
    Mask,
    Track,
    Event,
    Changeset,
    MaskRevision,
    TrackRevision,
    EventRevision,
    CalibrationRevision,
)
HEADS: tuple[type[Model], ...] = (MaskHead, TrackHead, EventHead, EventMember, ChangesetKind)
OF_SERIES = (*REVISIONS[1:], *HEADS)


@pytest.fixture
def series() -> Series:
    """With two versions of a mask in a phase, an event, and a calibration."""
    series = make_series()
    phase = make_phase(series.project)
    track = uuid4()
    operations = [TrackCreate(track=track, phase=phase.pk), MaskSet(track=track, frame=0, mask=rectangle(0, 0, 3, 3))]
    commit(series, operations, [(track, None, None), (track, 0, None)])
    revision = selectors.masks_at(series.pk, 1).get().pk
    commit(series, [MaskSet(track=track, frame=0, mask=rectangle(0, 0, 4, 4))], [(track, 0, revision)])
    birth = EventSet(event=uuid4(), what="birth", first_frame=0, last_frame=1, children=[track])
    asked = Edit(request_id=uuid4(), seen=2, steps=[birth])
    services.edit(series_id=series.pk, author=owner_of(series), asked=asked)
    value = CalibrationValue(1.0, "nm", None, "ruler")
    services.set_calibration(series_id=series.pk, author=owner_of(series), request_id=uuid4(), value=value)
    return series


def test_every_appended_table_is_tested_here() -> None:
    assert set(apps.get_app_config("annotations").get_models()) == {*REVISIONS, *HEADS}


@pytest.mark.parametrize("model", REVISIONS, ids=lambda model: model.__name__)
def test_what_was_appended_cannot_be_changed(series: Series, model: type[Model]) -> None:
    column = model._meta.pk.column if model is Mask else "series_id"
    table = model._meta.db_table
    with pytest.raises(IntegrityError, match="immutable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {column}")


def test_a_revision_has_one_successor(series: Series) -> None:
    first, second = MaskRevision.objects.order_by("version")
    with pytest.raises(IntegrityError), transaction.atomic():
        MaskRevision.objects.create(
            changeset_id=second.changeset_id,
            series=series,
            version=99,
            track_id=first.track_id,
            frame=0,
            previous=first,
            mask=first.mask,
            order=0,
            state=models.MaskState.ACCEPTED,
            origin={},
        )


def test_a_mask_begins_once(series: Series) -> None:
    first = MaskRevision.objects.order_by("version")[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        MaskRevision.objects.create(
            changeset_id=first.changeset_id,
            series=series,
            version=99,
            track_id=first.track_id,
            frame=0,
            previous=None,
            mask=first.mask,
            order=0,
            state=models.MaskState.ACCEPTED,
            origin={},
        )


@pytest.mark.django_db(transaction=True)
def test_a_deleted_series_takes_its_annotations_along_and_nobody_elses(series: Series) -> None:
    other = make_series(series.project)
    commit(other, [TrackCreate(track=(track := uuid4()), phase=None)], [(track, None, None)])
    put_away(series)
    delete_series(series_id=series.pk)
    for model in OF_SERIES:
        assert not model._default_manager.filter(series=series.pk).exists()
    assert Track.objects.filter(series=other).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_phase_in_use_stays_until_its_project_goes(series: Series) -> None:
    phase = series.project.phases.get()
    with pytest.raises(ConflictError) as refused:
        delete_phase(project_id=series.project_id, phase_id=phase.pk)
    assert refused.value.code == "phase_in_use"
    put_away(series.project)
    delete_project(project_id=series.project_id)
    assert not TrackRevision.objects.exists()


def test_series_from_before_are_told_what_waits_and_who_changed_them_last(series: Series) -> None:
    track = uuid4()
    proposed = MaskSet(track=track, frame=0, mask=rectangle(1, 1, 5, 5), state="proposal")
    commit(series, [TrackCreate(track=track, phase=None), proposed], [(track, None, None), (track, 0, None)])
    untouched = make_series(series.project)
    Series.objects.update(proposals=0, changed_at=None, changed_by=None)
    (migration,) = Path(migrations.__path__[0]).glob("*_series_progress.py")
    import_module(f"{migrations.__name__}.{migration.stem}").fill_in(apps, None)
    untouched.refresh_from_db()
    assert (untouched.proposals, untouched.changed_at) == (0, None)
    # That the other is right the fixture sees after every test here.


def test_migrations_import_nothing_that_may_change() -> None:
    for path in Path("backend").glob("*/migrations/0*.py"):
        nodes = ast.walk(ast.parse(path.read_text()))
        imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
        assert not {module for module in imported if module.startswith(("backend", "ml"))}, path

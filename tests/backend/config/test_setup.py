"""The first start makes a demo, the second nothing; the login is shown while it works."""

import io
import stat
from pathlib import Path

import numpy as np
import pytest
import zarr
from django.core.management import CommandError, call_command
from pytest_django import Settings

from backend.config import demo, demo_login
from backend.projects.models import Project, User
from backend.series.files import store_path
from backend.series.models import Series, Upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> None:
    """A demo that is drawn in no time, in a folder of its own."""
    monkeypatch.setattr(demo, "FRAMES", 3)
    monkeypatch.setattr(demo, "SIZE_PX", 64)
    settings.GRATICULE_DATA = tmp_path


def setup(*options: str) -> str:
    out = io.StringIO()
    call_command("setup", *options, stdout=out, verbosity=0)
    return out.getvalue()


def password_in(text: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith("Sign in as demo")]
    return line.split()[-1]


def test_a_first_start_makes_a_calibrated_series_that_the_demo_user_owns() -> None:
    password = password_in(setup())
    user = User.objects.get()
    assert user.check_password(password)
    series = Series.objects.get()
    assert series.project.name == "Sintering demo"
    assert [(m.user, m.role) for m in series.project.memberships.all()] == [(user, "owner")]
    assert series.calibration["unit"] == "nm"
    assert series.calibration["pixel_size"] > 0
    assert series.calibration["frame_interval_s"] > 0
    phases = series.project.phases.all()
    assert [(phase.name, phase.key) for phase in phases] == [
        ("Particle", "1"),
        ("Support", "2"),
        ("Contamination", "3"),
    ]
    pixels = zarr.open_array(store_path(series.pixels_id) / "0", mode="r")
    assert pixels.shape == (3, 64, 64)
    assert np.ptp(pixels[0]) > 0


def test_a_second_start_changes_nothing_and_shows_the_login_again() -> None:
    first = setup()
    before = {model: list(model.objects.values()) for model in (User, Project, Series, Upload)}
    second = setup()
    assert {model: list(model.objects.values()) for model in before} == before
    assert password_in(first) == password_in(second)


def test_the_login_is_for_the_servers_owner_only_and_until_it_is_changed(tmp_path: Path) -> None:
    setup()
    path = tmp_path / demo_login.FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    user = User.objects.get()
    user.set_password("another password")
    user.save()
    assert "Sign in" not in setup()
    assert not path.exists()


def test_a_deleted_demo_does_not_come_back() -> None:
    setup()
    Project.objects.all().delete()
    setup()
    assert not Project.objects.exists()


def test_no_demo_where_none_is_wanted_or_people_are_here() -> None:
    setup("--no-demo")
    assert not User.objects.exists()
    User.objects.create_user("ada")
    setup()
    assert not Project.objects.exists()


def test_a_first_start_that_breaks_off_is_a_first_start_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(demo, "import_series", lambda *args, **options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            setup()
    assert not User.objects.exists()
    setup()
    assert Series.objects.count() == 1


def test_an_account_is_made_with_a_password_that_works() -> None:
    out = io.StringIO()
    call_command("add_person", "ada", "--first-name", "Ada", stdout=out)
    user = User.objects.get(username="ada")
    assert user.check_password(out.getvalue().split()[-1])
    assert (user.shown_name, user.is_superuser) == ("Ada", False)
    with pytest.raises(CommandError, match="already exists"):
        call_command("add_person", "ada", stdout=out)

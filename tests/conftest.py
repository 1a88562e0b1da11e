"""What every test shares: which ones touch the database, and what the run runs on."""

import pytest
from django.conf import settings

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what uses the database, so that `-m database` can never miss a test that forgot to say so."""
    for item in items:
        if item.get_closest_marker("django_db") or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("database")


def pytest_report_header() -> str:
    redis = "Redis" if settings.GRATICULE_REDIS_URL else "no Redis"
    return f"graticule: {settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}, {redis}"

"""Named windows of a series: kept, changed and removed, all behind the lock of the series' row."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from backend.projects.models import User
from backend.protocol.errors import InvalidError, NotFoundError
from backend.series.models import DisplayPreset, Series
from backend.series.permissions import require_open_series

MOST_PRESETS = 50


def presets_of(series: Series) -> QuerySet[DisplayPreset]:
    return series.display_presets.all()


@transaction.atomic
def create_preset(*, series: Series, created_by: User, values: dict[str, Any]) -> DisplayPreset:
    locked = _lock(series)
    if locked.display_presets.count() >= MOST_PRESETS:
        raise InvalidError(f"A series has at most {MOST_PRESETS} saved contrasts. Delete one first.")
    preset = DisplayPreset(series=locked, created_by=created_by, **values)
    _save(preset)
    return preset


@transaction.atomic
def change_preset(*, series: Series, preset_id: UUID, values: dict[str, Any]) -> DisplayPreset:
    preset = _find(_lock(series), preset_id)
    for name, value in values.items():
        setattr(preset, name, value)
    _save(preset)
    return preset


@transaction.atomic
def delete_preset(*, series: Series, preset_id: UUID) -> None:
    _find(_lock(series), preset_id).delete()


def _save(preset: DisplayPreset) -> None:
    """The one that is to be the default takes that from the one that was."""
    if preset.low >= preset.high:
        raise InvalidError(
            f"Black at {preset.low:g} is not below white at {preset.high:g}.", fields={"high": ["Not above black."]}
        )
    others = preset.series.display_presets.exclude(pk=preset.pk)
    if others.filter(name=preset.name).exists():
        raise InvalidError(
            f"This series has a contrast called {preset.name!r}. Choose another name.",
            fields={"name": ["Already taken."]},
        )
    if preset.is_default:
        others.filter(is_default=True).update(is_default=False)
    preset.save()


def _find(series: Series, preset_id: UUID) -> DisplayPreset:
    found = series.display_presets.filter(pk=preset_id).first()
    if found is None:
        raise NotFoundError(f"This series has no saved contrast {preset_id}.")
    return found


def _lock(series: Series) -> Series:
    locked = Series.objects.select_for_update().filter(pk=series.pk).first()
    if locked is None:
        raise NotFoundError(f"There is no series {series.pk}.")
    require_open_series(locked)  # it may have been archived while the change waited
    return locked

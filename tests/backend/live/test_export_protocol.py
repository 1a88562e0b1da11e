"""`manage.py export_protocol`."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from backend.live.management.commands import export_protocol


def test_the_check_passes_after_an_export_and_fails_when_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = tmp_path / "schema.json"
    monkeypatch.setattr(export_protocol, "SCHEMA", schema)
    with pytest.raises(CommandError, match="make protocol"):
        call_command("export_protocol", check=True)
    call_command("export_protocol")
    call_command("export_protocol", check=True)
    schema.write_text(schema.read_text().replace("series.head", "series.tail"))
    with pytest.raises(CommandError, match="make protocol"):
        call_command("export_protocol", check=True)

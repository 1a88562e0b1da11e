"""The database refuses to change events and their revisions, as it does for the other subjects (see 0002)."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

IMMUTABLE = ("event", "eventrevision")


def forbid_updates(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    postgresql = schema_editor.connection.vendor == "postgresql"
    for model in IMMUTABLE:
        table = f"annotations_{model}"
        action = (
            "EXECUTE FUNCTION annotations_refuse_update()"
            if postgresql
            else f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are immutable'); END"
        )
        schema_editor.execute(f"CREATE TRIGGER {table}_immutable BEFORE UPDATE ON {table} FOR EACH ROW {action}")


def allow_updates(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    postgresql = schema_editor.connection.vendor == "postgresql"
    for model in IMMUTABLE:
        table = f"annotations_{model}"
        schema_editor.execute(f"DROP TRIGGER {table}_immutable" + (f" ON {table}" if postgresql else ""))


class Migration(migrations.Migration):
    dependencies = [("annotations", "0003_events")]
    operations = [migrations.RunPython(forbid_updates, allow_updates)]

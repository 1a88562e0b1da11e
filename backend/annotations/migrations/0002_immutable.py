"""The database itself refuses to change a changeset or a revision.

Both databases drop the trigger with its table. SQLite also drops it when a later migration rebuilds the table to alter
a column: such a migration must call `forbid_updates` again (tests/backend/annotations/test_models.py notices).
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

IMMUTABLE = ("mask", "track", "changeset", "maskrevision", "trackrevision", "calibrationrevision")

POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION annotations_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are immutable', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def forbid_updates(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL_FUNCTION, params=None)
    for model in IMMUTABLE:
        table = f"annotations_{model}"
        if schema_editor.connection.vendor == "postgresql":
            action = "EXECUTE FUNCTION annotations_refuse_update()"
            schema_editor.execute(f"CREATE TRIGGER {table}_immutable BEFORE UPDATE ON {table} FOR EACH ROW {action}")
        else:
            action = f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are immutable'); END"
            schema_editor.execute(f"CREATE TRIGGER {table}_immutable BEFORE UPDATE ON {table} FOR EACH ROW {action}")


def allow_updates(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    postgresql = schema_editor.connection.vendor == "postgresql"
    for model in IMMUTABLE:
        table = f"annotations_{model}"
        schema_editor.execute(f"DROP TRIGGER {table}_immutable" + (f" ON {table}" if postgresql else ""))
    if postgresql:
        schema_editor.execute("DROP FUNCTION annotations_refuse_update()")


class Migration(migrations.Migration):
    dependencies = [("annotations", "0001_initial")]
    operations = [migrations.RunPython(forbid_updates, allow_updates)]

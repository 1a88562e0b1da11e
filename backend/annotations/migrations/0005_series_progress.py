"""Fills in what series keep of their annotations from now on: proposals that wait, and who changed them last, when."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count


def fill_in(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    series, heads = apps.get_model("series", "Series"), apps.get_model("annotations", "MaskHead")
    changesets = apps.get_model("annotations", "Changeset")
    waiting = dict(heads.objects.filter(shown="proposal").values_list("series").annotate(n=Count("pk")).order_by())
    for pk, version in series.objects.exclude(version=0).values_list("pk", "version"):
        last = changesets.objects.filter(series=pk, version=version).values("created_at", "author").get()
        series.objects.filter(pk=pk).update(
            proposals=waiting.get(pk, 0), changed_at=last["created_at"], changed_by=last["author"]
        )


class Migration(migrations.Migration):
    dependencies = [("annotations", "0004_immutable_events"), ("series", "0002_archive_and_progress")]
    operations = [migrations.RunPython(fill_in, migrations.RunPython.noop)]

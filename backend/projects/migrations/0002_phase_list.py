"""Keeps the phases of every settings version. Of versions before this one nothing was kept: the present one begins."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def keep_present_phases(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    phases = apps.get_model("projects", "Phase")
    lists = apps.get_model("projects", "PhaseList")
    for project in apps.get_model("projects", "Project").objects.all():
        rows = phases.objects.filter(project=project).order_by("order", "name", "id")
        listed = [{"id": str(row.pk), "name": row.name, "colour": row.colour} for row in rows]
        lists.objects.create(project=project, settings_version=project.settings_version, phases=listed)


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]
    operations = [
        migrations.CreateModel(
            name="PhaseList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("settings_version", models.PositiveIntegerField()),
                ("phases", models.JSONField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="phase_lists", to="projects.project"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "settings_version"), name="phase_list_once_a_settings_version"
                    )
                ],
            },
        ),
        migrations.RunPython(keep_present_phases, migrations.RunPython.noop),
    ]

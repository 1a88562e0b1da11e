"""An index for the history's filter, and the kinds of change of every changeset."""

import django.db.models.deletion
from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

ROWS = 5000  # written at once
RESTORING = ("Restore version", "Undo", "Redo")
JOBS = {"segment": "segmentation", "track": "tracking"}


def kinds_of(counts: dict[str, int], *, reason: str, job: str | None) -> list[str]:
    """What `backend.annotations.kinds` said when this migration was written."""
    holds = {
        "masks": counts["masks_set"] > 0,
        "deletions": counts["masks_deleted"] + counts["tracks_deleted"] > 0,
        "objects": counts["tracks_created"] + counts["tracks_changed"] > 0,
        "events": counts.get("events", 0) > 0,
        "calibration": counts["calibrations"] > 0,
        "restoring": reason.startswith(RESTORING),
    }
    found = [kind for kind, there in holds.items() if there]
    return [*found, JOBS[job]] if job in JOBS else found


def name_kinds(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    changesets = apps.get_model("annotations", "Changeset").objects.order_by("pk")
    kind = apps.get_model("annotations", "ChangesetKind")
    rows = []
    for series, version, summary, reason, job in changesets.values_list(
        "series_id", "version", "summary", "reason", "job__kind"
    ).iterator():
        found = kinds_of(summary["counts"], reason=reason, job=job)
        rows += [kind(series_id=series, version=version, kind=each) for each in found]
        if len(rows) >= ROWS:
            kind.objects.bulk_create(rows)
            rows = []
    kind.objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0005_series_progress"),
        ("jobs", "0003_pause"),
        ("series", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChangesetKind",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("masks", "Masks"),
                            ("deletions", "Deletions"),
                            ("objects", "Objects"),
                            ("segmentation", "Segmentation"),
                            ("tracking", "Tracking"),
                            ("events", "Events"),
                            ("calibration", "Calibration"),
                            ("restoring", "Restoring"),
                        ],
                        max_length=12,
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="changeset",
            index=models.Index(fields=["series", "author", "version"], name="changesets_of_author"),
        ),
        migrations.AddField(
            model_name="changesetkind",
            name="series",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="series.series"
            ),
        ),
        migrations.AddConstraint(
            model_name="changesetkind",
            constraint=models.UniqueConstraint(fields=("series", "kind", "version"), name="changeset_kind_once"),
        ),
        migrations.AddConstraint(
            model_name="changesetkind",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "masks",
                            "deletions",
                            "objects",
                            "segmentation",
                            "tracking",
                            "events",
                            "calibration",
                            "restoring",
                        ],
                    )
                ),
                name="changeset_kind_known",
            ),
        ),
        migrations.RunPython(name_kinds, migrations.RunPython.noop),
    ]

"""The import job, and the daily removal of files that nothing refers to."""

import logging
from typing import Any
from uuid import UUID

from backend.jobs.models import Queue
from backend.jobs.registry import JobContext, daily, job
from backend.series.prune import prune
from backend.series.selectors import find_uploads

logger = logging.getLogger(__name__)


@job("import", queue=Queue.QUICK)
def run_import(context: JobContext) -> dict[str, Any]:
    # Image readers and zarr load when the first import runs, not in every web process.
    from backend.series.importing import ImportOrder, import_series

    row = context.job
    order = ImportOrder(
        series_id=row.pk,
        project=row.project,
        created_by=row.created_by,
        name=row.parameters["name"],
        uploads=find_uploads(row.project_id, [UUID(upload) for upload in row.parameters["uploads"]]),
        attempt=row.attempt,
    )
    series = import_series(order, progress=context.progress, hold=context.hold)
    return {"series": str(series.pk)}


@daily(queue=Queue.LONG)
def remove_leftovers() -> None:
    if removed := prune():
        logger.info("Removed %d leftovers that nothing refers to", removed)

"""Asks for exports."""

from collections.abc import Sequence

from backend.inference import selectors
from backend.inference.selectors import EXPORT
from backend.jobs.models import Job
from backend.jobs.services import enqueue
from backend.projects.models import User
from backend.protocol.errors import InvalidError
from backend.series.models import Series
from ml.formats.annotations import formats


def request_export(*, series: Series, created_by: User, version: int | None, names: Sequence[str]) -> Job:
    """A job that writes one version, the present one where None, in the formats named."""
    known = sorted(formats())
    if unknown := sorted(set(names) - set(known)):
        raise InvalidError(
            f"There is no format {unknown[0]!r}. There are: {', '.join(known)}.",
            fields={"formats": ["Unknown format."]},
        )
    parameters = {**selectors.pinned(series.pk, version), "formats": sorted(set(names))}
    return enqueue(kind=EXPORT, project=series.project, created_by=created_by, parameters=parameters, series=series.pk)

"""What a first start shows: a demo user with a project that holds a synthetic sintering series."""

import secrets
import uuid
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import tifffile
from django.db import transaction

from backend.config import demo_login
from backend.projects.models import User
from backend.projects.services import create_phase, create_project
from backend.series.importing import ImportOrder, import_series
from backend.series.models import Series
from backend.series.uploads import store_upload
from ml.synthetic import SyntheticSeries, synthesise

SEED, FRAMES, SIZE_PX, PRESET = 1, 60, 512, "sintering"
PHASES = (
    ("Particle", "#e69f00", "1", "Metal particle, dark in bright field"),
    ("Support", "#56b4e9", "2", "Carbon or oxide film under the particles"),
    ("Contamination", "#7744cc", "3", "Anything else that is in the way"),
)


def create_demo(data: Path, say: Callable[[str], None]) -> Series | None:
    """The demo's series, or None where people are here already: then this is no first start."""
    if User.objects.exists():
        return None
    say(f"Drawing the demo series: {FRAMES} frames of {SIZE_PX}×{SIZE_PX} pixels")
    synthetic = synthesise(SEED, FRAMES, SIZE_PX, PRESET)
    password = secrets.token_urlsafe(9)
    # All or nothing: a first start that is broken off is a first start again.
    with transaction.atomic():
        user = User.objects.create_user(demo_login.USERNAME, password=password, first_name="Demo")
        project = create_project(
            owner=user,
            name="Sintering demo",
            description="Synthetic bright-field series of particles that ripen, touch and coalesce.",
        )
        for name, colour, key, description in PHASES:
            create_phase(project_id=project.pk, name=name, colour=colour, key=key, description=description)
        upload = store_upload(
            project=project, created_by=user, name="sintering-demo.ome.tif", chunks=[_ome_tiff(synthetic)]
        )
        series = import_series(
            ImportOrder(uuid.uuid4(), project, user, "Sintering, synthetic", (upload,)),
            progress=lambda fraction, step: None,
            hold=lambda: None,
        )
        demo_login.keep(data, password)
    return series


def _ome_tiff(series: SyntheticSeries) -> bytes:
    file = BytesIO()
    metadata = {
        "axes": "TYX",
        "PhysicalSizeX": series.pixel_size_nm,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": series.pixel_size_nm,
        "PhysicalSizeYUnit": "nm",
        "TimeIncrement": series.frame_interval_s,
        "TimeIncrementUnit": "s",
    }
    tifffile.imwrite(file, series.images, ome=True, metadata=metadata, compression="zlib")
    return file.getvalue()

"""The ASGI application: HTTP to Django, behind a limit on what may be sent; websockets to the live app."""

import os
import tempfile
from typing import cast

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

from backend.config.body_limit import App, BodyLimit
from backend.config.data_folder import prepare

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")

prepare(settings.GRATICULE_DATA)
# Django spools bodies to the system's temporary folder, which may be small or in memory.
tempfile.tempdir = str(settings.GRATICULE_DATA / "tmp")
django = cast(App, get_asgi_application())

# Their models need the apps that the line above loads.
from backend.config.signed_in import is_signed_in  # noqa: E402
from backend.live.routing import websocket  # noqa: E402

http = BodyLimit(
    django,
    upload_bytes={"uploads": settings.MAX_UPLOAD_BYTES, "models": settings.MAX_MODEL_BYTES},
    request_bytes=settings.MAX_REQUEST_BYTES,
    is_signed_in=is_signed_in,
)

application = ProtocolTypeRouter({"http": http, "websocket": websocket})

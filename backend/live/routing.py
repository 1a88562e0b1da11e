"""The websocket half of the ASGI application."""

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path, re_path

from backend.live.consumer import SeriesConsumer
from backend.live.origin import SameOrigin, deny

# Any: Channels routes its applications with Django's paths, whose types know views only.
series: Any = SeriesConsumer.as_asgi()
nothing: Any = deny

websocket: Any = SameOrigin(
    AuthMiddlewareStack(URLRouter([path("ws/series/<uuid:series>", series), re_path("", nothing)]))
)

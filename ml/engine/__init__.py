"""The one process that holds models: a small ASGI app in front of one device thread."""

"""Trackers: objects keep their identity through a series."""

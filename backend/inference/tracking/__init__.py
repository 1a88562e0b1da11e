"""Tracking a series: what is asked for, the way through its frames, and the job that goes it."""

TRACK = "track"

"""Trainings: what they learn from, the process that learns, and the version that comes of it."""

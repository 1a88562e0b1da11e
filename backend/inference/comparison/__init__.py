"""Comparisons of models on labelled frames: the process that measures, and what is shown of it."""

"""Scores: pixels, instances, prompts."""

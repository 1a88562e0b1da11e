"""Tracks, masks and calibrations of a series, every version of them."""

"""Segmentation, tracking and measurement of microscopy image series; usable without the web app."""

"""One file per segmenter."""

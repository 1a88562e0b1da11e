"""Image and annotation files, in and out; knows nothing of the web app."""

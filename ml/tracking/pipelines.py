"""The pipelines by name."""

from ml.tracking import article, graticule
from ml.tracking.confirmed import Pipeline

PIPELINES: dict[str, Pipeline] = {"graticule": graticule.follow, "article": article.follow}
DEFAULT = "graticule"

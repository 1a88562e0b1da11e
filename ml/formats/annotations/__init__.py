"""Write annotations for other programs. Each module of this folder is one format and holds its `FORMAT`."""

import pkgutil
from functools import cache
from importlib import import_module

from ml.formats.annotation_dataset import AnnotationFormat


@cache
def formats() -> dict[str, AnnotationFormat]:
    """Every format by name, by the modules of this folder."""
    found = (import_module(f"{__name__}.{module.name}").FORMAT for module in pkgutil.iter_modules(__path__))
    return {annotation_format.name: annotation_format for annotation_format in found}

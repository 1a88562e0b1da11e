"""One file per command of `python -m ml`.

A command is a module with `HELP` (one line), `add_arguments(parser)` and `run(arguments)`, which returns the result
as a dict, or None where there is nothing to tell. Torch is imported inside `run`, never at the top of the file.
"""

import os
from pathlib import Path


def weights_folder() -> Path:
    """Where weights are looked for before the bundled ones: `weights` in GRATICULE_DATA, or in ./data."""
    return Path(os.environ.get("GRATICULE_DATA") or "data") / "weights"

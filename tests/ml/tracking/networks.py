"""DeAOT with the weights of the oracle's runs: random ones under which features differ from place to place."""

import importlib.util
from pathlib import Path

from ml.modeling.deaot import DeAot, build

_FILL = Path(__file__).parents[2] / "oracles" / "deaot" / "fill.py"


def filled(name: str) -> DeAot:
    spec = importlib.util.spec_from_file_location("deaot_oracle_fill", _FILL)
    assert spec and spec.loader
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    network = build(name)
    fill.fill_module(network)
    return network.eval()

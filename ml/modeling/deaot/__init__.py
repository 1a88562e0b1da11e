"""DeAOT (Yang and Yang 2022, doi 10.48550/arXiv.2210.09782): objects followed through a video by attention to
frames whose masks are known. Own implementation; the keys are those of the official checkpoints.
"""

from ml.modeling.deaot.model import CONFIGS, DeAot, Features, build, frozen, initialise

__all__ = ["CONFIGS", "DeAot", "Features", "build", "frozen", "initialise"]

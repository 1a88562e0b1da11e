"""What a model costs: its parameters, and the memory that it took."""

import resource
from pathlib import Path
from typing import Any


def parameter_count(segmenter: Any) -> int:
    """Numbers that training sets, all of them: those of `segmenter.model`, 0 where there is no network."""
    model = getattr(segmenter, "model", None)
    return sum(p.numel() for p in model.parameters()) if model is not None else 0


def peak_memory_mb(device: str) -> float:
    """The most memory that was in use so far, 10⁶ bytes: of the device where it is CUDA, else of this process."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.max_memory_allocated(device) / 1e6
    # Not getrusage where it can be helped: a child's maximum there begins with its parent's size.
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        (peak,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
        return int(peak) * 1024 / 1e6
    except (OSError, ValueError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # Linux counts in KiB

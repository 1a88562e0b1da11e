"""Where a network is trained, and in which precision."""

from typing import Any

import torch


def device_of(name: str | None) -> torch.device:
    """The named device, or CUDA where there is one."""
    return torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))


def half_precision(device: torch.device) -> Any:
    """Autocast to bfloat16 where the hardware has it."""
    native = torch.cuda.is_bf16_supported() if device.type == "cuda" else torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=native)

"""What a network is told of a mask that a prompt refines."""

import torch.nn.functional as F
from torch import Tensor

SURENESS = 1e-3  # how far from 0 and 1 the probability of a mask's pixels is taken to be


def logits_of(mask: Tensor, size: tuple[int, int], input_size: int, side: int) -> Tensor:
    """The logits that a network might have answered with a mask, for networks that take them as part of a prompt.

    The mask is smoothed by averaging it over the pixels of the network's own masks, and its inverse sigmoid taken,
    clipped to that of 0.001 and 0.999, as micro-sam does (Archit et al. 2025, doi:10.1038/s41592-024-02580-4).

    Parameters
    ----------
    mask
        bool (height, width) of the frame.
    size
        (height, width) that the frame has in the upper left of the network's square of `input_size`.
    side
        Of the network's own masks.

    Returns
    -------
    float32 (1, side, side); outside the frame is background.
    """
    inner = tuple(max(1, round(length * side / input_size)) for length in size)
    share = F.interpolate(mask[None, None].float(), inner, mode="bilinear", align_corners=False, antialias=True)
    share = F.pad(share, (0, side - inner[1], 0, side - inner[0]))
    return share.clamp(SURENESS, 1 - SURENESS).logit()[0]

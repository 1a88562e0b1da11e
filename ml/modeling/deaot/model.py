"""DeAOT assembled: a frame and memories in, logits of ten objects out.

A frame's sides are multiples of 16 plus 1. Object i of a group has channel i of eleven; channel 0 is the background.
Groups of ten objects that see the same frame are a batch of their own over one encoding of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ml.modeling.deaot.decoder import OBJECTS, Decoder
from ml.modeling.deaot.encoders import BatchNorm, MobileEncoder, ResidualEncoder
from ml.modeling.deaot.gated_propagation import DIM, Grid, Held, Propagation, Seen
from ml.modeling.deaot.sizes import STRIDE

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Config:
    """`memory_gap`: every so many frames one is kept in the long-term memory; 9999 keeps references alone."""

    layers: int
    memory_gap: int
    encoder: type[MobileEncoder] | type[ResidualEncoder] = MobileEncoder


CONFIGS = {
    "deaot_t": Config(1, 9999),
    "deaot_s": Config(2, 9999),
    "deaot_b": Config(3, 9999),
    "deaot_l": Config(3, 5),
    "deaot_r50": Config(3, 5, ResidualEncoder),
}


class Features(NamedTuple):
    """A frame's encoding: the maps of 1/4, 1/8 and 1/16, and its tokens [B, N, 256] with their rows and columns."""

    quarter: Tensor
    eighth: Tensor
    sixteenth: Tensor
    tokens: Tensor
    grid: Grid


class DeAot(nn.Module):
    """With `live` the encoder's batch norms are trained; without they are fixed, as checkpoints have them."""

    pixel_mean: Tensor
    pixel_deviation: Tensor

    def __init__(self, config: Config, *, live: bool = False) -> None:
        super().__init__()
        self.config = config
        self.encoder = config.encoder(partial(BatchNorm, live=live))
        self.encoder_projector = nn.Conv2d(self.encoder.channels[-1], DIM, 1)
        self.LSTT = Propagation(config.layers)
        self.decoder = Decoder(self.encoder.channels)
        self.patch_wise_id_bank = nn.Conv2d(OBJECTS + 1, DIM, STRIDE + 1, STRIDE, STRIDE // 2)
        self.id_norm = nn.LayerNorm(DIM)
        self.register_buffer("pixel_mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("pixel_deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)

    def encode(self, image: Tensor) -> Features:
        """RGB [B, 3, H, W] in 0..1; values beyond are kept."""
        quarter, eighth, sixteenth, deepest = self.encoder((image - self.pixel_mean) / self.pixel_deviation)
        projected = self.encoder_projector(deepest)
        rows, columns = projected.shape[-2:]
        return Features(quarter, eighth, sixteenth, projected.flatten(2).mT, (rows, columns))

    def identity(self, labels: Tensor) -> Tensor:
        """Labels [B, H, W] in 0..10 → embedding [B, N, 256] of whose pixels a token has.

        A pixel with any other value is nobody's, not even the background's.
        """
        channels = torch.arange(OBJECTS + 1, device=labels.device)[:, None, None]
        one_hot = (labels[:, None] == channels).to(self.patch_wise_id_bank.weight.dtype)
        return self.id_norm(self.patch_wise_id_bank(one_hot).flatten(2).mT)

    def refer(self, features: Features, identity: Tensor) -> tuple[Tensor, list[Seen]]:
        """Read a frame of known labels by itself: logits [B, 11, H/4, W/4] and what each layer saw."""
        tokens, seen = self.LSTT.refer(features.tokens, identity, features.grid)
        return self._decode(features, tokens), seen

    def propagate(self, features: Features, long: Sequence[Held], short: Sequence[Held]) -> tuple[Tensor, list[Seen]]:
        """Read a frame by each layer's memories: logits [B, 11, H/4, W/4] and what each layer saw."""
        tokens, seen = self.LSTT(features.tokens, long, short, features.grid)
        return self._decode(features, tokens), seen

    def hold(self, seen: Sequence[Seen], identity: Tensor) -> list[Held]:
        """A frame that was read, as each layer's memory of it."""
        return self.LSTT.hold(seen, identity)

    def _decode(self, features: Features, tokens: Tensor) -> Tensor:
        maps = features.quarter, features.eighth, features.sixteenth
        logits: Tensor = self.decoder(tokens.mT.unflatten(-1, features.grid), *maps)
        return logits


def build(name: str, *, live: bool = False) -> DeAot:
    """An untrained network by its name."""
    return DeAot(CONFIGS[name], live=live)


def frozen(network: DeAot) -> DeAot:
    """A copy for use, whose batch norms are fixed."""
    still = DeAot(network.config).to(network.pixel_mean.device)
    still.load_state_dict(network.state_dict())
    return still.eval()


def initialise(network: DeAot) -> None:
    """The official start of what no pretrained encoder brings."""
    for part in (network.encoder_projector, network.LSTT, network.decoder):
        for weight in part.parameters():
            if weight.ndim > 1:
                nn.init.xavier_uniform_(weight)
    bank = network.patch_wise_id_bank.weight
    nn.init.orthogonal_(bank.view(DIM, -1).mT, gain=(STRIDE + 1) ** -2)

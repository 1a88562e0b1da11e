"""Segment Anything in small, of the package's own parts, with random weights."""

from functools import partial

import torch
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer


def tiny_sam(side: int = 128) -> Sam:
    """What it answers is noise, but it depends on all that it is given."""
    torch.manual_seed(0)
    grid = (side // 16, side // 16)
    network = Sam(
        image_encoder=ImageEncoderViT(
            img_size=side,
            embed_dim=32,
            depth=3,
            num_heads=2,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            use_rel_pos=True,
            window_size=5,
            global_attn_indexes=(1,),
            out_chans=256,
        ),
        prompt_encoder=PromptEncoder(
            embed_dim=256, image_embedding_size=grid, input_image_size=(side, side), mask_in_chans=16
        ),
        mask_decoder=MaskDecoder(
            transformer_dim=256,
            transformer=TwoWayTransformer(depth=2, embedding_dim=256, num_heads=8, mlp_dim=64),
        ),
    )
    for parameter in network.parameters():
        if parameter.ndim >= 2:
            torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()

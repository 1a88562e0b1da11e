"""EfficientSAM (Xiong et al. 2023, arXiv 2312.00863): a plain ViT and SAM's decoder with its own details."""

from ml.modeling.efficient_sam.model import CONFIGS, EfficientSam, build

__all__ = ["CONFIGS", "EfficientSam", "build"]

"""Weights are stored as fp16; the golden outputs are computed by fp32 arithmetic on exactly those rounded weights."""

import torch
from torch import nn


@torch.no_grad()
def round_to_half(model: nn.Module) -> nn.Module:
    """Round every floating parameter and buffer to the nearest fp16 value, kept as fp32, in place."""
    for tensor in [*model.parameters(), *model.buffers()]:
        if tensor.is_floating_point():
            tensor.copy_(tensor.half().float())
    return model

"""The encoding model of a simulated animal as one ONNX graph: picture -> driven rates. See docs/bundle.md, session/."""

import copy
from pathlib import Path

import torch
from torch import Tensor, nn

from .cortex import Cortex, cortex_from_state, cortex_state
from .export import trace, write


class EncodingModel(nn.Module):
    """image [B, 3, H, W] in [-1, 1] -> rates [B, U] in Hz; a copy of the cortex on the CPU."""

    def __init__(self, cortex: Cortex) -> None:
        super().__init__()
        self.vision = copy.deepcopy(cortex.vision).cpu()
        self.constants = nn.Module()
        self.names = list(cortex_state(cortex))
        for name, tensor in cortex_state(cortex).items():
            self.constants.register_buffer(buffer_name(name), tensor.cpu())

    def forward(self, image: Tensor) -> Tensor:
        state = {name: getattr(self.constants, buffer_name(name)) for name in self.names}
        return cortex_from_state(self.vision, state).encode(image)


def buffer_name(name: str) -> str:
    """A buffer's name may hold no dot."""
    return name.replace(".", "_")


def write_encoding_model(cortex: Cortex, path: Path) -> None:
    """Write the graph: input `image` float32 [1, 3, H, W], output `rates` [1, U]; weights stored as fp16.

    The cortex must carry rounded weights already (`make_cortex` and `round_to_half` see to it), or its rates would
    differ from the graph's: ValueError otherwise.
    """
    model = EncodingModel(cortex)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if not torch.equal(tensor, tensor.half().float()):
            raise ValueError(f"encoding model: expected weights rounded to fp16, got others in {name}")
    side = model.vision.side
    write(trace(model.cpu().float(), (torch.zeros(1, 3, side, side),), ["image"], ["rates"]), path, None)

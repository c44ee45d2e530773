"""States small enough to carry from one machine to another: whole numbers with a scale for each row.

A network that was trained on from one that is known at both ends travels as what it differs by.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from ..stage_files import load_state

LARGEST = 127
LARGEST_CHANGE = 7
"""Of a difference: few distinct values, so that a compressor finds little to keep."""


def save_compact(model: nn.Module, path: Path, base: nn.Module | None = None) -> None:
    """Every floating tensor as int8 and one scale a row; with `base`, the difference to it, more coarsely."""
    known = base.state_dict() if base is not None else {}
    largest = LARGEST if base is None else LARGEST_CHANGE
    packed = {}
    for name, tensor in model.state_dict().items():
        value = tensor.detach().float().cpu()
        if name in known:
            value = value - known[name].float().cpu()
        packed[f"{name}.values"], packed[f"{name}.scale"] = quantise(value, largest)
    torch.save(packed, path)


def load_compact(model: nn.Module, path: Path, base: nn.Module | None = None) -> None:
    """The inverse, into a model of the same shape."""
    packed = torch.load(path, weights_only=True, map_location="cpu")
    known = base.state_dict() if base is not None else {}
    state = {}
    for name, tensor in model.state_dict().items():
        value = packed[f"{name}.values"].float() * packed[f"{name}.scale"]
        value = value.reshape(tensor.shape)
        state[name] = value + known[name].float().cpu() if name in known else value
    model.load_state_dict(state)


def quantise(value: Tensor, largest: int) -> tuple[Tensor, Tensor]:
    """(int8, scale of each row); one scale for a vector's every number is kept as it is: vectors are small."""
    if value.ndim < 2:
        return torch.ones(value.shape, dtype=torch.int8), value
    scale = value.flatten(1).abs().amax(1).clamp(min=1e-12) / largest
    scale = scale.view(-1, *[1] * (value.ndim - 1))
    return (value / scale).round().to(torch.int8), scale


def resume_state(model: nn.Module, name: str, folder: Path | None, base: nn.Module | None = None) -> bool:
    """Fill the model from <name>.pt or <name>.compact.pt of the folder; says whether there was one."""
    if load_state(model, name, folder):
        return True
    path = folder / f"{name}.compact.pt" if folder else None
    if path is None or not path.exists():
        return False
    load_compact(model, path, base)
    return True

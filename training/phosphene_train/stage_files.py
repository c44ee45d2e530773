"""Keep the weights of a finished stage, so that a stopped run goes on from it."""

from pathlib import Path

import torch
from torch import Tensor, nn


def save_tensors(tensors: dict[str, Tensor], name: str, folder: Path) -> None:
    """<name>.pt, as they are; whole or not at all."""
    draft = folder / f"{name}.draft"
    torch.save({key: value.cpu() for key, value in tensors.items()}, draft)
    draft.replace(folder / f"{name}.pt")


def load_tensors(name: str, folder: Path | None, device: str) -> dict[str, Tensor] | None:
    """The tensors of <name>.pt, or None where there is none."""
    path = folder / f"{name}.pt" if folder else None
    return torch.load(path, weights_only=True, map_location=device) if path and path.exists() else None


def save_state(model: nn.Module, name: str, folder: Path) -> None:
    """<name>.pt, as fp16: half the size, and the precision that the bundle keeps anyway."""
    state = {key: value.half() if value.is_floating_point() else value for key, value in model.state_dict().items()}
    save_tensors(state, name, folder)


def load_state(model: nn.Module, name: str, folder: Path | None) -> bool:
    """Fill the model from <name>.pt if it is there; says whether it was."""
    path = folder / f"{name}.pt" if folder else None
    if path is None or not path.exists():
        return False
    model.load_state_dict({key: value.float() for key, value in torch.load(path, weights_only=True).items()})
    return True

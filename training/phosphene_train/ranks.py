"""Several processes as one trainer: what torchrun starts, without a change to the training code."""

import os

import torch
from torch import distributed, nn


def start_ranks() -> tuple[int, int]:
    """(rank, number of ranks). Joins the group that torchrun announces in the environment; (0, 1) without it."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count > 1 and not distributed.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return rank(), count


def rank() -> int:
    """This process's number; 0 when it is alone."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def latest(value: float) -> float:
    """The largest of the ranks' values, so that all take the same decision."""
    if not distributed.is_initialized():
        return value
    device = "cuda" if torch.cuda.is_available() else "cpu"
    shared = torch.tensor(value, device=device)
    distributed.all_reduce(shared, distributed.ReduceOp.MAX)
    return float(shared)


def share_weights(model: nn.Module) -> None:
    """Every rank begins with the weights and buffers of rank 0."""
    if distributed.is_initialized():
        for tensor in [*model.parameters(), *model.buffers()]:
            distributed.broadcast(tensor.data, 0)


def average_gradients(model: nn.Module) -> None:
    """Replace every gradient by its mean over the ranks, in one message."""
    if not distributed.is_initialized():
        return
    used = [p for p in model.parameters() if p.grad is not None]
    flat = torch.cat([p.grad.flatten() for p in used])
    distributed.all_reduce(flat)
    parts = (flat / distributed.get_world_size()).split([p.numel() for p in used])
    for parameter, part in zip(used, parts, strict=True):
        parameter.grad.copy_(part.view_as(parameter))

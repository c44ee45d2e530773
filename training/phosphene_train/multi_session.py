"""Several recordings onto the same latents: read-in, decoder and unit noise per session, everything between shared."""

import copy
from collections.abc import Sequence

import torch
from torch import nn

from .vae import GroupVae, VaeOptions


class MultiSession(nn.Module):
    """One GroupVae a session. Trunk, mu, logvar, readout heads and picture head are the same modules in all of them.

    `parameters()` gives every shared parameter once, a deep copy keeps them shared.
    """

    def __init__(self, options: Sequence[VaeOptions]) -> None:
        super().__init__()
        self.members = nn.ModuleList(GroupVae(o) for o in options)
        first = self.members[0]
        for member, o in zip(self.members, options, strict=True):
            share(first, member, options[0], o)


def share(first: GroupVae, member: GroupVae, a: VaeOptions, b: VaeOptions) -> None:
    """Give `member` the shared modules of `first`; label scales are copies, set by set_scale."""
    if (a.groups, a.readouts, a.hidden, a.picture_features) != (b.groups, b.readouts, b.hidden, b.picture_features):
        raise ValueError("sessions: expected the same groups, readouts, hidden width and picture features in all")
    for name in ("trunk", "mu", "logvar", "heads", "picture"):
        setattr(member, name, getattr(first, name))


def single(model: MultiSession, index: int) -> GroupVae:
    """One session's VAE on its own, to export: nothing of it is shared any more."""
    return copy.deepcopy(model.members[index])


@torch.no_grad()
def set_scale(model: MultiSession, readout: str, mean: torch.Tensor, std: torch.Tensor) -> None:
    """The mean and standard deviation in which a value readout was standardised, for all sessions."""
    for member in model.members:
        getattr(member, f"{readout}_mean").copy_(mean)
        getattr(member, f"{readout}_std").copy_(std)

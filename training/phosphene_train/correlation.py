"""Dependence between latent groups, estimated on a mini-batch."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def partial_correlation(z: Tensor, mu: Tensor, logvar: Tensor, sizes: Sequence[int], count: int) -> Tensor:
    """E[log q(z) - sum_g log q(z_g)]: total correlation across latent groups, in nats.

    z, mu, logvar [B, D]; `count` is the size of the data set. q(z) is estimated from the batch by importance weights
    (minibatch stratified sampling, Chen et al. 2018): sample j = i counts 1 / count, the others share the rest.
    Equation: MIG-Vis (arXiv 2510.02182), with the standard deviation taken as exp(logvar / 2).
    """
    batch = z.shape[0]
    log_density = gaussian_log_density(z[:, None], mu[None], logvar[None])
    per_group = torch.stack([part.sum(-1) for part in log_density.split(list(sizes), dim=-1)])
    weights = importance_log_weights(batch, count).to(z)
    joint = torch.logsumexp(per_group.sum(0) + weights, dim=1)
    marginals = torch.logsumexp(per_group + weights, dim=2).sum(0)
    return (joint - marginals).mean()


def gaussian_log_density(x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """log N(x; mu, exp(logvar)), element-wise."""
    return -0.5 * ((x - mu).square() * torch.exp(-logvar) + logvar + math.log(2 * math.pi))


def importance_log_weights(batch: int, count: int) -> Tensor:
    """[B, B]: log 1/count on the diagonal, log (count - 1) / (count (batch - 1)) elsewhere."""
    weights = torch.full((batch, batch), (count - 1) / (count * (batch - 1)))
    weights.fill_diagonal_(1 / count)
    return weights.log()

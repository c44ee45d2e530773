"""Bayesian decoding with the pictures of the pool as prior: each weighted by how well its predicted response fits."""

import torch
from torch import Tensor

from .encoding import Encoding, root

TEMPERATURES = (0.1, 0.2, 0.4, 0.7, 1.0)


def distances(encoding: Encoding, responses: Tensor, places: Tensor) -> Tensor:
    """Squared Mahalanobis distance of counts [R, U] to the predictions for pool places [P], [R, P]."""
    whiten = torch.linalg.inv(torch.linalg.cholesky(encoding.covariance)).T
    return torch.cdist(root(responses) @ whiten, encoding.predicted[places] @ whiten).square()


def decode(encoding: Encoding, responses: Tensor, places: Tensor, values: Tensor, temperature: float) -> Tensor:
    """Posterior mean of `values` [P, n] under a uniform prior over pool places, [R, n]."""
    return torch.softmax(-0.5 * temperature * distances(encoding, responses, places), dim=1) @ values


def tune(encoding: Encoding, responses: Tensor, own: Tensor, places: Tensor, values: Tensor, distinct: int) -> float:
    """The temperature that decodes training rows best when their own picture and its copies are out of the prior.

    The encoding model errs as well as the neurons, and in the same way for similar pictures: the likelihood is
    flattened for it.
    """
    far = distances(encoding, responses, places)
    far[(places % distinct)[None] == own[:, None]] = float("inf")
    truth = torch.nn.functional.normalize(values[torch.searchsorted(places, own)], dim=1)

    def fit(temperature: float) -> float:
        decoded = torch.softmax(-0.5 * temperature * far, dim=1) @ values
        decoded = decoded - decoded.mean(0)
        return float((torch.nn.functional.normalize(decoded, dim=1) * truth).sum(1).mean())

    return max(TEMPERATURES, key=fit)

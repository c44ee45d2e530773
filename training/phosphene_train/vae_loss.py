"""The training objective of the group-wise VAE."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .correlation import partial_correlation
from .vae import GroupVae


@dataclass(frozen=True)
class VaeWeights:
    """Weights of the terms, each in nats per window before weighting. The defaults are the demo's (D-024).

    A KL below 1 keeps all latents in use; the posterior that it makes too sure is calibrated afterwards.
    """

    kl: float = 0.3
    blank_kl: float = 1.0
    classes: float = 3.0
    values: float = 4.0
    correlation: float = 0.1
    picture: float = 10.0


@dataclass(frozen=True)
class VaeBatch:
    """`window` [B, W, U] normalised; `targets[name]` is [B] class ids (-1 unknown) or [B, n] values in standard units
    (NaN unknown); `shown` [B] is 1 where a stimulus drives the window and 0 for a blank; `picture` [B, F] is the
    descriptor in standard units."""

    window: Tensor
    targets: dict[str, Tensor]
    shown: Tensor
    picture: Tensor | None = None


def vae_loss(model: GroupVae, batch: VaeBatch, weights: VaeWeights, count: int) -> tuple[Tensor, dict[str, Tensor]]:
    """Negative evidence lower bound plus supervision; blanks are drawn to the prior and to no label."""
    mu, logvar = model.encode(batch.window)
    z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
    terms = {
        "spikes": reconstruction(model, z, batch.window.mean(1)),
        "kl": (kl(mu, logvar) * torch.where(batch.shown > 0.5, weights.kl, weights.blank_kl)).mean(),
        "correlation": weights.correlation * group_dependence(model, z, mu, logvar, count),
    }
    for readout in model.options.readouts:
        scale = weights.classes if readout.kind == "class" else weights.values
        terms[readout.name] = scale * readout_loss(model.head(readout, z), batch.targets[readout.name], batch.shown)
    if model.picture is not None and batch.picture is not None:
        error = (model.picture(z) - batch.picture).square().mean(1)
        terms["picture"] = weights.picture * masked_mean(error, batch.shown)
    return torch.stack(list(terms.values())).sum(), {name: term.detach() for name, term in terms.items()}


def reconstruction(model: GroupVae, z: Tensor, counts: Tensor) -> Tensor:
    """Gaussian negative log-likelihood (nats, without the constant) of the window-averaged normalised counts [B, U]."""
    noise = model.noise.clamp(-5, 3)
    return (0.5 * ((counts - model.decoder(z)) * torch.exp(-noise)).square() + noise).sum(1).mean()


def kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """KL of the posterior against N(0, 1), nats per window [B]."""
    return 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum(1)


def group_dependence(model: GroupVae, z: Tensor, mu: Tensor, logvar: Tensor, count: int) -> Tensor:
    """The between-group partial correlation, on at most 512 windows: its cost is quadratic."""
    sizes = [size for _, size in model.options.groups]
    return partial_correlation(z[:512], mu[:512], logvar[:512], sizes, count)


def readout_loss(raw: Tensor, target: Tensor, shown: Tensor) -> Tensor:
    """Cross-entropy of a class or squared error of values, over the windows that show a stimulus with a known label."""
    if target.ndim == 1:
        loss = F.cross_entropy(raw, target.clamp(min=0), reduction="none")
        return masked_mean(loss, shown * (target >= 0))
    known = ~torch.isnan(target)
    return masked_mean((raw - target.nan_to_num()).square(), shown[:, None] * known)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of values where the mask of the same shape is 1; 0 where it is 0 throughout."""
    return (values * mask).sum() / mask.sum().clamp(min=1)

"""What an edit ascends, and its gradient with respect to the picture, by autograd (training, and the exact way)."""

from collections.abc import Callable

import torch
from torch import Tensor

from .guide import Guide

OBJECTIVES = ("information", "likelihood", "activation")


def information_gain(guide: Guide, target: Tensor, weight: Tensor, picture: Tensor) -> Tensor:
    """J = sum_g w_g (s(z~_g, f) - log sum_i exp s(z_i, f)), i over z~_g and the kept negatives [B], nats.

    MIG-Vis, section 3.3: pointwise mutual information up to a constant. The negatives make it a gain over p(z);
    without them a score may rise by what it gives to every latent alike.
    """
    f = guide.code_features(guide.vision.features(picture))
    codes = guide.code_latents(target)
    own = (codes * f).sum(2, keepdim=True)
    others = torch.einsum("mgc,bgc->bgm", guide.code_latents(guide.negatives), f)
    gain = own[..., 0] - torch.cat([own, others], 2).logsumexp(2)
    return (gain * weight).sum(1)


def likelihood(guide: Guide, target: Tensor, weight: Tensor, picture: Tensor) -> Tensor:
    """The same without negatives: the paper's ablation without mutual information."""
    return (guide.scores(target, picture) * weight).sum(1)


def activation(guide: Guide, target: Tensor, weight: Tensor, picture: Tensor) -> Tensor:
    """Activation guidance, in the manner of BrainACTIV: w_g times the summed latents of a group that the picture is
    expected to cause. The sign and size of w_g are gamma's; `target` is not used."""
    z = guide.regress(guide.vision.features(picture))
    parts = z.split(list(guide.options.groups), dim=1)
    return sum(part.sum(1) * weight[:, g] for g, part in enumerate(parts))


BY_NAME = {"information": information_gain, "likelihood": likelihood, "activation": activation}


def gradient_of(guide: Guide, objective: str, target: Tensor, weight: Tensor) -> Callable[[Tensor], Tensor]:
    """x0 [B, 3, H, W] -> dJ/dx0. Every picture of a batch has its own target [B, D] and weights [B, G]."""

    def gradient(x0: Tensor) -> Tensor:
        with torch.enable_grad():
            picture = x0.detach().requires_grad_(True)
            value = BY_NAME[objective](guide, target, weight, picture).sum()
            return torch.autograd.grad(value, picture)[0]

    return gradient


def shifted(z: Tensor, gamma: Tensor, groups: tuple[int, ...]) -> Tensor:
    """z~_g = z_g + gamma_g added to every latent of the group: z [B, D], gamma [B, G]."""
    sizes = torch.tensor(groups, device=z.device)
    return z + gamma.repeat_interleave(sizes, dim=1)

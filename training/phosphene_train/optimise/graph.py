"""The graphs of an `optimise` bundle: iterations of the descent, runs of the prior, and what the picture explains.

    iterate-k   window [1, W, U], picture, momentum [M, C, H, W], age [1]  ->  next_picture, next_momentum
    guide-k     window [1, W, U], picture, noise [1, C, H, W], first [1]   ->  next_picture
    judge       window [1, W, U], picture [M, C, H, W]  ->  image [1, 3, H, W], expected [1, U], loss [1]

M pictures are optimised side by side (1 where gradients are averaged). `age` counts the iterations before; `first` is 1
where no picture came before. `expected` is the window-averaged normalised count that the shown picture explains.
"""

import math

import torch
from torch import Tensor, nn

from ..golden import Normalisation
from ..half import round_to_half
from .inversion import Inversion
from .prior import Prior, times

ITERATE, GUIDE, JUDGE = "iterate-{}", "guide-{}", "judge"


class Counts(nn.Module):
    """Normalised windows [1, W, U] <-> spike counts of the whole window [1, U]."""

    def __init__(self, norm: Normalisation, bins: int) -> None:
        super().__init__()
        self.bins = bins
        self.register_buffer("mean", torch.from_numpy(norm.mean).float())
        self.register_buffer("std", torch.from_numpy(norm.std).float())

    def forward(self, window: Tensor) -> Tensor:
        """Counts of a window; what the bound of the z-score cut off is lost."""
        return (window * self.std + self.mean).sum(1).clamp(min=0)

    def heard(self, window: Tensor) -> Tensor:
        """0 for units that nobody listens to [1, U]: the daemon gives them 0, the mean, in every bin, which no count of
        spikes is. Their silence is no evidence."""
        return (window.abs().sum(1) > 0).to(window.dtype)

    def normalised(self, counts: Tensor) -> Tensor:
        """Window-averaged normalised counts [1, U]."""
        return (counts / self.bins - self.mean) / self.std


class Iterate(nn.Module):
    """k iterations."""

    def __init__(self, inversion: Inversion, counts: Counts, iterations: int) -> None:
        super().__init__()
        self.inversion, self.counts, self.iterations = inversion, counts, iterations

    def forward(self, window: Tensor, picture: Tensor, momentum: Tensor, age: Tensor) -> tuple[Tensor, Tensor]:
        counts, heard = self.counts(window), self.counts.heard(window)
        after = self.inversion(picture[None], momentum[None], age, counts, self.iterations, heard)
        return after[0][0], after[1][0]


class Judge(nn.Module):
    """What is shown, and what it explains."""

    def __init__(self, inversion: Inversion, counts: Counts) -> None:
        super().__init__()
        self.inversion, self.counts = inversion, counts

    def forward(self, window: Tensor, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        image = self.inversion.shown(picture[None])
        expected, loss = self.inversion.judge(image, self.counts(window), self.counts.heard(window))
        shown = image if image.shape[1] == 3 else image.repeat(1, 3, 1, 1)
        return shown, self.counts.normalised(expected), loss


class Guide(nn.Module):
    """k runs of the denoiser, energy-guided, from noise or from the picture before with noise added.

    `scale` is how far the gradients of one run pull, in `inner` steps; the time that is begun with is `again` where a
    picture came before. The denoiser is left out of the gradient.
    """

    def __init__(
        self,
        inversion: Inversion,
        counts: Counts,
        prior: Prior,
        runs: int,
        inner: int,
        scale: float,
        again: float,
    ) -> None:
        super().__init__()
        self.inversion, self.counts, self.prior = inversion, counts, prior
        self.inner, self.scale, self.again = inner, scale, again
        self.shares = times(1.0, runs)

    def forward(self, window: Tensor, picture: Tensor, noise: Tensor, first: Tensor) -> Tensor:
        counts, heard = self.counts(window), self.counts.heard(window)
        begin = first + (1 - first) * self.again
        alpha, sigma = angle(begin)
        x = alpha * picture * (1 - first) + sigma * noise
        for share, after in zip(self.shares, self.shares[1:], strict=False):
            time = begin * share
            x0 = self.prior(x, time)
            pulled = x0
            for _ in range(self.inner):
                slope = self.inversion.gradient(pulled[:, None], counts, heard)[:, 0]
                pulled = (pulled - self.scale / self.inner * slope).clamp(-1, 1)
            if after == 0:
                return pulled
            alpha, sigma = angle(time)
            eps = (x - alpha * x0) / sigma
            alpha, sigma = angle(begin * after)
            x = alpha * pulled + sigma * eps
        raise ValueError("times end above 0")


def angle(t: Tensor) -> tuple[Tensor, Tensor]:
    """Scales of picture and noise at a time [1], [1, 1, 1, 1] each."""
    t = t.view(1, 1, 1, 1) * (math.pi / 2)
    return torch.cos(t), torch.sin(t)


def graph_modules(
    inversion: Inversion, norm: Normalisation, bins: int, unrolled: tuple[int, ...], guide: dict | None = None
) -> dict[str, nn.Module]:
    """Every graph of a bundle by name, on the CPU, rounded to what is stored. `guide`: prior, runs (a tuple), inner,
    scale, again of the prior."""
    inversion, counts = round_to_half(inversion.cpu()), round_to_half(Counts(norm, bins))
    out: dict[str, nn.Module] = {JUDGE: Judge(inversion, counts)}
    if guide is None:
        return out | {ITERATE.format(k): Iterate(inversion, counts, k) for k in unrolled}
    prior = round_to_half(guide["prior"].cpu().float())
    rest = (guide["inner"], guide["scale"], guide["again"])
    return out | {GUIDE.format(k): Guide(inversion, counts, prior, k, *rest) for k in guide["runs"]}

"""An encoding model for few trials: fixed filters over a pyramid, a Poisson readout with a ridge penalty.

What a picture is described by: its colours on a coarse grid and the energy of quadrature pairs of Gabor filters at
three scales and four directions, pooled (the front of many encoding models of visual cortex, e.g. Kay et al. 2008).
Nothing in it is learned but scales, principal components and the readout; all of it is differentiable.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

GRID, SIDES, DIRECTIONS, KERNEL = 8, (32, 16, 8), 4, 7
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
MOST_COMPONENTS = 128


class Bank(nn.Module):
    """Pictures [B, C, H, W] in [-1, 1] -> components [B, K] of variance that falls, as fitted to some pictures."""

    def __init__(self, pictures: Tensor) -> None:
        super().__init__()
        self.register_buffer("pairs", gabor_pairs().to(pictures.device))
        blocks = self.blocks(pictures)
        self.register_buffer("mean", torch.cat([block.mean(0) for block in blocks]))
        # Each block weighs the same: colours are few, energies many.
        scale = [block.var(0).sum().clamp(min=1e-9).rsqrt().expand(block.shape[1]) for block in blocks]
        self.register_buffer("scale", torch.cat(scale))
        features = (torch.cat(blocks, 1) - self.mean) * self.scale
        _, values, axes = torch.linalg.svd(features, full_matrices=False)
        count = min(MOST_COMPONENTS, max(4, len(pictures) // 2), len(values))
        self.register_buffer("axes", axes[:count].T.contiguous() * math.sqrt(len(pictures)) / values[:1])

    def blocks(self, pictures: Tensor) -> list[Tensor]:
        """Colours, and the energies of every scale [B, n] each."""
        grey = pictures.mean(1, keepdim=True)
        out = [F.adaptive_avg_pool2d(pictures, GRID).flatten(1)]
        for side in SIDES:
            seen = F.conv2d(F.adaptive_avg_pool2d(grey, side), self.pairs, padding=KERNEL // 2)
            even, odd = seen.chunk(2, 1)
            energy = torch.sqrt(even**2 + odd**2 + 1e-4)
            out.append(F.adaptive_avg_pool2d(energy, min(GRID, side // 2)).flatten(1))
        return out

    def forward(self, pictures: Tensor) -> Tensor:
        return ((torch.cat(self.blocks(pictures), 1) - self.mean) * self.scale) @ self.axes


def gabor_pairs() -> Tensor:
    """Filters [2 DIRECTIONS, 1, KERNEL, KERNEL]: the even ones, then the odd ones; wavelength 4 pixels, no mean."""
    at = torch.arange(KERNEL) - KERNEL // 2
    y, x = torch.meshgrid(at.float(), at.float(), indexing="ij")
    envelope, even, odd = torch.exp(-(x**2 + y**2) / (2 * 1.6**2)), [], []
    for i in range(DIRECTIONS):
        along = (x * math.cos(math.pi * i / DIRECTIONS) + y * math.sin(math.pi * i / DIRECTIONS)) * math.pi / 2
        wave = torch.cos(along) - (envelope * torch.cos(along)).sum() / envelope.sum()
        even.append(envelope * wave)
        odd.append(envelope * torch.sin(along))
    filters = torch.stack([*even, *odd])
    return (filters / filters.abs().sum((1, 2), keepdim=True))[:, None]


class BankEncoder(nn.Module):
    """Pictures -> expected counts of a window [B, U]: Softplus of a linear readout of the bank's components."""

    def __init__(self, bank: Bank, weights: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.bank = bank
        self.register_buffer("weights", weights)
        self.register_buffer("bias", bias)

    def forward(self, pictures: Tensor) -> Tensor:
        return F.softplus(self.bank(pictures) @ self.weights + self.bias)


def fit_readout(components: Tensor, counts: Tensor, penalty: float, iterations: int = 60) -> tuple[Tensor, Tensor]:
    """Weights [K, U] and bias [U] of least Poisson loss of counts [N, U] given components [N, K], by L-BFGS."""
    weights = torch.zeros(components.shape[1], counts.shape[1], device=counts.device, requires_grad=True)
    start = torch.log(torch.expm1(counts.mean(0).clamp(min=1e-2)))
    bias = start.clone().requires_grad_(True)
    optimiser = torch.optim.LBFGS([weights, bias], max_iter=iterations, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        expected = F.softplus(components @ weights + bias)
        loss = (expected - counts * torch.log(expected + 1e-6)).mean(0).sum()
        loss = loss + penalty * weights.square().sum() / len(counts)
        loss.backward()
        return loss

    optimiser.step(closure)
    return weights.detach(), bias.detach()


def fit_bank_encoder(pictures: Tensor, stimulus: Tensor, counts: Tensor, seed: int) -> tuple[BankEncoder, dict]:
    """The encoder whose penalty predicts left-out pictures best. Pictures [S, C, H, W] of each stimulus, the stimulus
    of every trial [N], counts of its window [N, U]."""
    bank = Bank(pictures)
    components = bank(pictures)[stimulus]
    generator = torch.Generator().manual_seed(seed)
    left = torch.zeros(len(pictures), dtype=torch.bool)
    left[torch.randperm(len(pictures), generator=generator)[: max(1, len(pictures) // 5)]] = True
    left = left.to(stimulus.device)[stimulus]
    found = {}
    for penalty in PENALTIES:
        weights, bias = fit_readout(components[~left], counts[~left], penalty)
        expected = F.softplus(components[left] @ weights + bias)
        found[penalty] = float((expected - counts[left] * torch.log(expected + 1e-6)).mean())
    best = min(found, key=found.get)
    return BankEncoder(bank, *fit_readout(components, counts, best)), {"penalty": best, "loss": found}

"""Reconstruct pictures of a small recording: an encoding model fitted to its trials, inverted by the descent."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .bank import BankEncoder, fit_bank_encoder
from .descend import Descent, normalised, step
from .encoder import EncoderOptions, StillEncoder, poisson_loss
from .inversion import smoothed
from .still_train import StillTraining, fit_still_encoder

NETWORK_NEEDS = 1000
"""Distinct pictures from which on a network is tried, too."""
CHUNK = 256


@dataclass(frozen=True)
class FewOptions:
    """Iterations and step of the descent (of a 3 x 64 x 64 picture; others in proportion to the root of their size),
    blurs of the gradient and of what is shown in pixels of 64, as chosen on the demo's animal; seconds of training."""

    iterations: int = 32
    rate: float = 8.0
    smooth: float = 3.0
    blur: float = 2.0
    seconds: float = 30.0
    seed: int = 0


def fit_few(
    pictures: Tensor, stimulus: Tensor, counts: Tensor, options: FewOptions
) -> tuple[list[nn.Module], dict[str, float]]:
    """Encoders for pictures [S, C, H, W] of each stimulus, every trial's stimulus [N] and counts of its window [N, U].

    The bank, or a network where that predicts a fifth of the pictures better from the others; with the losses of both.
    """
    bank, report = fit_bank_encoder(pictures, stimulus, counts, options.seed)
    losses = {"bank": min(report["loss"].values())}
    if len(pictures) < NETWORK_NEEDS:
        return [bank], losses
    network, losses["network"] = fit_network(pictures, stimulus, counts, options)
    return [bank if losses["bank"] < losses["network"] else network], losses


def fit_network(pictures: Tensor, stimulus: Tensor, counts: Tensor, options: FewOptions) -> tuple[StillEncoder, float]:
    """A network fitted to four fifths of the pictures, and its loss on the others."""
    generator = torch.Generator().manual_seed(options.seed)
    left = torch.zeros(len(pictures), dtype=torch.bool)
    left[torch.randperm(len(pictures), generator=generator)[: len(pictures) // 5]] = True
    left = left.to(stimulus.device)[stimulus]
    train = torch.nonzero(~left)[:, 0]

    def draw(size: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        at = train[torch.randint(len(train), (size,), generator=generator, device=train.device)]
        return pictures[stimulus[at]], counts[at]

    shape = EncoderOptions(counts.shape[1], *pictures.shape[1:], dropout=0.2)
    training = StillTraining(3000, 64, 2e-3, 0.2, options.seconds)
    model = fit_still_encoder(shape, draw, training, pictures.device, options.seed)
    with torch.no_grad():
        rows = torch.nonzero(left)[:, 0].split(CHUNK)
        losses = [poisson_loss(model(pictures[stimulus[at]]), counts[at], 1e-6).mean(1) for at in rows]
    return model, float(torch.cat(losses).mean())


def invert(encoders: Sequence[BankEncoder | StillEncoder], counts: Tensor, shape: tuple, o: FewOptions) -> Tensor:
    """Pictures [N, C, H, W] from grey, for counts of windows [N, U]; gradients of the encoders are averaged."""
    return torch.cat([invert_chunk(encoders, part, shape, o) for part in counts.split(CHUNK)])


def invert_chunk(encoders: Sequence[nn.Module], counts: Tensor, shape: tuple, o: FewOptions) -> Tensor:
    picture = torch.zeros(len(counts), *shape, device=counts.device)
    momentum = torch.zeros_like(picture)
    channels, height, width = shape
    size = channels * height * width / (3 * 64 * 64)
    descent, smooth = Descent(o.rate * size**0.5, 10, -1, 1), o.smooth * min(height, width) / 64
    for i in range(o.iterations):
        picture = picture.detach().requires_grad_(True)
        slopes = []
        for encoder in encoders:
            loss = poisson_loss(encoder(picture), counts, 1e-6).sum()
            slopes.append(normalised(smoothed(torch.autograd.grad(loss, picture)[0], smooth)))
        picture, momentum = step(picture.detach(), momentum, torch.stack(slopes).mean(0), i + 1, None, descent)
    return smoothed(picture, o.blur * min(height, width) / 64)

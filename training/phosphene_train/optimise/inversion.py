"""A still picture from the counts of a window: k iterations of the descent, without autograd, so that ONNX can have it.

What is added to the published descent is a Gaussian blur of the gradient before it is normalised (`smooth`, off at 0):
the encoder of a population with few units says little about fine detail, and what it says there is noise.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .descend import Descent, normalised, step
from .movie_metrics import gaussian
from .plain_encoder import EPS, PlainEncoder

OUTPUTS, GRADIENTS = "outputs", "gradients"


@dataclass(frozen=True)
class InversionOptions:
    """How a bundle descends. `ensemble`: pictures of independent runs are averaged (outputs), or the gradients of one.

    rate, warm_up: of `Descent`, for pictures in [-1, 1]; smooth: of the gradient, pixels; blur: of what is shown.
    """

    rate: float = 4.0
    warm_up: int = 10
    smooth: float = 1.0
    blur: float = 0.5
    ensemble: str = GRADIENTS

    def descent(self) -> Descent:
        return Descent(self.rate, self.warm_up, -1.0, 1.0)

    def manifest(self) -> dict:
        return asdict(self)


class Inversion(nn.Module):
    """Encoders, the share of every unit in the loss [U], and where pixels may change [H, W] (None: everywhere)."""

    def __init__(
        self, encoders: Sequence[PlainEncoder], share: Tensor, options: InversionOptions, mask: Tensor | None = None
    ) -> None:
        super().__init__()
        self.encoders, self.options = nn.ModuleList(encoders), options
        self.register_buffer("share", share)
        self.register_buffer("mask", mask)

    @property
    def runs(self) -> int:
        """Pictures that are optimised side by side."""
        return len(self.encoders) if self.options.ensemble == OUTPUTS else 1

    def grey(self, count: int) -> tuple[Tensor, Tensor]:
        """The first picture and momentum [B, runs, C, H, W]."""
        weight = self.encoders[0].weight0
        size = (count, self.runs, weight.shape[1], *self.encoders[0].sizes[0])
        return weight.new_zeros(size), weight.new_zeros(size)

    def gradient(self, picture: Tensor, counts: Tensor, heard: Tensor | None = None) -> Tensor:
        """Normalised gradients of pictures [B, runs, C, H, W] for counts [B, U]; `heard` [B, U] is 0 for units that say
        nothing."""
        alone, share = self.runs == 1, self.share if heard is None else self.share * heard
        found = []
        for i, encoder in enumerate(self.encoders):
            slope = encoder.gradient(picture[:, 0 if alone else i], counts, share)[1]
            found.append(normalised(smoothed(slope, self.options.smooth)))
        return sum(found[1:], found[0])[:, None] / len(found) if alone else torch.stack(found, 1)

    def forward(
        self,
        picture: Tensor,
        momentum: Tensor,
        age: Tensor | float,
        counts: Tensor,
        iterations: int,
        heard: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Picture and momentum after so many more iterations; `age` is how many there have been."""
        descent = self.options.descent()
        for i in range(iterations):
            slope = self.gradient(picture, counts, heard)
            picture, momentum = step(picture, momentum, slope, age + (i + 1), self.mask, descent)
        return picture, momentum

    def shown(self, picture: Tensor) -> Tensor:
        """What is shown of pictures [B, runs, C, H, W]: their mean, blurred."""
        return smoothed(picture.mean(1), self.options.blur)

    def judge(self, image: Tensor, counts: Tensor, heard: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Expected counts [B, U] of a picture, by the mean encoder, and the mean loss of the units in the loss [B]."""
        expected = [encoder(image) for encoder in self.encoders]
        mean = sum(expected[1:], expected[0]) / len(expected)
        share = (self.share if heard is None else self.share * heard).expand_as(mean)
        loss = share * (mean - counts * torch.log(mean + EPS))
        return mean, loss.sum(1) / share.sum(1).clamp(min=1)


def smoothed(x: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of [B, C, H, W]; beyond the edge lies nothing."""
    if sigma <= 0:
        return x
    kernel = gaussian(sigma, x.device)
    channels, reach = x.shape[1], len(kernel) // 2
    across = kernel.view(1, 1, 1, -1).repeat(channels, 1, 1, 1)
    x = F.conv2d(x, across, padding=(0, reach), groups=channels)
    return F.conv2d(x, across.transpose(2, 3), padding=(reach, 0), groups=channels)

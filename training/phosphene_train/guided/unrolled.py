"""The gradient of the guided information with respect to the picture, written out: no autograd is needed to run it.

Every layer of the picture network has a few lines that take the gradient of its output to that of its input. What is
traced from here is an ONNX graph of forward operators only.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..diffusion import alpha_sigma
from .guide import Guide
from .push import Spectrum


class Unrolled(nn.Module):
    """x0 [1, 3, H, W], t [1], target [1, D], weight [1, G], eta [1] -> what guidance adds to x0 [1, 3, H, W] (push.py),
    gain of every group [1, G] (objective.py).

    The codes of the negatives are constants.
    """

    def __init__(self, guide: Guide, spectrum: Spectrum) -> None:
        super().__init__()
        self.guide, self.spectrum = guide, spectrum
        self.register_buffer("others", guide.code_latents(guide.negatives).detach())

    def forward(self, x0: Tensor, t: Tensor, target: Tensor, weight: Tensor, eta: Tensor) -> tuple[Tensor, Tensor]:
        gradient, gain = self.ascend(x0, target, weight)
        alpha, sigma = alpha_sigma(t)
        return self.spectrum.shape(gradient, alpha, sigma, eta.view(-1, 1, 1, 1)), gain

    def ascend(self, x0: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """dJ/dx0 and the gains."""
        guide = self.guide
        maps, trail = x0, []
        for layer in (layer for stage in guide.vision.stages for layer in stage):
            maps, back = forward_of(layer, maps)
            trail.append(back)
        first, second = guide.vision.flat[1], guide.picture_codes
        f = F.relu(first(maps.flatten(1)))
        hidden = F.relu(second[0](f))
        codes = second[2](hidden).unflatten(1, (len(guide.options.groups), guide.options.code))
        own = guide.code_latents(target)
        gain, slope = information(own, self.others, codes)
        gradient = (slope * weight.unsqueeze(2)).flatten(1) @ second[2].weight
        gradient = (gradient * step(hidden)) @ second[0].weight
        gradient = ((gradient * step(f)) @ first.weight).unflatten(1, tuple(maps.shape[1:]))
        for back in reversed(trail):
            gradient = back(gradient)
        return gradient, gain


def information(own: Tensor, others: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
    """Gain [1, G] and its gradient with respect to the picture's codes [1, G, code].

    own [1, G, code] of the target, others [M, G, code] of the negatives: a softmax over all of them.
    """
    latents = torch.cat([own, others])
    scores = (latents * codes).sum(2)
    share = scores.softmax(0)
    gain = scores[:1] - scores.logsumexp(0, keepdim=True)
    return gain, own - (latents * share.unsqueeze(2)).sum(0, keepdim=True)


def step(activation: Tensor) -> Tensor:
    """The derivative of ReLU, from its output."""
    return (activation > 0).to(activation.dtype)


def forward_of(layer: nn.Module, x: Tensor):
    """The layer's output, and the function from the gradient there to the gradient at x."""
    if isinstance(layer, nn.Conv2d):
        stride = layer.stride[0]

        def through_convolution(g: Tensor) -> Tensor:
            # A stride of 2 leaves one row and column of the input beyond what the formula of the size gives back.
            return F.conv_transpose2d(g, layer.weight, stride=stride, padding=1, output_padding=stride - 1)

        return layer(x), through_convolution
    if isinstance(layer, nn.GroupNorm):
        return normalise(layer, x)
    if isinstance(layer, nn.ReLU):
        y = F.relu(x)
        return y, lambda g: g * step(y)
    raise TypeError(f"guide: expected convolution, group normalisation or ReLU, got {type(layer).__name__}")


def normalise(layer: nn.GroupNorm, x: Tensor):
    """GroupNorm with its backward: mean and share along the normalised values are taken out of the gradient."""
    grouped = x.reshape(x.shape[0], layer.num_groups, -1)
    centred = grouped - grouped.mean(2, keepdim=True)
    scale = torch.rsqrt(centred.square().mean(2, keepdim=True) + layer.eps)
    unit = centred * scale
    weight, bias = (p.view(1, -1, 1, 1) for p in (layer.weight, layer.bias))

    def back(g: Tensor) -> Tensor:
        along = (g * weight).reshape(grouped.shape)
        along = along - along.mean(2, keepdim=True) - unit * (along * unit).mean(2, keepdim=True)
        return (along * scale).reshape(x.shape)

    return unit.reshape(x.shape) * weight + bias, back

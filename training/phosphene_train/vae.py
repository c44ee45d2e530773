"""Group-wise VAE over windows of spike counts: latents, what they explain, and supervised readouts."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Readout:
    """A supervised output of one latent group: a class (probabilities) or values in `unit`."""

    name: str
    kind: str
    labels: tuple[str, ...]
    group: str
    unit: str = ""

    def manifest(self) -> dict:
        """The entry of manifest.json."""
        head = {"name": self.name, "kind": self.kind}
        return {**head, **({"unit": self.unit} if self.kind == "value" else {}), "labels": list(self.labels)}


@dataclass(frozen=True)
class VaeOptions:
    """Shape of a VAE: `units` x `window` bins in, contiguous `groups` of latents (name, size) out."""

    units: int
    window: int
    groups: tuple[tuple[str, int], ...]
    readouts: tuple[Readout, ...]
    hidden: int = 512
    dropout: float = 0.0
    picture_features: int = 0
    """Length of the picture descriptor that the latents are trained to predict; 0 trains without it."""

    @property
    def dimension(self) -> int:
        return sum(size for _, size in self.groups)

    def span(self, group: str) -> slice:
        """Where a group lies on the latent axis."""
        start = 0
        for name, size in self.groups:
            if name == group:
                return slice(start, start + size)
            start += size
        raise KeyError(f"no latent group {group!r} in {[name for name, _ in self.groups]}")


class GroupVae(nn.Module):
    """Encoder: MLP over the flattened window. Decoder: one linear layer to the window-averaged normalised counts.

    `read_in` is the only part of the encoder that knows the units; `trunk` and what follows can be shared by several
    sessions (multi_session.py).

    The heads see one group each, so that a group comes to hold what its readout names. `noise` is the log standard
    deviation of each unit around the decoder's mean: it makes the KL term a number of nats and not an arbitrary scale.
    """

    def __init__(self, options: VaeOptions) -> None:
        super().__init__()
        o = self.options = options
        self.read_in = nn.Sequential(nn.Flatten(), nn.Linear(o.window * o.units, o.hidden))
        self.trunk = nn.Sequential(
            nn.SiLU(),
            nn.Dropout(o.dropout),
            nn.Linear(o.hidden, o.hidden),
            nn.SiLU(),
            nn.Dropout(o.dropout),
        )
        self.mu = nn.Linear(o.hidden, o.dimension)
        self.logvar = nn.Linear(o.hidden, o.dimension)
        self.decoder = nn.Linear(o.dimension, o.units)
        self.noise = nn.Parameter(torch.zeros(o.units))
        self.heads = nn.ModuleDict({r.name: readout_head(r, o.span(r.group)) for r in o.readouts})
        self.picture = picture_head(o.dimension, o.picture_features) if o.picture_features else None
        for r in o.readouts:
            if r.kind == "value":
                self.register_buffer(f"{r.name}_mean", torch.zeros(len(r.labels)))
                self.register_buffer(f"{r.name}_std", torch.ones(len(r.labels)))

    def encode(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised counts [B, W, U] -> mu, logvar [B, D]. logvar is bounded to keep exp() finite on odd input."""
        hidden = self.trunk(self.read_in(window))
        return self.mu(hidden), self.logvar(hidden).clamp(-8, 2)

    def head(self, readout: Readout, z: Tensor) -> Tensor:
        """Logits of a class, or values in standard units, from the readout's own group."""
        return self.heads[readout.name](z[:, self.options.span(readout.group)])

    def read(self, readout: Readout, z: Tensor) -> Tensor:
        """What the bundle reports: probabilities of a class, or values in the readout's unit."""
        raw = self.head(readout, z)
        if readout.kind == "class":
            return raw.softmax(dim=1)
        return raw * getattr(self, f"{readout.name}_std") + getattr(self, f"{readout.name}_mean")

    def forward(self, window: Tensor) -> tuple[Tensor, ...]:
        """The outputs of encode.onnx: mu, logvar, expected, then every readout in order."""
        mu, logvar = self.encode(window)
        return mu, logvar, self.decoder(mu), *(self.read(r, mu) for r in self.options.readouts)


def readout_head(readout: Readout, span: slice) -> nn.Module:
    """Linear for values, so that the latents themselves are the values; one hidden layer for classes."""
    size = span.stop - span.start
    if readout.kind == "value":
        return nn.Linear(size, len(readout.labels))
    return nn.Sequential(nn.Linear(size, 64), nn.SiLU(), nn.Linear(64, len(readout.labels)))


def picture_head(dimension: int, features: int) -> nn.Module:
    """Latents -> picture descriptor; used in training only, never exported."""
    return nn.Sequential(nn.Linear(dimension, 256), nn.SiLU(), nn.Linear(256, features))

"""What the compact models see in the pool: rates and kernels of their inner maps, by session."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from ..progress import Track
from .compact import MEAN_RGB, CompactModel, load_compact

SOURCES = ("190923", "201025", "210225", "211022")
GRID = 7


@dataclass
class Bank:
    """rates[s] [pool, models of s]; kernels[s] [pool, P]: inner products of the maps of the models of session s
    (one unit per model and layer on average); `pixels` [pool, P] likewise of 8 x 8 RGB."""

    rates: dict[str, Tensor]
    kernels: dict[str, Tensor]
    pixels: Tensor

    def features(self, without: str = "") -> list[Tensor]:
        """The kernels that an encoding model may add up, each of mean diagonal 1: maps, rates, pixels."""
        names = [s for s in self.kernels if s != without]
        distinct = self.pixels.shape[1]
        maps = torch.stack([self.kernels[s] for s in names]).sum(0)
        rates = torch.cat([self.rates[s] for s in names], 1)
        rates = (rates - rates[:distinct].mean(0)) / rates[:distinct].std(0).clamp(min=1e-6)
        return [scaled(k, distinct) for k in (maps, rates @ rates[:distinct].T, self.pixels)]


def scaled(kernel: Tensor, distinct: int) -> Tensor:
    """Centred at the mean of the first P pictures in feature space, then divided by the mean diagonal."""
    column = kernel[:distinct].mean(0)
    centred = kernel - column - kernel.mean(1, keepdim=True) + column.mean()
    return centred / centred[:distinct].diagonal().mean()


def model_files(source: Path, session: str, limit: int | None) -> list[Path]:
    """The compact models of a session, by neuron number."""
    files = sorted((source / "compact_models").glob(f"compact_model_{session}_neuron*.npy"), key=neuron)
    if not files:
        raise FileNotFoundError(f"{source / 'compact_models'}: expected compact_model_{session}_neuron*.npy")
    return files[:limit]


def neuron(path: Path) -> int:
    """The neuron number at the end of the name."""
    return int(path.stem.rsplit("neuron", 1)[1])


@torch.no_grad()
def make_bank(source: Path, pictures: Tensor, distinct: int, limit: int | None = None, batch: int = 512) -> Bank:
    """Run every compact model (the first `limit` of each session) over the pool."""
    rates: dict[str, list[Tensor]] = {s: [] for s in SOURCES}
    kernels = {s: torch.zeros(len(pictures), distinct, device=pictures.device) for s in SOURCES}
    jobs = [(s, path) for s in SOURCES for path in model_files(source, s, limit)]
    for i in Track("compact models", len(jobs)):
        session, path = jobs[i]
        rate, maps = run_model(load_compact(path).to(pictures.device), pictures, batch)
        rates[session].append(rate)
        for layer in maps:
            layer = layer / layer[:distinct].square().sum(1).mean().sqrt().clamp(min=1e-6)
            kernels[session].addmm_(layer, layer[:distinct].T)
    small = torch.cat([F.adaptive_avg_pool2d(p.float(), 8).flatten(1) / 255 for p in pictures.split(2048)])
    small = small - small[:distinct].mean(0)
    return Bank({s: torch.stack(r, 1) for s, r in rates.items()}, kernels, small @ small[:distinct].T)


def run_model(model: CompactModel, pictures: Tensor, batch: int) -> tuple[Tensor, list[Tensor]]:
    """Rate [N], and the maps of the last three layers averaged to 7 x 7, [N, channels * 49] each.

    On a GPU the convolutions take bfloat16: the first, of 45 channels at 112 x 112, is where the time goes.
    """
    mean = torch.tensor(MEAN_RGB, device=pictures.device)[:, None, None]
    rates: list[Tensor] = []
    layers: list[list[Tensor]] = [[], [], []]
    for part in pictures.split(batch):
        x = (part.float() - mean).contiguous(memory_format=torch.channels_last)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=x.is_cuda):
            maps = [layer.float() for layer in model.maps(x)[2:]]
        rates.append(model.rate(maps[-1]))
        for kept, layer in zip(layers, maps, strict=True):
            kept.append(F.avg_pool2d(layer, layer.shape[-1] // GRID).flatten(1))
    return torch.cat(rates), [torch.cat(kept) for kept in layers]

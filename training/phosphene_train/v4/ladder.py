"""Every decoder that was tried, on one task: from closed form to networks. Each gives components or whole pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from . import linear, posterior
from .batches import Member
from .encoding import Encoding, root
from .score import identify, own_correlation
from .task import Task

SAMPLES = 8


@dataclass(frozen=True)
class Kind:
    """How a network is trained: on `encoding` ("", "clean" or "own"), to `identify` or to the posterior mean."""

    encoding: str
    identify: bool


NETWORKS = {
    "network, measured only": Kind("", False),
    "network": Kind("clean", False),
    "network, own models": Kind("own", False),
    "identifying network, measured only": Kind("", True),
    "identifying network": Kind("clean", True),
    "identifying network, own models": Kind("own", True),
}
"""`clean`: no compact model of the session itself; `own`: those too (the issue's augmentation, where they exist)."""


def members_of(task: Task, encodings: Mapping[str, Encoding]) -> list[tuple[str, Member]]:
    """The networks that this task can have."""
    out = []
    for name, kind in NETWORKS.items():
        if not kind.encoding or kind.encoding in encodings:
            out.append((name, Member(task, encodings.get(kind.encoding), kind.identify)))
    return out


def closed_components(task: Task, encodings: Mapping[str, Encoding], distinct: int) -> dict[str, Tensor]:
    """Decoders that are not trained by steps, as components [R, n] by name."""
    shown = task.targets.coefficients[task.place]
    ridge = linear.tuned_ridge(task.train, shown, task.place, task.test)
    kernel = linear.tuned_kernel_ridge(root(task.train), shown, task.place, root(task.test))
    gain = equaliser(task)
    found = {"ridge, components": ridge, "kernel ridge": kernel, "kernel ridge, equalised": kernel * gain}
    for name, encoding in encodings.items():
        found[f"pool posterior{'' if name == 'clean' else ', own models'}"] = weigh_pool(task, encoding, distinct)
    return found


def references(task: Task, flat: Tensor) -> dict[str, Tensor]:
    """What every decoder is held against, as pictures [R, 12288] by name."""
    return {
        "ridge baseline": linear.baseline(task.train, flat[task.place], task.test),
        "nearest training image": flat[task.place][linear.nearest(task.train, task.test)],
    }


def weigh_pool(task: Task, encoding: Encoding, distinct: int) -> Tensor:
    """The posterior over pool pictures, its mean over all of them taken off."""
    values = task.targets.coefficients[task.prior]
    some = torch.linspace(0, len(task.place) - 1, min(300, len(task.place))).long().to(task.place.device)
    temperature = posterior.tune(encoding, task.train[some], task.place[some], task.prior, values, distinct)
    return posterior.decode(encoding, task.test, task.prior, values, temperature) - values.mean(0)


def equaliser(task: Task) -> Tensor:
    """Gain of each component [n] that best tells two pictures apart when posterior and prior are Gaussian.

    The discriminant between own and other picture is (posterior + prior covariance)^-1 mean, with variances
    lambda (1 - rho) and lambda; components without measured reliability stay out.
    """
    shown = task.targets.coefficients[task.place]
    _, residual = linear.best_ridge(task.train, shown, task.place)
    spread = shown.var(0).clamp(min=1e-6)
    reliability = (1 - residual.square().mean(0) / spread).clamp(0, 0.99)
    return torch.where(reliability > 0.01, 1 / (spread * (2 - reliability)), 0.0)


def combine(parts: Sequence[Tensor]) -> Tensor:
    """Mean of decoded components [R, n] at equal contrast."""
    return torch.stack([F.normalize(part, dim=1) for part in parts]).mean(0)


def draw_samples(task: Task, mean: Tensor, seed: int, count: int = SAMPLES) -> Tensor:
    """Components [count, R, n] from N(mean, covariance of ridge's cross-validated residuals)."""
    shown = task.targets.coefficients[task.place]
    _, residual = linear.best_ridge(task.train, shown, task.place)
    covariance = residual.T @ residual / len(residual) + 1e-5 * torch.eye(residual.shape[1], device=mean.device)
    generator = torch.Generator(mean.device).manual_seed(seed)
    noise = torch.randn(count, *mean.shape, generator=generator, device=mean.device)
    return mean + noise @ torch.linalg.cholesky(covariance).T


def score_samples(task: Task, mean: Tensor, seed: int) -> dict[str, Tensor]:
    """Identification [R] of one sample, of the mean of several, and of the best one (chosen by the true picture)."""
    samples = draw_samples(task, mean, seed)
    pictures = [task.targets.picture(sample) for sample in samples]
    each = torch.stack([identify(picture, task.held) for picture in pictures])
    alike = torch.stack([own_correlation(picture, task.held) for picture in pictures])
    return {
        "one sample": each[0],
        f"mean of {SAMPLES} samples": identify(task.targets.picture(samples.mean(0)), task.held),
        f"best of {SAMPLES} samples": each.gather(0, alike.argmax(0, keepdim=True))[0],
    }

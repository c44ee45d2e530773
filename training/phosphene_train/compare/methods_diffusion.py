"""The diffusion decoder in the table: models/demo for its population, elsewhere a small one of components."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from ..diffusion import alpha_sigma, even_timesteps
from ..fit.bundle_decoder import BundleDecoder
from ..linear.method import by_ridge
from ..linear.targets import components
from ..loop import LoopOptions, train
from .bundles import bundle_of, bundle_windows
from .methods_linear import LEAST_PICTURES, into, parts, wide, windows_of
from .types import Reconstruct, Split

BUNDLE = "demo"
STEPS = "2"


class DiffusionBundle:
    """encode.onnx and sample-2.onnx of models/demo, one fixed noise, the manifest's guidance: as a session has it."""

    name, kind, refits = "diffusion", "diffusion", False

    def refuses(self, split: Split) -> str | None:
        folder = bundle_of(split, BUNDLE)
        if folder is None:
            return "no diffusion bundle was trained for this population: see diffusion-small"
        entry = BundleDecoder.read_manifest(folder)["files"]["weights"]
        return None if (folder / entry["path"]).is_file() else f"the weights of models/{BUNDLE} are not here"

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        folder = bundle_of(split, BUNDLE)
        decoder = BundleDecoder(folder)

        def reconstruct(windows: np.ndarray) -> np.ndarray:
            own = bundle_windows(split, folder, windows)
            found = [decoder.encoder.run(["mu"], {"window": window[None]})[0] for window in own]
            return decoder.sample(STEPS, np.concatenate(found), [seed])[:, 0]

        return reconstruct


@dataclass(frozen=True)
class Small:
    """Components of the picture, width of the network, training steps (seconds on two cores) and rows of each, steps
    of the sampler."""

    components: int = 128
    width: int = 512
    training: int = 1500
    batch: int = 256
    steps: int = 8


class DiffusionSmall:
    """The same road in seconds, from few trials: latents of the window, then diffusion of the picture under them.

    Latents are the picture's components by cross-validated ridge instead of a VAE's, and the diffusion is of these
    components instead of pixels: a VAE and a network over pixels learn nothing in the seconds that are given here.
    """

    name, kind, refits = "diffusion-small", "diffusion", False

    def refuses(self, split: Split) -> str | None:
        if bundle_of(split, BUNDLE):
            return "the bundle of this population is in the table"
        if (count := len(np.unique(split.train.stimulus))) < LEAST_PICTURES:
            return f"cross-validation over pictures needs {LEAST_PICTURES} of them, there are {count}"
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        torch.manual_seed(seed)
        o, kept, train = Small(), np.arange(split.units), split.train
        _, first, which = np.unique(train.stimulus, return_index=True, return_inverse=True)
        flat = torch.from_numpy(train.pictures[first]).flatten(1)
        mean, picture = flat.mean(0), torch.from_numpy(which)
        axes, scale = components(flat - mean, o.components)
        truth = ((flat - mean) @ axes / scale)[picture]
        x = windows_of(train.windows, kept)
        axes_in = wide(x, (flat - mean)[picture], False)
        estimate = by_ridge(into(x, axes_in), truth, picture, parts(len(first), seed)[picture])
        model = fit_denoiser(truth.to(device), estimate.left_out.to(device), o, seed)
        noise = torch.randn(1, truth.shape[1], generator=torch.Generator().manual_seed(seed)).to(device)

        @torch.no_grad()
        def reconstruct(windows: np.ndarray) -> np.ndarray:
            cond = estimate.fit(into(windows_of(windows, kept), axes_in)).to(device)
            drawn = sample(model, noise.expand(len(cond), -1), cond, even_timesteps(o.steps)).cpu()
            return ((drawn * scale) @ axes.T + mean).clamp(-1, 1).unflatten(1, split.shape).numpy()

        return reconstruct


class ComponentDenoiser(nn.Module):
    """Noisy components [B, n] at time t [B] under latents [B, D] -> the clean components."""

    def __init__(self, count: int, dimension: int, width: int) -> None:
        super().__init__()
        sizes = (count + dimension + 2, width, width)
        layers = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), nn.SiLU(), nn.Dropout(0.2))]
        self.layers = nn.Sequential(*layers, nn.Linear(width, count))

    def forward(self, x: Tensor, t: Tensor, cond: Tensor) -> Tensor:
        return self.layers(torch.cat([x, cond, *(part[:, None] for part in alpha_sigma(t))], 1))


def fit_denoiser(truth: Tensor, left_out: Tensor, o: Small, seed: int) -> ComponentDenoiser:
    """Squared error of the clean components [N, n], weighted by min(SNR, 5) + 1 as in diffusion.diffusion_loss, under
    what ridge says of each row without its own part of the pictures."""
    device = truth.device
    model = ComponentDenoiser(truth.shape[1], left_out.shape[1], o.width).to(device)
    generator = torch.Generator(device).manual_seed(seed)

    def loss(_step: int):
        rows = torch.randint(len(truth), (o.batch,), generator=generator, device=device)
        clean, t = truth[rows], torch.rand(o.batch, generator=generator, device=device)
        alpha, sigma = (part[:, None] for part in alpha_sigma(t))
        found = model(alpha * clean + sigma * torch.randn_like(clean), t, left_out[rows])
        weight = (alpha / sigma.clamp(min=1e-3)).square().clamp(max=5) + 1
        value = (weight * (found - clean).square()).mean()
        return value, {"loss": value.detach()}

    return train(model, loss, LoopOptions("denoiser", o.training, 1e-3)).requires_grad_(False)


def sample(model: ComponentDenoiser, noise: Tensor, cond: Tensor, times: list[float]) -> Tensor:
    """DDIM with eta 0; components have no bounds to clip to."""
    x = noise
    for t, s in pairwise(times):
        time, after = (torch.full((len(x),), value, device=x.device) for value in (t, s))
        (alpha, sigma), (ahead, noisy) = ([part[:, None] for part in alpha_sigma(at)] for at in (time, after))
        clean = model(x, time, cond)
        x = ahead * clean + noisy * (x - alpha * clean) / sigma
    return x


METHODS = (DiffusionBundle(), DiffusionSmall())

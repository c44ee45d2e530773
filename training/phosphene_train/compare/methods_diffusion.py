"""The diffusion decoder in the table: models/demo for its population, elsewhere a small VAE and denoiser."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..denoiser import Denoiser, DenoiserOptions, weighted
from ..diffusion import TIMESTEPS, even_timesteps, ipndm
from ..fit.bundle_decoder import BundleDecoder
from ..fit.pictures import descriptor
from ..loop import LoopOptions, train
from ..train_denoiser import DenoiserTraining, train_denoiser
from ..vae import GroupVae, Readout, VaeOptions
from ..vae_loss import VaeBatch, VaeWeights, vae_loss
from ..windows import silence
from .bundles import bundle_of, bundle_windows
from .types import Reconstruct, Split

BUNDLE = "demo"
STEPS = "4"


class DiffusionBundle:
    """encode.onnx and sample-4.onnx of models/demo, one fixed noise, the manifest's guidance: as a session has it."""

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
    """Sizes of the fitted one; the regularisation is that of configs/macaque-v4.toml. vae_share: of the seconds."""

    group: int = 12
    hidden: int = 256
    dropout: float = 0.5
    unit_dropout: float = 0.3
    features: int = 48
    width: int = 128
    blocks: int = 3
    batch: int = 64
    vae_share: float = 0.3
    steps: int = 8


WEIGHTS = VaeWeights(kl=0.1, blank_kl=0.1, classes=10, picture=100)


class DiffusionSmall:
    """`fit` in little: group VAE, then a denoiser under its latents; sampled in 8 steps of iPNDM, not distilled."""

    name, kind, refits = "diffusion-small", "diffusion", False

    def refuses(self, split: Split) -> str | None:
        if bundle_of(split, BUNDLE):
            return "the bundle of this population is in the table"
        return None

    def fit(self, split: Split, device: str, seconds: float, seed: int, units: np.ndarray | None) -> Reconstruct:
        torch.manual_seed(seed)
        o = Small()
        data = Data(split, device, o)
        vae = fit_vae(data, o, o.vae_share * seconds, seed)
        denoiser = fit_denoiser(data, vae, o, (1 - o.vae_share) * seconds)
        noise = torch.randn(1, 3, data.side, data.side, generator=torch.Generator().manual_seed(seed)).to(device)

        @torch.no_grad()
        def reconstruct(windows: np.ndarray) -> np.ndarray:
            parts = []
            for part in torch.from_numpy(windows).to(device).split(128):
                mu, _ = vae.encode(part)
                drawn = ipndm(weighted(denoiser), noise.expand(len(mu), -1, -1, -1), mu, even_timesteps(o.steps))
                parts.append(data.as_shown(drawn))
            return torch.cat(parts).cpu().numpy()

        return reconstruct


class Data:
    """Training windows and pictures of a split on one device; pictures as RGB of a side that patches divide."""

    def __init__(self, split: Split, device: str, o: Small) -> None:
        self.shape, self.side, self.device = split.shape, max(32, -(-split.shape[1] // 8) * 8), device
        _, first, at = np.unique(split.train.stimulus, return_index=True, return_inverse=True)
        pictures = torch.from_numpy(split.train.pictures[first]).expand(-1, 3, -1, -1)
        self.pictures = F.interpolate(pictures, (self.side, self.side), mode="bilinear", antialias=True).to(device)
        levels = ((self.pictures + 1) * 127.5).round().byte().cpu()
        self.descriptor = descriptor(levels, torch.arange(len(levels)), o.features).to(device)
        self.windows = torch.from_numpy(split.train.windows).to(device)
        self.at = torch.from_numpy(at).to(device)
        labels = split.train.labels
        self.labels = None if labels is None else torch.from_numpy(labels).to(device)
        self.readouts = ()
        if labels is not None:
            self.readouts = (Readout("category", "class", tuple(map(str, range(split.categories))), "category"),)

    def draw(self, count: int, share: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Rows, and their windows with a share of the units silenced."""
        rows = torch.randint(len(self.windows), (count,), generator=generator, device=self.device)
        return rows, silence(self.windows[rows], share, generator)

    def as_shown(self, pictures: Tensor) -> Tensor:
        """Back to the size and the channels of the data set."""
        channels, height, width = self.shape
        if channels == 1:
            pictures = pictures.mean(1, keepdim=True)
        if (height, width) != tuple(pictures.shape[2:]):
            pictures = F.interpolate(pictures, (height, width), mode="bilinear", antialias=True)
        return pictures.clamp(-1, 1)


def fit_vae(data: Data, o: Small, seconds: float, seed: int) -> GroupVae:
    """Latents that tell the units' activity and what the picture looks like, and the category where it is known."""
    _, bins, units = data.windows.shape
    groups = tuple((name, o.group) for name in ("category", "content-1", "content-2", "content-3"))
    options = VaeOptions(units, bins, groups, data.readouts, o.hidden, o.dropout, data.descriptor.shape[1])
    model, generator = GroupVae(options).to(data.device), torch.Generator(data.device).manual_seed(seed)

    def loss(_step: int):
        rows, window = data.draw(4 * o.batch, o.unit_dropout, generator)
        targets = {} if data.labels is None else {"category": data.labels[rows]}
        shown = torch.ones(len(rows), device=data.device)
        batch = VaeBatch(window, targets, shown, data.descriptor[data.at[rows]])
        return vae_loss(model, batch, WEIGHTS, max(len(data.windows), len(rows)))

    loop = LoopOptions("vae", 4000, 1e-3, clip=20.0, seconds=seconds)
    return train(model, loss, loop).requires_grad_(False)


def fit_denoiser(data: Data, vae: GroupVae, o: Small, seconds: float) -> Denoiser:
    """Some units are silenced here too: latents of known trials would else be cleaner than those of any other."""
    groups = tuple(size for _, size in vae.options.groups)
    model = Denoiser(DenoiserOptions(groups, data.side, 8, o.width, o.blocks, 4, 16)).to(data.device)
    generator = torch.Generator(data.device).manual_seed(0)

    @torch.no_grad()
    def pair() -> tuple[Tensor, Tensor]:
        rows, window = data.draw(o.batch, o.unit_dropout / 2, generator)
        return data.pictures[data.at[rows]], vae.encode(window)[0]

    training = DenoiserTraining(20_000, 1e-3, seconds=seconds)
    return train_denoiser(model, pair, training, TIMESTEPS).requires_grad_(False)


METHODS = (DiffusionBundle(), DiffusionSmall())

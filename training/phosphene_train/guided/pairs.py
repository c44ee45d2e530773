"""Edits made the exact way, for the student to learn: a picture of the spikes, inverted once, guided several times."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..denoiser import Denoiser
from ..diffusion import even_timesteps, ipndm
from ..distil import guided as guided_by_latents
from ..progress import console
from ..train_denoiser import NextPair, autocast
from .edit import edit_times, guided, invert
from .guide import Guide
from .network import noise_of
from .objective import gradient_of, shifted
from .push import Spectrum, published, shaped

Clock = Callable[[], bool]
"""Whether time is up."""


@dataclass(frozen=True)
class EditOptions:
    """Ranges of gamma and eta, steps each way, refinements of an inverted step, guidance of the start picture by the
    latents, steps to it.

    hold: guidance holds the groups that are not shifted at the latents of the spikes; else only shifted ones count.
    others: the prior knows the latents of the groups that are not shifted; else it knows none, as the paper's.
    push: `shaped` or `published` (push.py)."""

    gamma: float = 3.0
    eta: float = 4.0
    steps: int = 24
    refine: int = 1
    hold: bool = True
    others: bool = True
    push: str = "shaped"
    start_guidance: float = 2.0
    start_steps: int = 16


@dataclass
class Edits:
    """noise, picture [N, 3, H, W] (fp16), cond [N, D], gamma [N, G], eta [N]."""

    noise: Tensor
    picture: Tensor
    cond: Tensor
    gamma: Tensor
    eta: Tensor

    def __len__(self) -> int:
        return len(self.eta)

    def draw(self, count: int) -> tuple[Tensor, ...]:
        """`count` of them, as float32: noise, picture, cond, gamma, eta."""
        at = torch.randint(len(self), (count,), device=self.eta.device)
        return tuple(part[at].float() for part in (self.noise, self.picture, self.cond, self.gamma, self.eta))

    @staticmethod
    def join(parts: list["Edits"]) -> "Edits":
        names = ("noise", "picture", "cond", "gamma", "eta")
        return Edits(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


@torch.no_grad()
def start_pictures(teacher: Denoiser, noise: Tensor, cond: Tensor, options: EditOptions) -> Tensor:
    """The unsteered picture of the latents, by the demo's teacher."""
    weight = torch.full((len(cond),), options.start_guidance, device=cond.device)
    with autocast(noise):
        denoise = guided_by_latents(teacher.forward, weight)
        return ipndm(denoise, noise, cond, even_timesteps(options.start_steps))


@dataclass(frozen=True)
class Networks:
    """What the exact way runs: prior, guide, and the spectrum that shapes its gradient."""

    prior: Denoiser
    guide: Guide
    spectrum: Spectrum


@torch.no_grad()
def edit(
    nets: Networks, start: Tensor, cond: Tensor, gamma: Tensor, eta: Tensor, o: EditOptions,
    objective: str = "information",
) -> Tensor:  # fmt: skip
    """Start pictures [B, 3, H, W] edited the exact way: latents [B, D], gamma [B, G], eta [B]."""
    times = edit_times(o.steps)
    still = (gamma == 0).to(gamma)
    noise = noise_of(nets.prior, cond, still if o.others else torch.zeros_like(gamma))
    state = invert(noise, start, times, o.refine)
    which = torch.ones_like(gamma) if o.hold else 1 - still
    weight = gamma if objective == "activation" else which
    gradient = gradient_of(nets.guide, objective, shifted(cond, gamma, nets.guide.options.groups), weight)
    push = shaped(gradient, nets.spectrum, eta) if o.push == "shaped" else published(gradient, eta)
    return guided(noise, state, times, push)


def random_gamma(count: int, groups: int, largest: float, device: torch.device) -> Tensor:
    """One group shifted in half of the rows, none in a quarter, any in the rest [count, G]."""
    values = largest * (2 * torch.rand(count, groups, device=device) - 1)
    one = torch.nn.functional.one_hot(torch.randint(groups, (count,), device=device), groups)
    some = (torch.rand(count, groups, device=device) < 0.5).long()
    kind = torch.rand(count, 1, device=device)
    return values * torch.where(kind < 0.5, one, torch.where(kind < 0.75, 0 * one, some))


@torch.no_grad()
def make_edits(
    teacher: Denoiser, nets: Networks, next_pair: NextPair, o: EditOptions, clock: Clock, each: int = 3,
    most: int = 40_000,
) -> Edits:  # fmt: skip
    """`each` random edits of every start picture, and the start picture itself as the edit of gamma 0 and eta 0, until
    `clock()` says that time is up or `most` start pictures are done."""
    parts, done, groups = [], 0, len(nets.guide.options.groups)
    while done == 0 or (done < most and not clock()):
        like, cond = next_pair()
        device = cond.device
        noise = torch.randn_like(like)
        start = start_pictures(teacher, noise, cond, o)
        none = torch.zeros(len(cond), groups, device=device)
        parts.append(Edits(noise.half(), start.half(), cond, none, none[:, 0]))
        for _ in range(each):
            gamma, eta = random_gamma(len(cond), groups, o.gamma, device), o.eta * torch.rand(len(cond), device=device)
            picture = edit(nets, start, cond, gamma, eta, o)
            parts.append(Edits(noise.half(), picture.half(), cond, gamma, eta))
        done += len(cond)
    console.print(f"edits: {done} start pictures, {each} edits of each")
    return Edits.join(parts)


@torch.no_grad()
def make_plain(teacher: Denoiser, next_pair: NextPair, o: EditOptions, groups: int, clock: Clock, most: int) -> Edits:
    """More start pictures, unedited: what the live decoder shows while no slider is touched."""
    parts, done = [], 0
    while done == 0 or (done < most and not clock()):
        like, cond = next_pair()
        noise = torch.randn_like(like)
        none = torch.zeros(len(cond), groups, device=cond.device)
        parts.append(Edits(noise.half(), start_pictures(teacher, noise, cond, o).half(), cond, none, none[:, 0]))
        done += len(cond)
    return Edits.join(parts)

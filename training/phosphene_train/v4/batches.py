"""Training batches for many networks at once: measured rows beside simulated presentations of pool pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.nn.utils.rnn import pad_sequence

from .encoding import Encoding, counts_of
from .task import Task

CLIP = 8.0
UNIT_DROPOUT = 0.1
NEAR = 0.5
"""Share of simulated presentations whose picture the session itself showed: its choice is the prior that counts."""


@dataclass(frozen=True)
class Member:
    """One network: its task, the encoding models that simulate for it (None: measured rows only), how it is judged."""

    task: Task
    encoding: Encoding | None
    identify: bool = False


class Batches:
    """Stacked data of G members, units and rows padded. `share` of each batch is measured where there is simulation."""

    def __init__(self, members: Sequence[Member], share: float, seed: int) -> None:
        self.device = members[0].task.train.device
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self.units = max(m.task.train.shape[1] for m in members)
        self.share = torch.tensor([share if m.encoding else 1.0 for m in members], device=self.device)
        self.mean = self.pad([m.task.train.mean(0) for m in members])
        self.std = self.pad([m.task.train.std(0).clamp(min=0.05) for m in members], 1.0)
        self.rows = pad_sequence([F.pad(m.task.train, (0, self.units - m.task.train.shape[1])) for m in members], True)
        self.places = pad_sequence([m.task.place for m in members], True)
        self.lengths = torch.tensor([len(m.task.place) for m in members], device=self.device)
        self.stack_priors([m.task for m in members])
        self.stack_encodings(members)

    def pad(self, rows: Sequence[Tensor], value: float = 0.0) -> Tensor:
        """Vectors over units -> [G, 1, units]."""
        return torch.stack([F.pad(r, (0, self.units - len(r)), value=value) for r in rows])[:, None]

    def stack_priors(self, tasks: Sequence[Task]) -> None:
        """Targets and training-side places, once a session and fold."""
        different = list({id(t.targets): t for t in tasks}.values())
        index = {id(t.targets): i for i, t in enumerate(different)}
        self.kind = torch.tensor([index[id(t.targets)] for t in tasks], device=self.device)
        self.targets = torch.stack([t.targets.coefficients for t in different])
        self.prior = pad_sequence([t.prior for t in different], True)
        self.near = pad_sequence([t.near for t in different], True)
        self.prior_lengths, self.near_lengths = (
            torch.tensor([len(x) for x in lists], device=self.device)
            for lists in ([t.prior for t in different], [t.near for t in different])
        )

    def stack_encodings(self, members: Sequence[Member]) -> None:
        """Predictions [E, pool, units] and noise factors [E, units, units], once an encoding."""
        different = list({id(m.encoding): m.encoding for m in members if m.encoding}.values())
        self.simulates = bool(different)
        if not different:
            return
        index = {id(e): i for i, e in enumerate(different)}
        self.encoding = torch.tensor([index.get(id(m.encoding), 0) for m in members], device=self.device)
        extra = [self.units - e.predicted.shape[1] for e in different]
        factors = [torch.linalg.cholesky(e.covariance) for e in different]
        self.predicted = torch.stack([F.pad(e.predicted, (0, n)) for e, n in zip(different, extra, strict=True)])
        self.factor = torch.stack([F.pad(f, (0, n, 0, n)) for f, n in zip(factors, extra, strict=True)])

    def draw(self, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Inputs [G, B, units], target components [G, B, n], pool places [G, B]."""
        counts, place = self.measured(size)
        if self.simulates:
            simulated, other = self.simulated(size)
            real = self.random(size) < self.share[:, None]
            counts = torch.where(real[:, :, None], counts, simulated)
            place = torch.where(real, place, other)
        window = self.normalise(counts)
        keep = torch.rand(window.shape, generator=self.generator, device=self.device) >= UNIT_DROPOUT
        return window * keep, self.targets[self.kind[:, None], place], place

    def measured(self, size: int) -> tuple[Tensor, Tensor]:
        row = (self.random(size) * self.lengths[:, None]).long()
        group = torch.arange(len(row), device=self.device)[:, None]
        return self.rows[group, row], self.places[group, row]

    def simulated(self, size: int) -> tuple[Tensor, Tensor]:
        kind = self.kind[:, None]
        anywhere = self.prior[kind, (self.random(size) * self.prior_lengths[kind]).long()]
        near = self.near[kind, (self.random(size) * self.near_lengths[kind]).long()]
        place = torch.where(self.random(size) < NEAR, near, anywhere)
        noise = torch.randn(*place.shape, self.units, generator=self.generator, device=self.device)
        rooted = self.predicted[self.encoding[:, None], place] + noise @ self.factor[self.encoding].transpose(1, 2)
        return counts_of(rooted), place

    def random(self, size: int) -> Tensor:
        """Uniform [G, size]."""
        return torch.rand(len(self.share), size, generator=self.generator, device=self.device)

    def normalise(self, counts: Tensor) -> Tensor:
        """The z-score of docs/bundle.md, by each member's training rows."""
        return ((counts - self.mean) / self.std).clamp(-CLIP, CLIP)

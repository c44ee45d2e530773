"""What one decoder is made from: one session, one fold, averaged or single-trial counts."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .bank import Bank
from .encoding import Encoding, fit_encoding, root
from .pictures import Pool, Targets, make_targets
from .recording import Session
from .score import HeldOut


@dataclass(frozen=True)
class Task:
    """Rows are presentations. `place` and `own` point into the pool; `held.own` into the held-out pictures.

    train, test    counts [n, U], [R, U]
    place          pool place of each training row [n]
    prior          pool places of the fold's training side that look like the session's (grey or not), all versions
    near           those of them that this session showed, and their copies
    """

    session: str
    fold: int
    single: bool
    train: Tensor
    place: Tensor
    test: Tensor
    held: HeldOut
    targets: Targets
    prior: Tensor
    near: Tensor

    @property
    def name(self) -> str:
        return f"{self.session}{' single' if self.single else ''}"


def make_task(session: Session, rows: Tensor, pool: Pool, flat: Tensor, basis: Tensor, fold: int, single: bool) -> Task:
    """Split one session by fold; with `single`, every trial is a row of its own."""
    device = flat.device
    inside = pool.fold[rows] != fold
    counts = torch.tensor(session.trials if single else session.counts[:, :, None], dtype=torch.float32, device=device)
    train, place = spread(counts[inside], rows[inside])
    held_rows = rows[~inside]
    targets = make_targets(flat, rows[inside], basis)
    test, own = spread(counts[~inside], torch.arange(len(held_rows), device=device))
    held = HeldOut(flat[held_rows], held_rows, own, targets.mean)
    prior = torch.nonzero((pool.fold != fold) & (pool.grey == bool(pool.grey[rows].all())))[:, 0]
    near = prior[torch.isin(prior % pool.distinct, rows)]
    return Task(session.name, fold, single, train, place, test, held, targets, prior, near)


def spread(counts: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
    """[N, U, T] with NaN where there was no trial -> rows [n, U] and the label of each."""
    rows = counts.permute(0, 2, 1)
    there = rows.isfinite().all(2)
    return rows[there], label[:, None].expand_as(there)[there]


def encode_task(task: Task, bank: Bank, distinct: int, own_models: bool) -> Encoding:
    """Encoding models on the training side; `own_models` lets in the compact models fitted to this very session."""
    kernels = bank.features("" if own_models else task.session)
    places, index = torch.unique(task.place, return_inverse=True)
    rooted = root(task.train)
    count = torch.bincount(index, minlength=len(places)).float()
    mean = torch.zeros(len(places), rooted.shape[1], device=rooted.device).index_add_(0, index, rooted)
    mean = mean / count[:, None]
    return fit_encoding(kernels, places, mean, trials_of(rooted, index, count))


def trials_of(rooted: Tensor, index: Tensor, count: Tensor) -> Tensor:
    """Rows [n, U] of pictures `index` [n] -> [pictures, U, most rows], NaN where a picture has fewer."""
    order = index.argsort(stable=True)
    first = torch.cumsum(count, 0) - count
    slot = torch.arange(len(index), device=index.device) - first[index[order]].long()
    out = torch.full((len(count), rooted.shape[1], int(count.max())), torch.nan, device=rooted.device)
    out[index[order], :, slot] = rooted[order]
    return out

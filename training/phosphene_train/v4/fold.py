"""One fold of every session: encoding models, all decoders, their figures."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .bank import SOURCES, Bank
from .encoding import Encoding
from .ladder import closed_components, combine, equaliser, members_of, references, score_samples
from .pictures import Pool, make_basis
from .recording import Session
from .score import identify, own_correlation
from .table import HEADLINE
from .task import Task, encode_task, make_task
from .train import Training, train_networks


@dataclass(frozen=True)
class Data:
    """Everything in memory: sessions, pool, the pool's pictures [pool, 12288], what the models see."""

    sessions: Sequence[Session]
    pool: Pool
    flat: Tensor
    bank: Bank


def tasks_of(data: Data, fold: int, components: int) -> list[Task]:
    """Averaged counts of every session, and single trials where they exist."""
    bases = {}
    for grey in {bool(data.pool.grey[rows].all()) for rows in data.pool.rows}:
        places = data.pool.unaltered(grey)
        bases[grey] = make_basis(data.flat[places[data.pool.fold[places] != fold]], components)
    out = []
    for session, rows in zip(data.sessions, data.pool.rows, strict=True):
        basis = bases[bool(data.pool.grey[rows].all())]
        for single in (False, True) if session.trials is not None else (False,):
            out.append(make_task(session, rows, data.pool, data.flat, basis, fold, single))
    return out


def encodings_of(task: Task, data: Data) -> dict[str, Encoding]:
    """By name: without the compact models of the session itself, and with them where there are any."""
    out = {"clean": encode_task(task, data.bank, data.pool.distinct, own_models=False)}
    if task.session in SOURCES:
        out["own"] = encode_task(task, data.bank, data.pool.distinct, own_models=True)
    return out


def run_fold(data: Data, fold: int, components: int, training: Training, seeds: int) -> dict[str, dict]:
    """{task: {"decoders": {name: figures}, ...}} of one fold."""
    tasks = tasks_of(data, fold, components)
    encodings = [encodings_of(task, data) for task in tasks]
    closed = [closed_components(t, e, data.pool.distinct) for t, e in zip(tasks, encodings, strict=True)]
    networks = network_components(tasks, encodings, training, seeds)
    out = {}
    for task, encoding, formulas, learned in zip(tasks, encodings, closed, networks, strict=True):
        parts = formulas | learned
        parts |= combinations(task, parts)
        pictures = references(task, data.flat) | {name: task.targets.picture(part) for name, part in parts.items()}
        figures = {name: figures_of(picture, task) for name, picture in pictures.items()}
        figures |= {name: {"centred": mean(x)} for name, x in score_samples(task, parts["network"], seed=fold).items()}
        order = torch.randperm(len(task.test), generator=torch.Generator().manual_seed(fold)).to(task.test.device)
        figures["shuffled responses"] = figures_of(pictures[HEADLINE][order], task)
        out[task.name] = {
            "rows": len(task.test),
            "pictures": len(task.held.flat),
            "units": task.train.shape[1],
            "encodingR": {name: round(float(e.r.mean()), 4) for name, e in encoding.items()},
            "decoders": figures,
        }
    return out


def network_components(
    tasks: Sequence[Task], encodings: Sequence[dict[str, Encoding]], training: Training, seeds: int
) -> list[dict[str, Tensor]]:
    """Components [R, n] by name for each task, networks of several seeds averaged; all train side by side."""
    named = [(i, *pair) for i, task in enumerate(tasks) for pair in members_of(task, encodings[i])]
    decoded = train_networks([member for _, _, member in named] * seeds, training)
    out: list[dict[str, Tensor]] = [{} for _ in tasks]
    for k, (i, name, _) in enumerate(named):
        out[i][name] = torch.stack(decoded[k :: len(named)]).mean(0)
    return out


def combinations(task: Task, parts: dict[str, Tensor]) -> dict[str, Tensor]:
    """Several decoders together, and the posterior mean with its components equalised."""
    formula = parts["kernel ridge, equalised"]
    learned = [parts["identifying network"], parts["identifying network, measured only"]]
    out = {
        "identifying networks together": combine(learned),
        "both kinds of network": combine([*learned, parts["network"], parts["network, measured only"]]),
        "network, equalised": parts["network"] * equaliser(task),
        "identifying network and kernel ridge": combine([parts["identifying network"], formula]),
    }
    if "identifying network, own models" in parts:
        own = parts["identifying network, own models"]
        out["identifying networks together, own models"] = combine([*learned, own])
        out["identifying network and kernel ridge, own models"] = combine([own, formula])
    return out


def figures_of(picture: Tensor, task: Task) -> dict[str, float]:
    """Identification with and without the mean picture taken off, and the correlation with the true picture."""
    return {
        "centred": mean(identify(picture, task.held)),
        "plain": mean(identify(picture, task.held, centred=False)),
        "correlation": mean(own_correlation(picture, task.held)),
    }


def mean(values: Tensor) -> float:
    return round(float(values.mean()), 5)

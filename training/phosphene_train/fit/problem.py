"""What a run is about: the dataset, its windows, labels and pictures, ready on one device."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..data import ClassLabels, DataError, Dataset, Session
from ..data.types import TEST, TRAIN, VALIDATION
from ..golden import Normalisation
from ..vae import Readout
from ..windows import fit_normalisation
from .config import FitConfig
from .pictures import descriptor, to_side
from .read_config import ConfigError
from .windows import CountSource, SpikeSource, WindowShape, repeat_draw, source_of

FOREIGN = 3
SPLIT_NAMES = ("train", "validation", "test", "foreign")


@dataclass(frozen=True)
class Recording:
    """A session with its windows and the scale of its counts."""

    session: Session
    split: np.ndarray
    source: SpikeSource | CountSource
    norm: Normalisation


@dataclass(frozen=True)
class Problem:
    """recordings, the exported one first; targets[name] per picture: [P] class ids or [P, n] standardised values, as
    the VAE's heads want them; scales[name] mean and std of values; pictures uint8 [P, 3, S, S]; descriptor [P, F]."""

    config: FitConfig
    dataset: Dataset
    recordings: tuple[Recording, ...]
    readouts: tuple[Readout, ...]
    targets: dict[str, Tensor]
    scales: dict[str, tuple[Tensor, Tensor]]
    pictures: Tensor
    descriptor: Tensor
    device: str

    @property
    def exported(self) -> Recording:
        return self.recordings[0]


def prepare(config: FitConfig, dataset: Dataset, device: str) -> Problem:
    """Everything that training needs; raises ConfigError or DataError with one sentence."""
    sessions = chosen_sessions(config, dataset)
    foreign = foreign_pictures(config.data.foreign, dataset)
    splits = [np.where(foreign[s.stimulus], FOREIGN, s.split) for s in sessions]
    recordings = tuple(record(config, s, split, device) for s, split in zip(sessions, splits, strict=True))
    for split in (VALIDATION, TEST):
        if not recordings[0].source.has(split, "inside"):
            raise DataError(
                f"session {sessions[0].name}, split {SPLIT_NAMES[split]}: expected presentations with room for a "
                f"window of {config.window.bins} x {config.window.bin_ms:g} ms, found none"
            )
    shown = [s.stimulus[split == TRAIN] for s, split in zip(sessions, splits, strict=True)]
    train = np.unique(np.concatenate(shown))
    readouts, targets, scales = supervision(config, dataset, train, device)
    pictures = to_side(dataset.pictures, config.denoiser.image)
    described = descriptor(pictures, torch.from_numpy(train), config.vae.descriptor)
    return Problem(
        config, dataset, recordings, readouts, targets, scales, pictures.to(device), described.to(device), device
    )


def chosen_sessions(config: FitConfig, dataset: Dataset) -> list[Session]:
    """The sessions of the configuration, the one to export first."""
    known = {session.name: session for session in dataset.sessions}
    names = config.data.sessions or tuple(known)
    export = config.data.export or names[0]
    for name in (*names, export):
        if name not in known:
            raise ConfigError(f"data: expected sessions among {', '.join(known)}, got {name}")
    return [known[export], *(known[name] for name in names if name != export)]


def foreign_pictures(foreign: dict[str, list[str]], dataset: Dataset) -> np.ndarray:
    """bool [P]: pictures of the classes that data.foreign names."""
    found = np.zeros(len(dataset.pictures), bool)
    for name, classes in foreign.items():
        labels = dataset.labels.get(name)
        if not isinstance(labels, ClassLabels):
            raise ConfigError(f"data.foreign: expected class labels of the data, got {name}")
        for label in classes:
            if label not in labels.names:
                raise ConfigError(f"data.foreign.{name}: expected one of {', '.join(labels.names)}, got {label!r}")
            found |= labels.ids == labels.names.index(label)
    return found


def record(config: FitConfig, session: Session, split: np.ndarray, device: str) -> Recording:
    """Windows of one session, and mean and deviation of a bin's count over its training stream."""
    window = config.window
    shape = WindowShape(window.bin_ms, window.bins, window.latency_ms, config.vae.jitter_ms)
    source = source_of(session, split, shape, device)
    if not source.has(TRAIN, "inside"):
        raise DataError(
            f"session {session.name}, split train: expected presentations with room for a window of "
            f"{window.bins} x {window.bin_ms:g} ms between those of other splits, found none"
        )
    check_lengths(config, session)
    generator = torch.Generator(device).manual_seed(config.train.seed)
    stream = repeat_draw(source, TRAIN, "stream", 20_000, generator)
    norm = fit_normalisation(stream.counts, config.vae.clip)
    if session.counts is not None:
        # Counts may be responses of any scale: the floor of the deviation for counts of spikes is none for them.
        std = stream.counts.flatten(0, 1).double().std(0).cpu().numpy()
        norm = replace(norm, std=np.round(std.clip(1e-3), 6))
    return Recording(session, split, source, norm)


def check_lengths(config: FitConfig, session: Session) -> None:
    """A presentation that cannot fill half a window is never shown."""
    length = config.window.bins * config.window.bin_ms
    if session.counts is None and 2000 * np.median(session.offset - session.onset) <= length:
        raise ConfigError(
            f"window: expected at most twice the presentations of session {session.name} "
            f"({1000 * np.median(session.offset - session.onset):.0f} ms), got {length:g} ms"
        )


def supervision(config: FitConfig, dataset: Dataset, train: np.ndarray, device: str):
    """(readouts, targets, scales): the label sets that latent groups are supervised by, over the training pictures."""
    readouts, targets, scales = [], {}, {}
    for group in config.latents.groups:
        for name in group.supervise:
            if name not in dataset.labels:
                known = ", ".join(dataset.labels) or "none"
                raise ConfigError(f"latents.groups {group.name}: expected label sets of the data ({known}), got {name}")
            labels = dataset.labels[name]
            if isinstance(labels, ClassLabels):
                classes, ids = seen_classes(name, labels, train)
                readouts.append(Readout(name, "class", classes, group.name))
                targets[name] = ids.to(device)
            else:
                values = torch.from_numpy(labels.values)
                mean, std = column_scale(name, labels.names, values[train])
                readouts.append(Readout(name, "value", labels.names, group.name, labels.unit))
                targets[name] = ((values - mean) / std).to(device)
                scales[name] = (mean.to(device), std.to(device))
    return tuple(readouts), targets, scales


def seen_classes(name: str, labels: ClassLabels, train: np.ndarray) -> tuple[tuple[str, ...], Tensor]:
    """The classes that training pictures have, and every picture's index among them (-1: unknown or not among them)."""
    seen = [i for i in range(len(labels.names)) if (labels.ids[train] == i).any()]
    if len(seen) < 2:
        raise DataError(f"labels {name}: expected at least 2 classes among the training pictures, found {len(seen)}")
    new = np.full(len(labels.names) + 1, -1, np.int64)
    new[seen] = np.arange(len(seen))
    return tuple(labels.names[i] for i in seen), torch.from_numpy(new[labels.ids])


def column_scale(name: str, columns: tuple[str, ...], values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each column over the training pictures where it is known."""
    known = (~values.isnan()).sum(0)
    if (known < 2).any():
        column = columns[int((known < 2).nonzero()[0])]
        raise DataError(f"labels {name}, {column}: expected values of at least 2 training pictures, found fewer")
    mean = values.nanmean(0)
    std = (values - mean).square().nanmean(0).sqrt().clamp(min=1e-6)
    return mean, std

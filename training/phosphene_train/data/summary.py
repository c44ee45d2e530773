"""What is in a file of training data, as tables for a person."""

import numpy as np
from rich.box import SIMPLE
from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from .types import SPLITS, ClassLabels, Dataset, Session


def summary(dataset: Dataset) -> Group:
    """Sessions with units, presentations of each split and rates; then pictures and labels."""
    columns = (Column("presentations", no_wrap=True), "pictures", "min", "data", "mean a unit")
    sessions = Table(Column("session", no_wrap=True), "units", *columns, box=SIMPLE)
    sessions.title = f"{dataset.name} (presentations: {' + '.join(SPLITS)})"
    for session in dataset.sessions:
        sessions.add_row(*_row(session))
    labels = Table("labels", "kind", "names", "known", title=_pictures(dataset), box=SIMPLE)
    for name, each in dataset.labels.items():
        is_class = isinstance(each, ClassLabels)
        known = (each.ids >= 0).mean() if is_class else np.isfinite(each.values).all(1).mean()
        kind = f"class ({len(each.names)})" if is_class else f"value ({each.unit or 'no unit'})"
        labels.add_row(name, kind, _short(each.names), f"{known:.0%}")
    return Group(sessions, labels if dataset.labels else Text(_pictures(dataset)), Text(f"source: {dataset.source}"))


def _pictures(dataset: Dataset) -> str:
    count, height, width, _ = dataset.pictures.shape
    return f"{count} pictures of {width} x {height}, split by {dataset.split_by}"


def _short(names: tuple[str, ...], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f", ... {names[-1]}" if len(names) > most else "")


def _row(session: Session) -> list[str]:
    of_split = " + ".join(str((session.split == split).sum()) for split in range(len(SPLITS)))
    seconds = session.offset.max() - session.onset[0]
    if session.spikes is not None:
        times = session.spikes.times
        inside = ((times >= session.onset[0]) & (times <= session.offset.max())).sum()
        data = f"{len(times):,} spikes"
        mean = f"{inside / max(seconds, 1e-9) / len(session.labels):.1f} Hz"
    else:
        counts = session.counts
        kind = "responses" if counts.signed else "counts"
        data = f"{kind}, {counts.values.shape[1]} x {counts.bin_ms:g} ms"
        mean = f"{counts.values.mean():.3f} a bin"
    shown = str(len(np.unique(session.stimulus)))
    return [session.name, str(len(session.labels)), of_split, shown, f"{seconds / 60:.1f}", data, mean]

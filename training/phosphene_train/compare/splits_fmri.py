"""fMRI digits (van Gerven et al. 2010): ten folds of its hundred trials, voxels for units."""

import numpy as np

from ..data.fmri_digits import SIDE, import_fmri_digits
from .trials import make_trials, normalisation, to_grey
from .types import Split
from .wanted import Wanted

FOLDS = 10
SOURCE = "van Gerven, de Lange, Heskes 2010; 3,092 voxels, one response a trial: no repeats; 10 folds of 10 trials"


def fmri_digits(wanted: Wanted) -> list[Split]:
    """Ten folds, as many sixes as nines in each where there are."""
    dataset, _ = import_fmri_digits(wanted.folder("fmri_digits69"), SIDE, 0.0, wanted.seed, "fmri")
    values, label = dataset.sessions[0].counts.values, dataset.labels["digit"].ids
    bin_ms = dataset.sessions[0].counts.bin_ms
    order = np.random.default_rng(wanted.seed).permutation(len(label))
    order = order[np.argsort(label[order], kind="stable")]
    fold = np.empty(len(label), np.int64)
    fold[order] = np.arange(len(label)) % FOLDS
    pictures = to_grey(dataset.pictures)
    splits = []
    for at in range(1 if wanted.small else min(wanted.folds, FOLDS)):
        train, test = np.flatnonzero(fold != at), np.flatnonzero(fold == at)
        norm = normalisation(values[train], signed=True)
        sides = [make_trials(values[i], norm, pictures[i], i, labels=label[i]) for i in (train, test)]
        splits.append(Split("fmri-digits", f"fold {at}", *sides, 2, bin_ms, norm, signed=True, source=SOURCE))
    return splits

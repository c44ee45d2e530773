"""fMRI of V1 to V3, handwritten 6 and 9 (van Gerven et al. 2010): responses of voxels, not counts."""

from pathlib import Path

import numpy as np
import scipy.io
from PIL import Image

from .check import picture_hashes
from .pictures import square
from .split import split_pictures
from .types import TEST, TRAIN, VALIDATION, ClassLabels, Counts, DataError, Dataset, Session

FILE = "digit69_28x28.mat"
SIDE = 28
TRIAL_S = 10.0  # nominal: the file gives one response a trial and no times
SOURCE = "van Gerven, de Lange, Heskes, Neural Computation 2010; Donders data use terms"


def import_fmri_digits(source: Path, side: int, validation: float, seed: int, name: str) -> tuple[Dataset, list[str]]:
    """The dataset, and notes; the split of train and test is the file's own. Raises DataError."""
    path = source / FILE if source.is_dir() else source
    if not path.is_file():
        raise DataError(f"{path}: expected {FILE}, found none")
    try:
        contents = scipy.io.loadmat(path)
        parts = [[contents[f"{kind}{part}"] for part in ("Trn", "Test")] for kind in ("stim", "fmri", "label")]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: expected stimTrn, fmriTrn, labelTrn and the same of Test, got {error}") from None
    train, tests = (len(each) for each in parts[0])
    stimuli, responses, labels = (np.concatenate(each) for each in parts)
    if stimuli.shape[1] != SIDE * SIDE or len(stimuli) != len(responses):
        raise DataError(f"{path}: expected {SIDE * SIDE} pixels and a response a trial, got {stimuli.shape}")
    # MATLAB numbers pixels down the columns.
    planes = stimuli.reshape(-1, SIDE, SIDE).swapaxes(1, 2).astype(np.uint8)
    pictures = np.stack([square(Image.fromarray(np.ascontiguousarray(plane)), side) for plane in planes])
    split = np.repeat(np.array([TRAIN, TEST], np.int8), [train, tests])
    if validation > 0:
        lots = split_pictures(picture_hashes(pictures[:train]), validation, 0, seed)
        split[:train][lots == TEST] = VALIDATION
    dataset = Dataset(
        name=name,
        pictures=pictures,
        ids=tuple(f"digit{at:03d}" for at in range(len(pictures))),
        labels={"digit": ClassLabels(("6", "9"), labels.ravel().astype(np.int64) - 1)},
        sessions=(_session(responses, split),),
        split_by="stimuli",
        source=SOURCE,
    )
    return dataset, ["responses are of voxels and may be negative; bins and times are nominal"]


def _session(responses: np.ndarray, split: np.ndarray) -> Session:
    onset = np.arange(len(responses)) * TRIAL_S
    counts = Counts(responses[:, None].astype(np.float32), TRIAL_S * 1000, 0.0, signed=True)
    labels = tuple(f"voxel{at:04d}.0" for at in range(responses.shape[1]))
    return Session("fmri", labels, np.arange(len(onset)), onset, onset + TRIAL_S, split, counts=counts)

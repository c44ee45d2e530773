"""Training data: one HDF5 format (docs/training-data.md), its reader and writer, and importers into it."""

from .format import (
    SPLITS,
    ClassLabels,
    Counts,
    DataError,
    Dataset,
    Session,
    Spikes,
    ValueLabels,
    read_dataset,
    write_dataset,
)

__all__ = [
    "SPLITS",
    "ClassLabels",
    "Counts",
    "DataError",
    "Dataset",
    "Session",
    "Spikes",
    "ValueLabels",
    "read_dataset",
    "write_dataset",
]

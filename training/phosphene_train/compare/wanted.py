"""Where the data lie and how much of them is taken."""

from dataclasses import dataclass
from pathlib import Path


class Absent(Exception):
    """Data that are not here: one sentence that says what was expected where."""


@dataclass(frozen=True)
class Wanted:
    """data: folder of the recordings (macaque_v4, macaque_it_rasters, ...) or None; models: folder of the shipped
    bundles; emoji: pictures of the simulated scenes; folds: at most so many of each data set; small: a few trials of
    everything, to try the road."""

    data: Path | None
    models: Path
    emoji: Path
    seed: int = 0
    folds: int = 10
    small: bool = False

    def folder(self, name: str) -> Path:
        """A recording's folder; Absent where it is not there."""
        if self.data is None or not (self.data / name).is_dir():
            raise Absent(f"{name}: expected the recording in --data FOLDER/{name}, found none")
        return self.data / name

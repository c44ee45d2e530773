"""The data sets of the table, by name."""

from collections.abc import Callable

from .splits_fmri import fmri_digits
from .splits_it import it_rasters
from .splits_movies import simulated_movies
from .splits_simulated import simulated
from .splits_v1 import v1_movies
from .splits_v4 import v4_averaged, v4_trials
from .types import Split
from .wanted import Wanted

DATA_SETS: dict[str, Callable[[Wanted], list[Split]]] = {
    "simulated": simulated,
    "simulated-movies": simulated_movies,
    "v4": v4_averaged,
    "v4-trials": v4_trials,
    "it": it_rasters,
    "v1-movies": v1_movies,
    "fmri-digits": fmri_digits,
}
"""Each gives its parts (folds, sessions), and raises Absent in one sentence where its data are not here."""

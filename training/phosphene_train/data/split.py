"""Which presentations train, validate and test: by stimulus (its pixels, not its name) or by trial."""

import hashlib

import numpy as np

from .types import TEST, TRAIN, VALIDATION, DataError


def lots(hashes: list[str], seed: int) -> np.ndarray:
    """float64 [n] in [0, 1), one for each hash: it depends on the hash and the seed alone, on no other picture."""
    keyed = [hashlib.sha256(f"{seed}:{each}".encode()).digest()[:8] for each in hashes]
    return np.array([int.from_bytes(each) / 2**64 for each in keyed], np.float64)


def split_pictures(hashes: list[str], test: float, validation: float, seed: int) -> np.ndarray:
    """int8 [P]: pictures of the same hash fall together; shares are of different pictures, each at least one."""
    check_shares(test, validation)
    different = sorted(set(hashes), key=lambda each: lots([each], seed)[0])
    tests = max(1, round(test * len(different)))
    validations = max(1, round(validation * len(different))) if validation > 0 else 0
    if tests + validations >= len(different):
        raise DataError(
            f"split by stimuli: expected more than {tests + validations} different pictures "
            f"for {tests} of test and {validations} of validation, got {len(different)}"
        )
    place = {each: rank for rank, each in enumerate(different)}
    ranks = np.array([place[each] for each in hashes])
    return np.select([ranks < tests, ranks < tests + validations], [TEST, VALIDATION], TRAIN).astype(np.int8)


def split_by_lot(hashes: list[str], test: float, validation: float, seed: int, fold: int = 0) -> np.ndarray:
    """int8 [P]: a picture falls the same way whatever is imported beside it; folds 0, 1, ... test on other lots."""
    check_shares(test, validation)
    turned = (lots(hashes, seed) - fold * test) % 1.0
    return np.select([turned < test, turned < test + validation], [TEST, VALIDATION], TRAIN).astype(np.int8)


def split_trials(hashes: list[str], test: float, validation: float, seed: int) -> np.ndarray:
    """int8 [N] from the hash of the picture of each presentation: shares are spread evenly over the pictures.

    Presentations, sorted by picture and shuffled within one, are taken at equal steps (systematic sampling), so that a
    picture of n repeats has floor or ceil of `test` n in test.
    """
    check_shares(test, validation)
    rng = np.random.default_rng(seed)
    _, kind = np.unique(hashes, return_inverse=True)
    order = np.lexsort((rng.random(len(kind)), kind))
    split = np.full(len(kind), TRAIN, np.int8)
    split[_every(order, test, rng)] = TEST
    rest = order[split[order] == TRAIN]
    split[_every(rest, validation / (1 - test), rng)] = VALIDATION
    return split


def _every(order: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    steps = np.floor(np.arange(len(order) + 1) * share + rng.random())
    return order[np.diff(steps) > 0]


def check_shares(test: float, validation: float) -> None:
    """Both are shares, test is not empty, and train keeps something."""
    if not (0 < test < 1 and 0 <= validation < 1 and test + validation < 1):
        raise DataError(f"shares: expected test above 0, together below 1, got test {test}, validation {validation}")

"""Which emoji are the stimuli: eight categories that look alike within, and the random split of their objects."""

import numpy as np

CATALOGUE = {
    "animals": "1f400 1f401 1f402 1f403 1f404 1f405 1f406 1f407 1f408 1f40e 1f40f 1f410 1f411 1f412 1f415 1f416 1f418 "
    "1f422 1f429 1f42a 1f42b 1f43f-fe0f 1f98c 1f98d 1f98f 1f992 1f993 1f994 1f995 1f996 1f998 1f999 1f99b 1f9a1 1f9a3 "
    "1f9a8 1f9ab 1f9ac 1facf",
    "birds": "1f413 1f424 1f425 1f426 1f427 1f54a-fe0f 1f983 1f985 1f986 1f989 1f99a 1f99c 1f9a2 1f9a4 1f9a9 1fabf "
    "1f426-200d-2b1b",
    "buildings": "1f3e0 1f3e1 1f3e2 1f3e3 1f3e4 1f3e5 1f3e6 1f3e8 1f3e9 1f3ea 1f3eb 1f3ec 1f3ed 1f3ef 1f3f0 1f3d8-fe0f "
    "1f3da-fe0f 1f3db-fe0f 1f3df-fe0f 1f3aa 26ea 1f54c 1f54d 1f492 1f6d6 1f6d5",
    "cars": "1f697 1f698 1f693 1f694 1f695 1f696 1f699 1f690 1f691 1f692 1f69a 1f69b 1f69c 1f68b 1f68c 1f68d 1f68e "
    "1f6fa 1f6fb 1f3ce-fe0f 1f683 1f682",
    "faces": "1f600 1f601 1f602 1f607 1f608 1f609 1f60a 1f60d 1f60e 1f610 1f61b 1f61f 1f621 1f622 1f628 1f62e 1f637 "
    "1f913 1f920 1f921 1f922 1f976 1f978 1f916 1f47d 1f480 1f466 1f467 1f468 1f469 1f471 1f473 1f474 1f475 1f476 1f9d2 "
    "1f9d4 1f9d5 1f385 1f936",
    "fruits": "1f345 1f346 1f347 1f349 1f34b 1f34c 1f34d 1f34e 1f34f 1f350 1f351 1f352 1f353 1f951 1f952 1f955 1f95c "
    "1f966 1f96c 1f96d 1f9c4 1f9c5 1fad1 1fad8 1fada 1fadb 1f336-fe0f 1f33d 1f344 1f360",
    "hands": "1f446 1f447 1f448 1f449 1f44a 1f44b 1f44c 1f44d 1f44e 1f450 1f590-fe0f 1f596 1f90c 1f90f 1f918 1f919 "
    "1f91a 1f91b 1f91c 1f91d 1f91e 1f91f 1f932 1faf0 1faf1 1faf2 1faf3 1faf4 1faf5 261d-fe0f 270a 270b 270c-fe0f",
    "plants": "1f331 1f332 1f333 1f334 1f335 1f337 1f338 1f339 1f33a 1f33b 1f33c 1f33e 1f33f 1f340 1f341 1f342 1f384 "
    "1f38b 1f38d 1f490 1f940 1fab4 1fab7 1fabb 2618-fe0f",
}
"""Code points of each category. Left out: balls and discs (their angle cannot be seen) and rude gestures.

`fruits` holds vegetables, `cars` buses and trams, `animals` those that walk on four legs, or nearly so.
"""

SPLIT_SEED = 2024
"""Draws which objects the decoder never sees, before anything was measured; not chosen by hand, not redrawn."""
HELD_OUT_SHARE, LEAST_HELD_OUT = 0.15, 3


def categories() -> tuple[str, ...]:
    return tuple(CATALOGUE)


def catalogue() -> list[tuple[str, int, bool]]:
    """(code point, category id, seen in the decoder's training) of every object, in a fixed order."""
    generator = np.random.default_rng(SPLIT_SEED)
    rows = []
    for index, codes in enumerate(CATALOGUE.values()):
        names = codes.split()
        held_out = set(generator.permutation(len(names))[: held_out_count(len(names))].tolist())
        rows += [(code, index, position not in held_out) for position, code in enumerate(names)]
    return rows


def held_out_count(objects: int) -> int:
    """How many of a category's objects are kept from the decoder."""
    return max(LEAST_HELD_OUT, round(HELD_OUT_SHARE * objects))


def object_counts() -> dict[str, tuple[int, int]]:
    """Category -> objects in the decoder's training, objects it never sees."""
    rows = catalogue()
    return {
        name: tuple(sum(c == index and s is seen for _, c, s in rows) for seen in (True, False))
        for index, name in enumerate(CATALOGUE)
    }

"""The pictures that an NWB file's stimulus names stand for: from its templates, or from a folder."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from .nwb_file import text
from .nwb_shown import Shown
from .pictures import list_pictures, open_square, square_array
from .types import DataError

Read = Callable[[], np.ndarray]
IMAGES = ("GrayscaleImage", "RGBImage", "RGBAImage", "Image")


def read_pictures(file: h5py.File, shown: Shown, folder: Path | None, template: str | None, side: int) -> dict:
    """uint8 [side, side, 3] for every stimulus name. Raises DataError naming the first that has no picture."""
    names = list(dict.fromkeys(shown.names))
    if folder is not None:
        places = [(str(folder), {name: _opener(path, side) for name, path in list_pictures(folder).items()})]
    else:
        places = [(path, _members(file[path], side)) for path in _templates(file, shown, template)]
    fitting = [place for place in places if all(name in place[1] for name in names)]
    if len(fitting) > 1 and template is None:
        there = ", ".join(path for path, _ in fitting)
        raise DataError(f"pictures: expected one template for the stimuli, found {there}; name one with --template")
    if not fitting:
        raise DataError(_nothing(names, places, shown))
    return {name: fitting[0][1][name]() for name in names}


def _nothing(names: list[str], places: list, shown: Shown) -> str:
    if not places:
        return "pictures: expected images in /stimulus/templates or --images FOLDER, found neither"
    path, members = max(places, key=lambda place: sum(name in place[1] for name in names))
    missing = [name for name in names if name not in members]
    there = ", ".join(list(members)[:6]) or "none"
    return (
        f"pictures: expected one for stimulus {missing[0]!r} of {shown.table} "
        f"({len(missing)} of {len(names)} have none), found in {path}: {there}"
    )


def _templates(file: h5py.File, shown: Shown, wanted: str | None) -> list[str]:
    """Paths of the groups that may hold the pictures."""
    if wanted is None and shown.indexed is not None:
        return [shown.indexed]
    group = file.get("stimulus/templates")
    members = [group[name] for name in group] if isinstance(group, h5py.Group) else []
    paths = [each.name for each in members if isinstance(each, h5py.Group)]
    if wanted is None:
        return paths
    chosen = [path for path in paths if path.rsplit("/", 1)[-1] == wanted]
    if not chosen:
        there = ", ".join(paths) or "none"
        raise DataError(f"/stimulus/templates: expected {wanted}, found {there}")
    return chosen


def _members(group: h5py.Group, side: int) -> dict[str, Read]:
    """By name and by number: the images of an Images group, or the frames of an ImageSeries."""
    data = group.get("data")
    if isinstance(data, h5py.Dataset) and data.ndim in (3, 4):
        return {str(at): _reader(data, at, side) for at in range(len(data))}
    images = [group[name] for name in group if text(group[name].attrs.get("neurodata_type", "")) in IMAGES]
    order = group.get("order_of_images")
    if isinstance(order, h5py.Dataset):
        images = [group.file[reference] for reference in order[()]]
    members = {str(at): _reader(image, None, side) for at, image in enumerate(images)}
    return members | {image.name.rsplit("/", 1)[-1]: _reader(image, None, side) for image in images}


def _reader(data: h5py.Dataset, frame: int | None, side: int) -> Read:
    """Rows first, as NWB's own tutorials write images (the schema says x, y)."""
    name = data.name if frame is None else f"{data.name}[{frame}]"
    return lambda: square_array(data[()] if frame is None else data[frame], side, name)


def _opener(path: Path, side: int) -> Read:
    return lambda: open_square(path, side)

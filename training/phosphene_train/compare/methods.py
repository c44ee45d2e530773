"""The methods that are compared: one file `methods_<kind>.py` a kind, each with a tuple METHODS."""

from importlib import import_module
from importlib.util import find_spec

from .types import Method

KINDS = ("baseline", "linear", "direct", "diffusion", "optimise", "guided", "latent_diffusion")


def all_methods() -> tuple[Method, ...]:
    """Every method in the order of the table; names are unique."""
    modules = [f"{__package__}.methods_{kind}" for kind in KINDS]
    found = tuple(method for name in modules if find_spec(name) for method in import_module(name).METHODS)
    names = [method.name for method in found]
    if len(set(names)) != len(names):
        raise ValueError(f"methods: expected distinct names, got {', '.join(names)}")
    return found


def choose(names: list[str]) -> tuple[Method, ...]:
    """The named methods, or those of a named kind; all of them for no names. ValueError for a name that is none."""
    methods = all_methods()
    unknown = [name for name in names if not any(name in (m.name, m.kind) for m in methods)]
    if unknown:
        raise ValueError(f"--methods: expected some of {', '.join(m.name for m in methods)}, got {', '.join(unknown)}")
    return tuple(m for m in methods if not names or m.name in names or m.kind in names)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Events in files, jets from particles, and what models say of them, as awkward arrays.

>>> import awkward as ak
>>> import canopy
>>> particles = ak.zip({"pt": [[40.0, 60.0]], "eta": [[0.1, 0.2]], "phi": [[0.0, 0.1]], "mass": [[0.0, 0.0]]})
>>> jets = canopy.cluster(particles, radius=0.4, min_pt=20)
>>> jets.constituents.tolist()
[[[0, 1]]]

Four-momenta are in GeV, azimuths of jets in [0, 2π).
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._cluster import cluster
    from ._errors import InputError
    from ._evaluation import Evaluation, evaluate
    from ._files import iterate, read, write
    from ._friend import write_friend
    from ._library import load_plugins
    from ._model import Model, load_model, models
    from ._training import train

    __version__: str

__all__ = [
    "Evaluation",
    "InputError",
    "Model",
    "cluster",
    "evaluate",
    "iterate",
    "load_model",
    "load_plugins",
    "models",
    "read",
    "train",
    "write",
    "write_friend",
]

# The command imports this package too, and must not wait for awkward: a name is imported when it is first used.
_MODULES = {
    "Evaluation": "_evaluation",
    "InputError": "_errors",
    "Model": "_model",
    "cluster": "_cluster",
    "evaluate": "_evaluation",
    "iterate": "_files",
    "load_model": "_model",
    "load_plugins": "_library",
    "models": "_model",
    "read": "_files",
    "train": "_training",
    "write": "_files",
    "write_friend": "_friend",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("._library", __name__).version()
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f".{_MODULES[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

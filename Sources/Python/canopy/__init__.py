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

from ._cluster import cluster
from ._errors import InputError
from ._evaluation import Evaluation, evaluate
from ._files import iterate, read, write
from ._library import load_plugins, version
from ._model import Model, load_model, models
from ._training import train

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
]
__version__ = version()

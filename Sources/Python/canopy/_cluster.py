# SPDX-License-Identifier: GPL-3.0-or-later
"""Jets of particles."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import awkward as ak

from . import _dask, _jets, _model, _particles, _settings
from ._library import failure, ffi, library


@_dask.by_partitions
def cluster(
    particles: Any,
    algorithm: str = "antikt",
    radius: float = 0.4,
    *,
    power: float | None = None,
    min_pt: float = 0.0,
    recombination: str = "E",
    recluster: str | None = None,
    exclusive_jets: int | None = None,
    exclusive_dcut: float | None = None,
    max_abs_rapidity: float | None = None,
    constituents: bool = True,
    trees: bool = False,
    observables: Iterable[str] | Mapping[str, Mapping[str, Any]] = (),
    apply: str | os.PathLike[str] | None = None,
    threads: int | None = None,
) -> Any:
    """Find the jets of events.

    Parameters
    ----------
    particles
        Particles in GeV: an awkward array of records, `events * var * {px, py, pz, E}`, with any of px/py/pz/E (or
        energy), px/py/pz/mass, pt/eta/phi/mass (or m), pt/eta/phi/E and pt/rapidity/phi/mass; others are columns
        of the particles, which observables may read. Or a NumPy structured array, one- or two-dimensional, which may
        have a mask; or one event. Or such an array of `dask_awkward`, for which the result is one too. A particle, or
        an event, that is None is passed over. A mass below 0 stands for a negative square, as FastJet's and vector's
        does.
    algorithm
        antikt, kt, cambridge, genkt, ee-kt or ee-genkt, as FastJet has them.
    radius
        The jet radius R; ee-kt has none.
    power
        The power p of genkt and ee-genkt.
    min_pt
        The least pT of inclusive jets in GeV; exclusive jets have none.
    recombination
        E, pt, pt2, Et, Et2, BIpt, BIpt2, WTA-pt or WTA-modp, as FastJet has them.
    recluster
        The algorithm by which the constituents of a jet are clustered once more for its tree.
    exclusive_jets, exclusive_dcut
        Stop when so many jets are left, or all distances are larger, instead of inclusive jets.
    max_abs_rapidity
        The largest absolute rapidity of a jet.
    constituents
        Whether jets have the indices of their particles.
    trees
        Whether jets have their trees.
    observables
        Names of observables such as soft-drop, or a mapping of names to their settings.
    apply
        What the momenta of particles are multiplied by before jets are found: puppi, softkiller or another observable
        that gives constituents the number `weight`, also one of `observables`; or a model whose head
        particle-identification has that output, its folder or the name of one that comes with Canopy, as in pileup.
        Particles of weight 0 are left out. They must have the columns that it reads, such as `vertex`.
    threads
        How many threads work; those that the process may use unless given, and one for each partition of an array of
        `dask_awkward`. The numbers have the same bits.

    Returns
    -------
    awkward.Array
        The jets of each event, by falling pT, and by falling E for ee-kt and ee-genkt: records of `pt`, `rapidity`,
        `phi` in [0, 2π) and `mass`; `constituents`, indices into the particles of the event; `tree`, whose nodes are
        the constituents in their order and then the splittings, the root last, with `left` and `right` (−1 for leaves),
        `leaf` (the index of the particle, −1 for splittings), `pt`, `rapidity`, `phi`, `mass`, and for splittings `kt`,
        `delta_r`, `z`; and a record for each observable.

    Raises
    ------
    InputError
        If an event has a number that cannot be used; it names event and field.
    TypeError
        If a setting, or what is given as particles, has a type that is not read.
    ValueError
        If a setting is out of range, or the settings do not go together.
    """
    settings: dict[str, Any] = {
        "algorithm": _settings.word("algorithm", algorithm),
        "recombination": _settings.word("recombination", recombination),
        "trees": _settings.flag("trees", trees),
        "threads": _settings.threads(threads),
    }
    checked_radius = _settings.number("radius", radius)
    if algorithm != "ee-kt":
        settings["radius"] = checked_radius
    least = _settings.number("min_pt", min_pt)
    if least != 0 or (exclusive_jets is None and exclusive_dcut is None):
        settings["min-pt"] = least
    optional: tuple[tuple[str, Any, Callable[[str, Any], Any]], ...] = (
        ("power", power, _settings.number),
        ("recluster", recluster, _settings.word),
        ("exclusive-jets", exclusive_jets, _settings.count),
        ("exclusive-dcut", exclusive_dcut, _settings.number),
        ("max-abs-rapidity", max_abs_rapidity, _settings.number),
    )
    for key, value, check in optional:
        if value is not None:
            settings[key] = check(key.replace("-", "_"), value)
    named = _observables(observables)
    if named:
        settings["observables"] = named
    constituents = _settings.flag("constituents", constituents)
    # The rows of observables are counted by them.
    settings["constituents"] = constituents or bool(named)
    if apply is not None:
        settings["apply"] = _model.applied(apply)
    finder = _finder(_settings.text(settings), _model.written_of(settings))
    given = _particles.read(particles, columns=bool(named) or apply is not None)
    arrays = _jets.run(given, lambda events, results: library.canopy_find_jets(finder, events, results))
    jets = _jets.jets(arrays, given, constituents=constituents)
    for name, numbers in _jets.events(arrays).items():
        jets = ak.with_field(jets, numbers, name, highlevel=False)
    return _jets.as_given(jets, given)


def _observables(given: Any) -> dict[str, dict[str, Any]]:
    """Give the settings of each observable by its name."""
    if isinstance(given, str):
        given = (given,)
    if isinstance(given, Mapping):
        return {
            name: _settings.mapping(f"observables[{name!r}]", value)
            for name, value in _settings.mapping("observables", given).items()
        }
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise TypeError(f"observables must be names or a mapping of names to settings, not {given!r}.")
    return {_settings.word("a name in observables", name): {} for name in given}


@functools.lru_cache(maxsize=64)
def _finder(settings: str, written: tuple[int, ...]) -> Any:
    finder = library.canopy_finder_open(settings.encode())
    if finder == ffi.NULL:
        raise failure()
    return ffi.gc(finder, library.canopy_finder_close)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Jets of particles."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any

from . import _jets, _particles
from ._library import failure, ffi, library


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
    threads: int | None = None,
) -> Any:
    """Find the jets of events.

    Parameters
    ----------
    particles
        Particles in GeV: an awkward array of records, `events * var * {px, py, pz, E}`, with any of px/py/pz/E (or
        energy), px/py/pz/mass, pt/eta/phi/mass (or m), pt/eta/phi/E and pt/rapidity/phi/mass; others are columns
        of the particles, which observables may read. Or a NumPy structured array, one- or two-dimensional, which may
        have a mask; or one event. A particle, or an event, that is None is passed over.
    algorithm
        antikt, kt, cambridge, genkt, ee-kt or ee-genkt, as FastJet has them.
    radius
        The jet radius R; ee-kt has none.
    power
        The power p of genkt and ee-genkt.
    min_pt
        The least pT of inclusive jets in GeV.
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
    threads
        How many threads work; those that the process may use unless given. The numbers have the same bits.

    Returns
    -------
    awkward.Array
        The jets of each event, by falling pT: records of `pt`, `rapidity`, `phi` in [0, 2π) and `mass`; `constituents`,
        indices into the particles of the event; `tree`, whose nodes are the constituents in their order and then the
        splittings, the root last, with `left` and `right` (−1 for leaves), `leaf` (the index of the particle, −1 for
        splittings), `pt`, `rapidity`, `phi`, `mass`, and for splittings `kt`, `delta_r`, `z`; and a record for each
        observable.

    Raises
    ------
    InputError
        If an event has a number that cannot be used; it names event and field.
    ValueError
        If the settings do not go together.
    """
    settings: dict[str, Any] = {
        "algorithm": algorithm,
        "recombination": recombination,
        "trees": trees,
        "threads": _jets.threads(threads),
    }
    if algorithm != "ee-kt":
        settings["radius"] = float(radius)
    optional = {
        "power": power,
        "recluster": recluster,
        "exclusive-jets": exclusive_jets,
        "exclusive-dcut": exclusive_dcut,
        "max-abs-rapidity": max_abs_rapidity,
    }
    settings |= {name: value for name, value in optional.items() if value is not None}
    if exclusive_jets is None and exclusive_dcut is None:
        settings["min-pt"] = float(min_pt)
    if isinstance(observables, str):
        observables = (observables,)
    named = observables if isinstance(observables, Mapping) else {name: {} for name in observables}
    if named:
        settings["observables"] = {name: dict(value) for name, value in named.items()}
    # The rows of observables are counted by them.
    settings["constituents"] = bool(constituents) or bool(named)
    finder = _finder(_jets.settings_text(settings))
    given = _particles.read(particles)
    arrays = _jets.run(given, lambda events, results: library.canopy_find_jets(finder, events, results))
    found = _jets.jets(arrays, given)
    if not constituents and named:
        found = _jets.without_constituents(found)
    for name, value in _jets.events(arrays).items():
        found[name] = value
    return _jets.as_given(found, given)


@functools.lru_cache(maxsize=64)
def _finder(settings: str) -> Any:
    finder = library.canopy_finder_open(settings.encode())
    if finder == ffi.NULL:
        raise failure()
    return ffi.gc(finder, library.canopy_finder_close)

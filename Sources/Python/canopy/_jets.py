# SPDX-License-Identifier: GPL-3.0-or-later
"""Awkward arrays of what the library finds."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from ._library import Results, failure
from ._particles import Particles

Arrays = dict[str, npt.NDArray[Any]]


def run(particles: Particles, call: Callable[[Any, Any], int]) -> Arrays:
    """Let the library work on all events, part by part.

    Parameters
    ----------
    particles
        The events.
    call
        The function of the library, given `canopy_events` and `canopy_results`.
    """
    results = Results()
    parts: list[Arrays] = []
    for first, events in particles.views():
        if call(events, results.pointer) != 0:
            raise failure(place=functools.partial(particles.place, first))
        parts.append(results.arrays())
    if len(parts) == 1:
        return parts[0]
    return {name: _joined(name, [part[name] for part in parts]) for name in parts[0]}


def _joined(name: str, parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    if not name.endswith("offset"):
        return np.concatenate(parts)
    # Offsets go on from those of the part before.
    ends = np.cumsum([0] + [part[-1] for part in parts])
    return np.concatenate([parts[0][:1]] + [part[1:] + end for part, end in zip(parts, ends, strict=False)])


def jets(arrays: Arrays, particles: Particles, *, constituents: bool) -> Any:
    """Give the layout of the jets of each event, as records with the indices of their particles or without."""
    fields: dict[str, Any] = {name: arrays.pop(f"jet/{name}") for name in ("pt", "rapidity", "phi", "mass")}
    offsets = arrays.pop("jet/offset")
    first_particles = np.repeat(particles.offsets[:-1], np.diff(offsets))
    if "jet/constituent" in arrays:
        of_constituents = arrays.pop("jet/constituent_offset")
        places = _places(arrays.pop("jet/constituent"), of_constituents, first_particles, particles)
        fields["constituents"] = _list(of_constituents, places)
    if "tree/offset" in arrays:
        of_nodes = arrays.pop("tree/offset")
        tree = {name.removeprefix("tree/"): arrays.pop(name) for name in list(arrays) if name.startswith("tree/")}
        tree["leaf"] = _places(tree["leaf"], of_nodes, first_particles, particles)
        fields["tree"] = _list(of_nodes, _record(tree))
    for name, value in _named(arrays, "jet").items():
        fields[name] = value
    for kind in ("constituent", "splitting"):
        rows = _named(arrays, kind)
        if rows:
            fields[kind] = _list(_row_offsets(arrays, kind, fields), _record(rows))
    if not constituents:
        fields.pop("constituents", None)
    return _list(offsets, _record(fields))


def _places(
    numbers: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    first_particles: npt.NDArray[np.int64],
    particles: Particles,
) -> npt.NDArray[np.int64]:
    """Give the places of particles in their events as the user counts them; what is negative stays."""
    places = numbers.astype(np.int64)
    if particles.places is None:
        return places
    is_particle = places >= 0
    index = places + np.repeat(first_particles, np.diff(offsets))
    places[is_particle] = particles.places[index[is_particle]]
    return places


def _row_offsets(arrays: Arrays, kind: str, fields: dict[str, Any]) -> npt.NDArray[np.int64]:
    """Give the first row of each jet: those of constituents, or one fewer for each jet of splittings."""
    of_constituents = arrays.get("jet/constituent_offset")
    if of_constituents is None:
        of_constituents = np.asarray(fields["constituents"].offsets)
    return of_constituents if kind == "constituent" else of_constituents - np.arange(len(of_constituents))


def events(arrays: Arrays) -> dict[str, Any]:
    """Give what is known of the events: a record for each head or observable."""
    return _named(arrays, "event")


def _named(arrays: Arrays, rows: str) -> dict[str, Any]:
    """Take the arrays of such rows away, as a record for each head or observable."""
    groups: dict[str, dict[str, Any]] = {}
    plain: dict[str, Any] = {}
    for name in [name for name in arrays if name.startswith(f"{rows}/")]:
        values = arrays.pop(name)
        head, _, output = name.removeprefix(f"{rows}/").partition("/")
        if output:
            groups.setdefault(head, {})[output] = values
        else:
            plain[head] = _content(values)
    return plain | {head: _record(outputs) for head, outputs in groups.items()}


def _content(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        layout = ak.contents.NumpyArray(np.ascontiguousarray(values.reshape(-1)))
        return layout if values.ndim == 1 else ak.contents.RegularArray(layout, values.shape[1], len(values))
    return values


def _list(offsets: npt.NDArray[np.int64], content: Any) -> Any:
    return ak.contents.ListOffsetArray(ak.index.Index64(offsets), _content(content))


def _record(fields: dict[str, Any]) -> Any:
    return ak.contents.RecordArray([_content(value) for value in fields.values()], list(fields))


def as_given(result: Any, particles: Particles) -> ak.Array:
    """Give the layout of a result in the form in which the events were given: of one event, or None for one."""
    if particles.is_one_event:
        return ak.Array(result.content) if result.is_list else ak.Array(result)[0]
    if particles.present is not None:
        index = np.full(particles.given_count, -1, dtype=np.int64)
        index[particles.present] = np.arange(len(particles.present))
        result = ak.contents.IndexedOptionArray(ak.index.Index64(index), result)
    return ak.Array(result.to_typetracer(forget_length=True) if particles.is_traced else result)

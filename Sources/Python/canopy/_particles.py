# SPDX-License-Identifier: GPL-3.0-or-later
"""Particles of users as the flat arrays that the library reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from ._errors import InputError
from ._library import ffi

# Each way of giving a momentum, by its number in canopy.h, and the names that each of its numbers may have.
ENERGY = ("E", "energy", "e", "t")
MASS = ("mass", "m", "M", "tau")
TRANSVERSE = (("pt", "rho"), ("phi",))
LAYOUTS: tuple[tuple[int, tuple[tuple[str, ...], ...]], ...] = (
    (0, (("px", "x"), ("py", "y"), ("pz", "z"), ENERGY)),
    (1, (("px", "x"), ("py", "y"), ("pz", "z"), MASS)),
    (3, (TRANSVERSE[0], ("eta",), TRANSVERSE[1], MASS)),
    (2, (TRANSVERSE[0], ("eta",), TRANSVERSE[1], ENERGY)),
    (4, (TRANSVERSE[0], ("rapidity", "y"), TRANSVERSE[1], MASS)),
)
IDENTIFIERS = ("pdgid", "pdgId", "pdg_id", "PID", "pid")
# How much one call of the library works on, so that a signal need not wait long.
EVENTS_AT_ONCE = 1 << 14
PARTICLES_AT_ONCE = 1 << 19


@dataclasses.dataclass
class Particles:
    """Particles as flat arrays, and what has to be done with what is found of them.

    Attributes
    ----------
    offsets
        The first particle of each event, and the number of particles at the end: `[events + 1]`.
    momenta
        How momenta are given, by its number in `canopy.h`.
    components
        The four numbers of each momentum: `[4][particles]`.
    identifiers
        Particle Data Group identifiers, `[particles]`, or None.
    columns
        What else is known of the particles: `[particles]` each.
    event_columns
        What is known of the events: `[events]` or `[events × width]` each.
    places
        The place in its event, as the user gave it, of each particle; None if none was left out.
    missing
        Which events are None: `[events]`; None if none is.
    is_one_event
        Whether the user gave one event rather than an array of them.
    """

    offsets: npt.NDArray[np.int64]
    momenta: int
    components: list[npt.NDArray[np.float64]]
    identifiers: npt.NDArray[np.int32] | None
    columns: dict[str, npt.NDArray[np.float64]]
    event_columns: dict[str, npt.NDArray[np.float64]]
    places: npt.NDArray[np.int64] | None
    missing: npt.NDArray[np.bool_] | None
    is_one_event: bool

    @property
    def event_count(self) -> int:
        """The number of events."""
        return len(self.offsets) - 1

    def views(self) -> Iterator[tuple[int, Any, list[Any]]]:
        """Give the events in parts, so that a signal ends a long call between two of them.

        Yields
        ------
        tuple
            The first event of the part, its `canopy_events`, and what must live as long as this.
        """
        first = 0
        while first < max(self.event_count, 1):
            end = int(np.searchsorted(self.offsets, self.offsets[first] + PARTICLES_AT_ONCE, side="right")) - 1
            count = max(min(end - first, EVENTS_AT_ONCE, self.event_count - first), min(1, self.event_count))
            kept: list[Any] = []
            events = ffi.new("canopy_events *", {"size": ffi.sizeof("canopy_events")})
            events.event_count = count
            events.offsets = _pointer("int64_t", self.offsets[first:], kept)
            events.particle_count = len(self.components[0])
            events.momenta = self.momenta
            for index, component in enumerate(self.components):
                events.components[index] = _pointer("double", component, kept)
            if self.identifiers is not None:
                events.pdgid = _pointer("int32_t", self.identifiers, kept)
            events.particle_columns, events.particle_column_count = _columns(self.columns, kept)
            rows = {name: values[first : first + count] for name, values in self.event_columns.items()}
            events.event_columns, events.event_column_count = _columns(rows, kept)
            yield first, events, kept
            first += max(count, 1)


def _pointer(kind: str, values: npt.NDArray[Any], kept: list[Any]) -> Any:
    values = np.ascontiguousarray(values)
    pointer = ffi.from_buffer(f"{kind}[]", values)
    kept += [values, pointer]
    return ffi.cast(f"{kind} *", pointer)


def _columns(columns: Mapping[str, npt.NDArray[np.float64]], kept: list[Any]) -> tuple[Any, int]:
    if not columns:
        return ffi.NULL, 0
    array = ffi.new("canopy_column[]", len(columns))
    for place, (name, values) in enumerate(columns.items()):
        encoded = ffi.new("char[]", name.encode())
        kept.append(encoded)
        array[place].name = encoded
        array[place].values = _pointer("double", np.asarray(values, dtype=np.float64), kept)
        array[place].width = 1 if values.ndim == 1 else values.shape[1]
    kept.append(array)
    return array, len(columns)


def read(particles: Any, event: Any = None) -> Particles:
    """Read particles in any of the forms that `canopy.cluster` takes.

    Parameters
    ----------
    particles
        An awkward or NumPy array of records of one event or of many.
    event
        Columns of the events: a mapping or an array of records.
    """
    layout = ak.to_layout(_awkward(particles))
    missing = None
    if layout.is_option:
        missing = np.asarray(layout.mask_as_bool(valid_when=False))
    while layout.is_option or layout.is_indexed:
        layout = layout.project()
    is_one_event = layout.is_record
    places = None
    if is_one_event:
        offsets, content = np.array([0, len(layout)], dtype=np.int64), layout
        if missing is not None:
            # None stands for a particle here, not for an event.
            places, missing = np.flatnonzero(~missing), None
    else:
        offsets, content = _lists(layout)
        offsets = _with_missing(offsets, missing)
    if content.is_option:
        offsets, places = _without_holes(offsets, np.asarray(content.mask_as_bool(valid_when=True)))
    while content.is_option or content.is_indexed:
        content = content.project()
    if not content.is_record and not content.is_unknown:
        raise TypeError(
            f"particles need fields, such as px, py, pz and E, but the type is {layout.form.type}; give records."
        )
    columns = {name: _numbers(content, name) for name in _usable(content)}
    momenta, names = _layout(columns, list(content.fields))
    identifier = next((name for name in IDENTIFIERS if name in columns), None)
    used = {*names, identifier}
    return Particles(
        offsets=offsets,
        momenta=momenta,
        components=[columns[name] for name in names],
        identifiers=None if identifier is None else _identifiers(columns[identifier], offsets, identifier),
        columns={name: values for name, values in columns.items() if name not in used},
        event_columns=_event_columns(event, len(offsets) - 1),
        places=places,
        missing=missing,
        is_one_event=is_one_event,
    )


def _with_missing(offsets: npt.NDArray[np.int64], missing: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
    """Give the offsets of all events if they are those of the events that are not None."""
    if missing is None:
        return offsets
    counts = np.zeros(len(missing), dtype=np.int64)
    counts[~missing] = np.diff(offsets)
    return np.asarray(offsets[0] + np.concatenate([[0], np.cumsum(counts)]), dtype=np.int64)


def _without_holes(
    offsets: npt.NDArray[np.int64], is_there: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the offsets without particles that are None, and the place in its event of each that is left."""
    starts = np.zeros(len(is_there), dtype=np.int64)
    starts[offsets[0] : offsets[-1]] = np.repeat(offsets[:-1], np.diff(offsets))
    before = np.concatenate([[0], np.cumsum(is_there)])
    return before[offsets], (np.arange(len(is_there)) - starts)[is_there]


def _awkward(particles: Any) -> Any:
    if isinstance(particles, np.ma.MaskedArray):
        mask: Any = np.ma.getmaskarray(particles)
        if mask.dtype.names:
            # A particle is one only if all of its numbers are.
            mask = np.logical_or.reduce([mask[name] for name in mask.dtype.names])
        return ak.mask(_awkward(np.ma.getdata(particles)), _awkward(~mask))
    if isinstance(particles, np.ndarray):
        if particles.dtype.names:
            # Records of numbers rather than of lists of numbers.
            names = [name for name in particles.dtype.names if particles.dtype[name].kind in "biuf"]
            return ak.zip({name: _awkward(particles[name]) for name in names})
        return ak.from_regular(ak.from_numpy(particles), axis=None)
    if isinstance(particles, Mapping):
        return ak.zip({name: ak.Array(values) for name, values in particles.items()})
    return particles if isinstance(particles, ak.Array) else ak.Array(particles)


def _lists(layout: Any) -> tuple[npt.NDArray[np.int64], Any]:
    """Give the offsets of a layout's lists and what they count, without a copy if the layout is a plain list."""
    if layout.is_unknown:
        return np.zeros(1, dtype=np.int64), layout
    if not layout.is_list:
        raise TypeError(
            f"particles need fields, such as px, py, pz and E, but the type is {layout.form.type}; give records."
        )
    lists = layout.to_ListOffsetArray64(False)
    return np.asarray(lists.offsets, dtype=np.int64), lists.content


def _usable(content: Any) -> list[str]:
    """Give the fields that have one number for each particle."""
    if content.is_unknown or not content.is_record:
        return []
    return [name for name in content.fields if _is_number(content[name])]


def _is_number(layout: Any) -> bool:
    while layout.is_option or layout.is_indexed:
        layout = layout.content
    return bool(layout.is_numpy and layout.purelist_depth == 1 and layout.dtype.kind in "biuf")


def _numbers(content: Any, name: str) -> npt.NDArray[np.float64]:
    values = ak.fill_none(ak.Array(content[name]), np.nan)
    return np.asarray(values, dtype=np.float64)


def _layout(columns: Mapping[str, Any], fields: list[str]) -> tuple[int, list[str]]:
    if not fields:
        # An array without any particle may have lost its fields.
        return 0, _without_particles(columns)
    for momenta, aliases in LAYOUTS:
        names = [next((name for name in names if name in columns), None) for names in aliases]
        found = [name for name in names if name is not None]
        # "y" is a rapidity beside pt, and a component beside x.
        if len(found) == 4 and len(set(found)) == 4:
            return momenta, found
    raise InputError(
        f"the particles have the fields {', '.join(fields)}, which make no momenta; give px, py, pz, E, or pt, eta (or "
        "rapidity), phi, mass."
    )


def _without_particles(columns: Any) -> list[str]:
    names = ["px", "py", "pz", "E"]
    for name in names:
        columns[name] = np.zeros(0)
    return names


def _identifiers(values: npt.NDArray[np.float64], offsets: npt.NDArray[np.int64], name: str) -> npt.NDArray[np.int32]:
    whole = np.where(np.isfinite(values), values, 0.5)
    bad = np.flatnonzero((whole != np.rint(whole)) | (np.abs(whole) > np.iinfo(np.int32).max))
    if len(bad):
        event = int(np.searchsorted(offsets, bad[0], side="right")) - 1
        raise InputError(
            f"event {event}: {name} is {values[bad[0]]}, which is no identifier of the Particle Data Group.",
            event=event,
            field=name,
        )
    return whole.astype(np.int32)


def _event_columns(event: Any, count: int) -> dict[str, npt.NDArray[np.float64]]:
    if event is None:
        return {}
    names = list(event) if isinstance(event, Mapping) else ak.fields(ak.Array(event))
    columns = {}
    for name in names:
        given: Any = event[name]
        if isinstance(given, np.ma.MaskedArray):
            given = np.ma.filled(given.astype(np.float64), np.nan)
        values = np.asarray(given, dtype=np.float64)
        values = np.full(count, values[()]) if values.ndim == 0 else np.ascontiguousarray(values)
        if len(values) != count or values.ndim > 2:
            raise ValueError(f"{name} has {len(values)} rows for {count} events; give each event as many numbers.")
        columns[str(name)] = values
    return columns

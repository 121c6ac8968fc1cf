# SPDX-License-Identifier: GPL-3.0-or-later
"""Particles of users as the flat arrays that the library reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from . import _columns
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
# What the records of Python's package vector are called, whose fields may be other coordinates, such as θ, and what
# every one of them gives.
VECTORS = ("Momentum4D", "Vector4D")
OF_VECTORS = ("x", "y", "z", "t")
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
    present
        The place, as the user gave it, of each event; None if none can be None.
    given_count
        The number of events that the user gave.
    is_one_event
        Whether the user gave one event rather than an array of them.
    is_traced
        Whether the user gave the type of events alone, which Dask asks what becomes of.
    """

    offsets: npt.NDArray[np.int64]
    momenta: int
    components: list[npt.NDArray[np.float64]]
    identifiers: npt.NDArray[np.int32] | None
    columns: dict[str, npt.NDArray[np.float64]]
    event_columns: dict[str, npt.NDArray[np.float64]]
    places: npt.NDArray[np.int64] | None
    present: npt.NDArray[np.int64] | None
    given_count: int
    is_one_event: bool
    is_traced: bool

    @property
    def event_count(self) -> int:
        """The number of events that are not None."""
        return len(self.offsets) - 1

    def place(self, first: int, event: int) -> int:
        """Give the place, as the user gave it, of an event of the part that begins with `first`."""
        return first + event if self.present is None else int(self.present[first + event])

    def views(self) -> Iterator[tuple[int, Any]]:
        """Give the events in parts, so that a signal ends a long call between two of them.

        Yields
        ------
        tuple
            The first event of the part, and its `canopy_events`, valid until the next.
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
            events.particle_columns, events.particle_column_count = _pointers(self.columns, kept)
            rows = {name: values[first : first + count] for name, values in self.event_columns.items()}
            events.event_columns, events.event_column_count = _pointers(rows, kept)
            yield first, events
            first += max(count, 1)


def _pointer(kind: str, values: npt.NDArray[Any], kept: list[Any]) -> Any:
    pointer = ffi.from_buffer(f"{kind}[]", values)
    kept.append(pointer)
    return ffi.cast(f"{kind} *", pointer)


def _pointers(columns: Mapping[str, npt.NDArray[np.float64]], kept: list[Any]) -> tuple[Any, int]:
    if not columns:
        return ffi.NULL, 0
    array = ffi.new("canopy_column[]", len(columns))
    for place, (name, values) in enumerate(columns.items()):
        encoded = ffi.new("char[]", name.encode())
        kept.append(encoded)
        array[place].name = encoded
        array[place].values = _pointer("double", values, kept)
        array[place].width = 1 if values.ndim == 1 else values.shape[1]
    kept.append(array)
    return array, len(columns)


def read(particles: Any, event: Any = None, *, columns: bool = True) -> Particles:
    """Read particles in any of the forms that `canopy.cluster` takes.

    Parameters
    ----------
    particles
        An awkward or NumPy array of records of one event or of many.
    event
        Columns of the events: a mapping or an array of records.
    columns
        Whether more than momenta is needed of the particles.
    """
    array = _awkward(particles)
    layout = array.layout
    is_traced = layout.backend.name == "typetracer"
    if is_traced:
        # What becomes of events of a type is what becomes of none of them.
        layout = layout.form.length_zero_array(highlevel=False)
    given_count = len(layout)
    layout, present = _without_options(layout)
    is_one_event = _is_records(layout)
    places = None
    if is_one_event:
        # None stands for a particle here, not for an event.
        offsets, content = np.array([0, len(layout)], dtype=np.int64), layout
        places, present, given_count = present, None, 1
    else:
        offsets, content = _lists(layout)
        content, there = _without_options(content)
        if there is not None:
            offsets, places = _without_holes(offsets, there)
        if not _is_records(content) and not content.is_unknown:
            raise _no_records(layout)
    momenta, names, values = _momenta(content, array.behavior)
    others = [name for name in content.fields if name not in names] if columns else []
    others = [name for name in others if _columns.is_number(content[name])]
    identifier = next((name for name in IDENTIFIERS if name in others), None)
    if is_traced:
        for name in names + others:
            ak.typetracer.touch_data(array[name])
    return Particles(
        offsets=offsets,
        momenta=momenta,
        components=values,
        identifiers=None if identifier is None else _identifiers(content[identifier], identifier, offsets, present),
        columns={_columns.checked(name): _columns.numbers(content[name]) for name in others if name != identifier},
        event_columns=_columns.of_events(event, given_count, present),
        places=places,
        present=present,
        given_count=given_count,
        is_one_event=is_one_event,
        is_traced=is_traced,
    )


def _awkward(particles: Any) -> ak.Array:
    if isinstance(particles, ak.Array):
        return particles
    if particles is None or isinstance(particles, (str, bytes, ak.Record)):
        raise TypeError(f"particles must be an array of records, as ak.zip gives them, not {type(particles).__name__}.")
    try:
        if isinstance(particles, np.ndarray):
            return _from_numpy(particles)
        if isinstance(particles, Mapping):
            return _masked(ak.zip({name: _from_list(values) for name, values in particles.items()}), particles)
        return ak.Array(particles)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"particles of the type {type(particles).__name__} make no array of records; give one, as ak.zip does: "
            f"{str(error).splitlines()[0]}"
        ) from error


def _from_numpy(particles: npt.NDArray[Any]) -> ak.Array:
    """Give NumPy's records of one or two dimensions as lists; records that have a mask are None where it is set."""
    data = np.ma.getdata(particles)
    if not data.dtype.names:
        return ak.from_regular(ak.from_numpy(data), axis=None)
    # Numbers rather than lists of numbers.
    names = [name for name in data.dtype.names if data.dtype[name].kind in "biuf"]
    fields = {name: data[name].astype(data.dtype[name].newbyteorder("="), copy=False) for name in names}
    array = ak.zip({name: _from_list(values) for name, values in fields.items()})
    masked = isinstance(particles, np.ma.MaskedArray)
    return _masked(array, {name: particles[name] for name in names}) if masked else array


def _from_list(values: Any) -> ak.Array:
    """Give a field; the rows of NumPy's arrays of two dimensions are lists."""
    is_numpy = isinstance(values, np.ndarray)
    return ak.from_regular(ak.from_numpy(np.ma.getdata(values)), axis=None) if is_numpy else ak.Array(values)


def _masked(array: ak.Array, fields: Mapping[str, Any]) -> ak.Array:
    """Give None for records of which a number is masked: a particle is one only if all of its numbers are."""
    masks = [np.ma.getmaskarray(values) for values in fields.values() if isinstance(values, np.ma.MaskedArray)]
    return ak.mask(array, _from_list(~np.logical_or.reduce(masks))) if masks else array


def _without_options(layout: Any) -> tuple[Any, npt.NDArray[np.int64] | None]:
    """Give a layout without what is None, and the places of what is left; None if it cannot have None."""
    present = None
    if layout.is_option:
        present = np.flatnonzero(layout.mask_as_bool(valid_when=True))
        layout = layout.project()
    # Of records only those fields are put in order that are read.
    while layout.is_indexed and not _is_records(layout):
        layout = layout.project()
    if layout.is_union:
        raise TypeError(
            f"particles are of several types, {layout.form.type}; give all the same fields, or each type in a call "
            "of its own."
        )
    return layout, present


def _is_records(layout: Any) -> bool:
    while layout.is_indexed:
        layout = layout.content
    return bool(layout.is_record)


def _lists(layout: Any) -> tuple[npt.NDArray[np.int64], Any]:
    """Give the offsets of a layout's lists from 0 on, and what they count, which is a copy if they are scattered."""
    if layout.is_unknown:
        return np.zeros(1, dtype=np.int64), layout
    if not layout.is_list:
        raise _no_records(layout)
    lists = layout.to_ListOffsetArray64(True)
    offsets = np.asarray(lists.offsets, dtype=np.int64)
    return offsets, lists.content[: offsets[-1]]


def _without_holes(
    offsets: npt.NDArray[np.int64], present: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Give the offsets without particles that are None, and the place in its event of each that is left."""
    kept = np.searchsorted(present, offsets)
    return kept, present - np.repeat(offsets[:-1], np.diff(kept))


def _momenta(content: Any, behavior: Any) -> tuple[int, list[str], list[npt.NDArray[np.float64]]]:
    """Give the way in which momenta are given, the fields that they are made of, and their four numbers."""
    if content.is_unknown or (not content.fields and len(content) == 0):
        # An array without any particle may have lost its fields.
        return 0, [], [np.zeros(0)] * 4
    usable = {
        name: field
        for name in {name for _, aliases in LAYOUTS for names in aliases for name in names}.intersection(content.fields)
        if _columns.is_number(field := content[name])
    }
    for momenta, aliases in LAYOUTS:
        names = [next((name for name in names if name in usable), "") for names in aliases]
        # "y" is a rapidity beside pt, and a component beside x.
        if all(names) and len(set(names)) == 4:
            return momenta, names, [_columns.numbers(usable[name]) for name in names]
    if content.purelist_parameter("__record__") in VECTORS:
        vectors = ak.Array(content, behavior=behavior)
        if all(hasattr(vectors, name) for name in OF_VECTORS):
            values = [_columns.numbers(ak.to_layout(getattr(vectors, name))) for name in OF_VECTORS]
            return 0, [name for name in content.fields if _columns.is_number(content[name])], values
    raise _no_momenta(content)


def _no_records(layout: Any) -> TypeError:
    return TypeError(
        f"particles need fields, such as px, py, pz and E, but the type is {layout.form.type}; give a list of records "
        "for each event."
    )


def _no_momenta(content: Any) -> InputError:
    known = {name for _, aliases in LAYOUTS for names in aliases for name in names}
    for name in content.fields:
        if name in known and not _columns.is_number(content[name]):
            return InputError(
                f"the field {name} of the particles is {content[name].form.type}, where a number is needed; give "
                "numbers, and zip fields of lists by ak.zip.",
                field=name,
            )
    needed = "px, py, pz, E, or pt, eta (or rapidity), phi, mass"
    return InputError(
        f"the particles have the fields {', '.join(content.fields)}, which make no momenta; give "
        + ("the field particles alone." if "particles" in content.fields else f"{needed}.")
    )


def _identifiers(
    layout: Any, name: str, offsets: npt.NDArray[np.int64], present: npt.NDArray[np.int64] | None
) -> npt.NDArray[np.int32]:
    values = _columns.numbers(layout)
    whole = np.where(np.isfinite(values), values, 0.5)
    bad = np.flatnonzero((whole != np.rint(whole)) | (np.abs(whole) > np.iinfo(np.int32).max))
    if len(bad):
        event = int(np.searchsorted(offsets, bad[0], side="right")) - 1
        event = event if present is None else int(present[event])
        raise InputError(
            f"Event {event} has no usable {name}: {values[bad[0]]:.17g} is no identifier of the Particle Data Group.",
            event=event,
            field=name,
        )
    return whole.astype(np.int32)

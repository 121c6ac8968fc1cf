# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of the user with all columns and jets, as the library reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from . import _particles, _settings
from ._errors import InputError
from ._library import TEXT, TYPES, ffi


@dataclasses.dataclass
class Column:
    """A column of events, particles or jets.

    Attributes
    ----------
    values
        The numbers: `[rows]` or `[rows × width]`; or texts, `[rows]`.
    unit
        The unit of the numbers, empty if they have none.
    """

    values: npt.NDArray[Any]
    unit: str = ""

    @property
    def is_text(self) -> bool:
        """Whether it is text."""
        return self.values.dtype == object

    @property
    def is_number(self) -> bool:
        """Whether it has one number in each row."""
        return self.values.ndim == 1 and not self.is_text


class Given:
    """Events as `canopy_events`, and all that must live as long.

    Parameters
    ----------
    particles
        The particles of each event, as `canopy.cluster` takes them.
    columns
        What is known of the events: `[events]` or `[events × width]` each, numbers or texts, or one for all.
    jets
        Jets that the events have of themselves, a list of records each; None if there are none.
    """

    def __init__(self, particles: Any, columns: Mapping[str, Any], jets: Any = None) -> None:
        self._kept: list[Any] = []
        if isinstance(particles, ak.Array):
            particles = ak.to_packed(ak.drop_none(_without_missing(particles, "particles"), axis=1))
        found = _particles.read(particles)
        if found.is_one_event:
            raise TypeError("the particles are those of one event; give a list for each of the events.")
        count = len(found.offsets) - 1
        given = ffi.new("canopy_events *", {"size": ffi.sizeof("canopy_events")})
        given.event_count = count
        given.offsets = self._array("int64_t", found.offsets)
        given.particle_count = len(found.components[0])
        given.momenta = found.momenta
        for place, component in enumerate(found.components):
            given.components[place] = self._array("double", component)
        if found.identifiers is not None:
            given.pdgid = self._array("int32_t", found.identifiers)
        of_particles = {name: Column(values) for name, values in found.columns.items()}
        if isinstance(particles, ak.Array):
            of_particles = _particle_columns(particles, found.columns)
        given.particle_columns, given.particle_column_count = self._columns(of_particles)
        of_events = {str(name): _event_column(values, str(name), count) for name, values in columns.items()}
        given.event_columns, given.event_column_count = self._columns(of_events)
        if jets is not None:
            self._add_jets(given, jets, count)
        self.pointer = given

    def _add_jets(self, given: Any, jets: Any, count: int) -> None:
        layout = ak.to_packed(ak.drop_none(_without_missing(ak.Array(jets), "jets"), axis=1)).layout
        if len(layout) != count:
            raise ValueError(f"there are jets of {len(layout)} events, but {count} events.")
        if not layout.is_list or not (layout.content.is_record or layout.content.is_unknown):
            raise TypeError(f"jets are a list of records for each event, but their type is {layout.form.type}.")
        lists = layout.to_ListOffsetArray64(True)
        given.jet_offsets = self._array("int64_t", np.asarray(lists.offsets, dtype=np.int64))
        given.jet_count = int(lists.offsets[-1])
        names = lists.content.fields if lists.content.is_record else []
        columns = {name: _column(lists.content[name], f"the column {name} of jets") for name in names}
        for name, column in columns.items():
            if column.values.ndim != 1:
                raise TypeError(f"the column {name} of jets has several numbers a jet, which files do not have.")
        given.jet_columns, given.jet_column_count = self._columns(columns)

    def _array(self, kind: str, values: npt.NDArray[Any]) -> Any:
        values = np.ascontiguousarray(values)
        buffer = ffi.from_buffer(f"{kind}[]", values)
        self._kept += [values, buffer]
        return ffi.cast(f"{kind} *", buffer)

    def _text(self, text: str, what: str) -> Any:
        encoded = ffi.new("char[]", _settings.encoded(what, text))
        self._kept.append(encoded)
        return encoded

    def _columns(self, columns: Mapping[str, Column]) -> tuple[Any, int]:
        if not columns:
            return ffi.NULL, 0
        array = ffi.new("canopy_column[]", len(columns))
        self._kept.append(array)
        for place, (name, column) in enumerate(columns.items()):
            array[place].name = self._text(name, "the name of a column")
            array[place].width = 1 if column.values.ndim == 1 else column.values.shape[1]
            if column.unit:
                array[place].unit = self._text(column.unit, f"the unit of {name}")
            if column.is_text:
                known = {text: self._text(text, f"a text of {name}") for text in dict.fromkeys(column.values.tolist())}
                pointers = ffi.new("const char *[]", [known[text] for text in column.values])
                self._kept.append(pointers)
                array[place].data, array[place].type = pointers, TEXT
            elif column.values.dtype == np.float64:
                array[place].values = self._array("double", column.values)
            else:
                array[place].data = self._array("char", column.values)
                array[place].type = TYPES.index(column.values.dtype.type)
        return array, len(columns)


def of_events(events: Any) -> Given:
    """Give events in the form that `canopy.read` gives.

    Parameters
    ----------
    events
        A record for each event, with `particles`, with `jets` or not, and columns of the events.
    """
    if isinstance(events, Mapping):
        events = ak.Array(ak.zip(dict(events), depth_limit=1))
    if not isinstance(events, ak.Array):
        raise TypeError(f"events must be an awkward array, as canopy.read gives, not {type(events).__name__}.")
    events = _without_missing(events, "events")
    if "particles" not in events.fields:
        raise InputError("the events have no field particles; give records with particles, as canopy.read does.")
    columns = {name: events[name] for name in events.fields if name not in ("particles", "jets")}
    return Given(events.particles, columns, events.jets if "jets" in events.fields else None)


def inputs(sources: Sequence[str | tuple[str, Given]]) -> tuple[Any, list[Any]]:
    """Give `canopy_input`s, and what must live as long.

    Parameters
    ----------
    sources
        Names of files, and events in memory with what errors call them.
    """
    kept: list[Any] = []
    array = ffi.new("canopy_input[]", len(sources))
    for place, source in enumerate(sources):
        name, given = (source, None) if isinstance(source, str) else source
        kept += [ffi.new("char[]", name.encode()), given]
        array[place].name = kept[-2]
        if given is not None:
            array[place].events = given.pointer
    return array, [*kept, array]


def _without_missing(array: ak.Array, what: str) -> ak.Array:
    """Give an array none of whose events is None."""
    if array.layout.is_option:
        missing = np.flatnonzero(ak.to_numpy(ak.is_none(array)))
        if len(missing):
            raise InputError(
                f"event {missing[0]}: its {what} are None; leave such events out.", event=int(missing[0]), field=what
            )
        array = ak.drop_none(array, axis=0)
    return array


def _particle_columns(particles: ak.Array, numbers: Mapping[str, Any]) -> dict[str, Column]:
    """Give all columns of particles, of which `numbers` are those of one number that are no part of momenta."""
    content = particles.layout.content
    while content.is_indexed:
        content = content.project()
    columns = {}
    for name in content.fields if content.is_record else ():
        column = _column(content[name], f"the column {name} of particles")
        if column.is_text:
            raise TypeError(f"the column {name} of particles is text, which particles do not have; leave it out.")
        if name in numbers or not column.is_number:
            columns[name] = column
    return columns


def _event_column(values: Any, name: str, count: int) -> Column:
    if isinstance(values, (str, int, float, np.generic)):
        values = np.full(count, values)
    if isinstance(values, np.ma.MaskedArray) and values.dtype.kind in "iuf":
        values = np.ma.filled(values.astype(np.float64), np.nan)
    try:
        layout = ak.to_layout(ak.Array(values))
    except (TypeError, ValueError) as error:
        raise TypeError(f"the column {name} of events is no array of numbers or texts: {error}") from error
    if len(layout) != count:
        raise ValueError(f"{name} has {len(layout)} rows for {count} events; give each event one.")
    return _column(layout, f"the column {name} of events")


def _column(layout: Any, what: str) -> Column:
    """Give the numbers or texts of a layout; NaN, or no text, for None."""
    unit = ""
    inner = layout
    while True:
        unit = inner.parameter("unit") or unit
        if not (inner.is_option or inner.is_indexed or inner.is_list):
            break
        inner = inner.content
    if _is_text(layout):
        texts = ak.to_list(ak.Array(layout))
        return Column(np.array([text or "" for text in texts] + [""], dtype=object)[:-1])
    array = ak.Array(layout)
    if inner.is_unknown:
        return Column(np.full(len(layout), np.nan))
    if not inner.is_numpy or inner.dtype.kind not in "biuf" or array.ndim > 2:
        raise TypeError(f"{what} has the type {layout.form.type}, which is no number or text a row; leave it out.")
    if _has_missing(layout):
        array = ak.fill_none(array, np.nan, axis=None)
    try:
        values = ak.to_numpy(array, allow_missing=False)
    except ValueError:
        raise TypeError(
            f"{what} has lists of different lengths; give each row as many numbers, or leave it out."
        ) from None
    return Column(_storable(values, what), str(unit))


def _is_text(layout: Any) -> bool:
    while layout.is_option or layout.is_indexed:
        layout = layout.content
    return bool(layout.parameter("__array__") == "string")


def _has_missing(layout: Any) -> bool:
    return bool(ak.any(ak.is_none(ak.Array(layout), axis=0))) or (
        ak.Array(layout).ndim > 1 and bool(ak.any(ak.is_none(ak.Array(layout), axis=-1)))
    )


def _storable(values: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    """Give numbers in one of the types that the library has, without loss."""
    if values.dtype.type in TYPES:
        return values
    larger = {"f": np.float64 if values.dtype.itemsize > 4 else np.float32, "i": np.int32}
    if values.dtype.kind == "u":
        return values.astype(np.int32 if values.dtype.itemsize < 4 else np.int64)
    if values.dtype.itemsize > 8:
        raise TypeError(f"{what} has the type {values.dtype}, which is more than double precision; convert it.")
    return values.astype(larger[values.dtype.kind])

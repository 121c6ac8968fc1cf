# SPDX-License-Identifier: GPL-3.0-or-later
"""Columns of particles and of events as arrays in double precision."""

from __future__ import annotations

import numbers as numbers_abc
import reprlib
from collections.abc import Mapping
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from . import _settings


def is_number(layout: Any) -> bool:
    """Whether a layout has one number in each place, or None."""
    while layout.is_option or layout.is_indexed:
        layout = layout.content
    return bool(layout.is_unknown or (layout.is_numpy and layout.purelist_depth == 1 and layout.dtype.kind in "biuf"))


def numbers(layout: Any) -> npt.NDArray[np.float64]:
    """Give the numbers of a layout, NaN for None; doubles that lie one behind the other stay where they are."""
    if layout.is_option:
        is_there = np.asarray(layout.mask_as_bool(valid_when=True))
        values = np.full(len(is_there), np.nan)
        values[is_there] = numbers(layout.project())
        return values
    if layout.is_indexed:
        return numbers(layout.project())
    return np.ascontiguousarray(() if layout.is_unknown else layout.data, dtype=np.float64)


def checked(name: str) -> str:
    """Give the name of a column if C can take it."""
    if not _settings.encoded("the name of a column", name):
        raise ValueError("a column has an empty name; give it another one.")
    return name


def of_events(given: Any, count: int, present: npt.NDArray[np.int64] | None) -> dict[str, npt.NDArray[np.float64]]:
    """Give what is known of the events.

    Parameters
    ----------
    given
        A mapping of names to the numbers of the events, or to one for all of them, an array of records or None. What
        is no number in the records is passed over.
    count
        The number of events.
    present
        The places of those that are not None, if some can be.
    """
    if given is None:
        return {}
    is_mapping = isinstance(given, Mapping)
    fields = dict(given) if is_mapping else _fields(given)
    columns = {}
    for name, values in fields.items():
        rows = _rows(values, count)
        if rows is None and not is_mapping:
            continue
        name = checked(_settings.word("a name in event", name))
        if rows is None:
            raise TypeError(f"event[{name!r}] must be numbers, as many for each event, not {reprlib.repr(values)}.")
        if len(rows) != count:
            raise ValueError(f"event[{name!r}] has the length {len(rows)} for {count} events; give each event one.")
        columns[name] = rows if present is None else rows[present]
    return columns


def _fields(given: Any) -> dict[str, Any]:
    """Give the fields of records."""
    if isinstance(given, ak.Record):
        given = given.layout.array[given.layout.at : given.layout.at + 1]
    try:
        layout = ak.to_layout(given, string_policy="error")
    except TypeError:
        layout = None
    if layout is None or layout.purelist_depth != 1 or not layout.fields:
        raise TypeError(
            "event must be a mapping of names to the numbers of the events, or an array with a record for each event, "
            f"not {reprlib.repr(given)}."
        )
    return {name: layout[name] for name in layout.fields}


def _rows(values: Any, count: int) -> npt.NDArray[np.float64] | None:
    """Give a column as `[events]` or `[events × width]`, None if it has no numbers."""
    if isinstance(values, (bool, np.bool_, numbers_abc.Real)):
        return np.full(count, float(values))
    try:
        layout = ak.to_layout(values, string_policy="error")
    except (TypeError, ValueError, RuntimeError):
        return None
    if layout.backend.name == "typetracer":
        ak.typetracer.touch_data(layout)
        layout = layout.form.length_zero_array(highlevel=False)
    if is_number(layout):
        return numbers(layout)
    while layout.is_indexed:
        layout = layout.project()
    if layout.is_numpy and layout.purelist_depth == 2 and layout.dtype.kind in "biuf":
        return np.ascontiguousarray(layout.data, dtype=np.float64)
    if not layout.is_list or layout.parameter("__array__") is not None or not is_number(layout.content):
        return None
    try:
        lists = layout.to_RegularArray()
    except ValueError:
        return None
    # Lists of no events have no width.
    return numbers(lists.content).reshape(len(lists), lists.size if len(lists) else max(lists.size, 1))

# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls for arrays of `dask_awkward`, partition by partition."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import awkward as ak
import numpy as np

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def by_partitions(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let a function of `particles`, and perhaps `event`, take arrays of `dask_awkward`.

    The result is one too. It is worked out when Dask asks for it; only its type is found at once, by a call with the
    types of the arrays.
    """
    names = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        # Who has such arrays has imported their package.
        dask_awkward = sys.modules.get("dask_awkward")
        if dask_awkward is None:
            return function(*args, **kwargs)
        given: dict[str, Any] = dict(zip(names, args, strict=False)) | kwargs
        inputs: dict[str, Any] = {"particles": given.get("particles")} | _columns(given.get("event"))
        if not any(isinstance(value, dask_awkward.Array) for value in inputs.values()):
            return function(*args, **kwargs)
        for name, value in inputs.items():
            if isinstance(value, (ak.Array, ak.Record, np.ndarray, list, tuple)):
                raise TypeError(
                    f"{name} is in memory, but other arrays are of dask_awkward; give one of as many partitions, as "
                    "dask_awkward.from_awkward does."
                )
        if inputs["particles"].ndim != 2:
            raise TypeError("particles of dask_awkward need a list of records for each event.")
        # Dask works on several partitions at once.
        options: dict[str, Any] = {"threads": 1} | kwargs
        meta = call(*(_type(value) for value in args), **{name: _type(value) for name, value in options.items()})
        label = f"canopy.{function.__name__}"
        return dask_awkward.map_partitions(call, *args, label=label, meta=meta, output_divisions=1, **options)  # type: ignore[no-any-return]

    return call


def _columns(event: Any) -> dict[str, Any]:
    if isinstance(event, Mapping):
        return {f"event[{name!r}]": value for name, value in event.items()}
    return {"event": event}


def _type(value: Any) -> Any:
    """Give an array that has only the type of a collection; others as they are."""
    if isinstance(value, Mapping):
        return {name: _type(member) for name, member in value.items()}
    return getattr(value, "_meta", value)

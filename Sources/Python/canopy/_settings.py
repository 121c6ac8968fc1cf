# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of calls, checked and written as the library reads them."""

from __future__ import annotations

import json
import math
import numbers
import os
import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np


def number(name: str, value: Any) -> float:
    """Give a setting that is a number.

    Raises
    ------
    TypeError
        If it is none.
    ValueError
        If it is infinite or NaN.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise unfit(name, "a number", value)
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, not {value}.")
    return float(value)


def count(name: str, value: Any) -> int:
    """Give a setting that is a whole number; raise TypeError if it is none."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise unfit(name, "a whole number", value)
    return int(value)


def flag(name: str, value: Any) -> bool:
    """Give a setting that is true or false; raise TypeError if it is neither."""
    if not isinstance(value, (bool, np.bool_)):
        raise unfit(name, "True or False", value)
    return bool(value)


def word(name: str, value: Any) -> str:
    """Give a setting that is text; raise TypeError if it is none, and ValueError if C cannot take it."""
    if not isinstance(value, str):
        raise unfit(name, "text", value)
    encoded(name, value)
    return value


def encoded(name: str, value: str) -> bytes:
    """Give text as C takes it; raise ValueError if it cannot."""
    try:
        text = value.encode()
    except UnicodeEncodeError:
        text = b"\0"
    if b"\0" in text:
        raise ValueError(f"{name} is {value!r}, which has a character that no text in C has.")
    return text


def mapping(name: str, value: Any) -> dict[str, Any]:
    """Give a setting that maps names to others; raise TypeError if it does not."""
    if not isinstance(value, Mapping):
        raise unfit(name, "a mapping of names to values", value)
    return {word(f"a name in {name}", key): member for key, member in value.items()}


def threads(value: Any) -> int:
    """Give the number of threads: those that the process may use unless one is given."""
    return len(os.sched_getaffinity(0)) if value is None else count("threads", value)


def text(settings: Mapping[str, Any]) -> str:
    """Give settings as the text that the library reads; NumPy's numbers are numbers."""
    return json.dumps(settings, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise unfit("a setting", "a number, text, a list or a mapping", value)


def path(name: str, value: Any) -> str:
    """Give the name of a file or a folder; raise TypeError if it is none, and ValueError if it can be none."""
    if not isinstance(value, (str, os.PathLike)):
        raise unfit(name, "the name of a file", value)
    return word(name, os.fsdecode(value))


def unfit(name: str, expected: str, value: Any) -> TypeError:
    """Give the error that says of what kind a setting must be."""
    return TypeError(f"{name} must be {expected}, not {reprlib.repr(value)}.")

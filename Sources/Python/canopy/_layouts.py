# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of layouts that the library does not read itself."""

from __future__ import annotations

from typing import Any

SUFFIXES: tuple[str, ...] = ()


def read(path: Any, *, layout: str | None = None, max_events: int | None = None) -> Any:
    """Read a file of a layout that the library does not read itself."""
    raise ValueError(f"{path}: there is no layout {layout}; leave it out.")

# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks on while the library works long, so that signals are heard and progress is seen."""

from __future__ import annotations

import shutil
import sys
from types import TracebackType
from typing import Any

from ._library import failure, ffi, text


class Watch:
    """What the library asks and tells on the thread of a call, as `canopy_watch`.

    Parameters
    ----------
    progress
        Whether lines of progress go to standard error.
    """

    def __init__(self, progress: bool = False) -> None:
        self._error: BaseException | None = None
        watch = ffi.new("canopy_watch *", {"size": ffi.sizeof("canopy_watch")})
        # Python handles a signal before the first line of a function, and hands the error over to `_keep`.
        self._goes_on = ffi.callback("bool(void *)", lambda _context: self._error is None, False, self._keep)
        watch.goes_on = self._goes_on
        self._write = ffi.callback("void(const char *, void *)", _write, onerror=self._keep)
        if progress:
            watch.write = self._write
            watch.is_terminal = sys.stderr.isatty()
            watch.columns = shutil.get_terminal_size().columns
        self.pointer = watch

    def _keep(self, _kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
        self._error = self._error or error

    def check(self, status: int, *, file: str | None = None) -> None:
        """Raise what stopped the call, or else what was wrong with it."""
        if self._error is not None:
            raise self._error
        if status != 0:
            raise failure(file=file)


def _write(content: Any, _context: Any) -> None:
    sys.stderr.write(text(content))
    sys.stderr.flush()

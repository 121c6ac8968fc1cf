# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `canopy convert`, and the native program on what files were converted to."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

from . import _convert
from ._command import is_foreign, program

# What the wish to stop arrives as.
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class _Stopped(BaseException):
    """A signal, on its way through what has to be removed."""

    def __init__(self, number: int) -> None:
        self.number = number


def run(given: list[str]) -> int:
    """Run a command line, and give its exit status; a signal ends this process as it would have ended the program."""
    try:
        with _listening():
            return _convert.run(given[1:]) if given[:1] == ["convert"] else _with_copies(given)
    except _Stopped as stopped:
        _convert.without_bar()
        signal.signal(stopped.number, signal.SIG_DFL)
        os.kill(os.getpid(), stopped.number)
        return 1


@contextlib.contextmanager
def _listening() -> Iterator[None]:
    def stop(number: int, _: Any) -> None:
        raise _Stopped(number)

    for number in SIGNALS:
        # A signal that is ignored, as by nohup, stays ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
    yield


def _with_copies(given: list[str]) -> int:
    options: dict[str, str] = {}
    kept: list[str] = []
    foreign: list[int] = []
    place = 0
    while place < len(given):
        if given[place] in ("--layout", "--collection") and place + 1 < len(given):
            options[given[place][2:]] = given[place + 1]
            place += 2
            continue
        if is_foreign(given, place):
            foreign.append(len(kept))
        kept.append(given[place])
        place += 1
    with tempfile.TemporaryDirectory(prefix="canopy-") as folder, _convert.reporting() as status:
        names: dict[str, str] = {}
        for number, index in enumerate(foreign):
            copy = os.path.join(folder, f"{number}.h5")
            _convert.convert(
                [kept[index]],
                copy,
                layout=options.get("layout"),
                collection=options.get("collection"),
                progress=_convert.bar(),
            )
            names[copy], kept[index] = kept[index], copy
        _convert.without_bar()
        return _native(kept, names)
    return status[0]


def _native(given: list[str], names: dict[str, str]) -> int:
    """Run the native program, and say the names that the user gave in what it says."""
    # What inspect prints is about the file.
    tells = given[:1] == ["inspect"]
    with subprocess.Popen(
        [program(), *given], stderr=subprocess.PIPE, stdout=subprocess.PIPE if tells else None
    ) as process:
        assert process.stderr is not None
        relays = [(process.stderr, sys.stderr.buffer)]
        if process.stdout is not None:
            relays.append((process.stdout, sys.stdout.buffer))
        threads = [threading.Thread(target=_relay, args=(*ends, names), daemon=True) for ends in relays]
        for thread in threads:
            thread.start()
        try:
            process.wait()
        except _Stopped as stopped:
            # Ctrl-C reaches the program too; other signals do not.
            if stopped.number != signal.SIGINT:
                process.send_signal(stopped.number)
            process.wait()
            raise
        finally:
            for thread in threads:
                thread.join()
    if process.returncode < 0:
        raise _Stopped(-process.returncode)
    return process.returncode


def _relay(source: Any, target: BinaryIO, names: dict[str, str]) -> None:
    for line in source:
        for copy, name in names.items():
            line = line.replace(copy.encode(), name.encode())
        with contextlib.suppress(BrokenPipeError):
            target.write(line)
            target.flush()

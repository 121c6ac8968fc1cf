# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `canopy` of the package: `convert`, and the native program, which gets files that it reads.

Where neither such files nor the options of the package are given, nothing but the standard library is imported, so that
the command starts at once.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from typing import NoReturn

# How files begin that are converted for the native program: ROOT, Parquet, and the archives of NumPy.
FOREIGN = (b"root", b"PAR1", b"PK\x03\x04")
# What the names of such files have within samples.
FOREIGN_NAMES = re.compile(r"://|\.(root|parquet|npz)\b")
# What the package adds to the options of the native program.
OPTIONS = ("--layout", "--collection")
FLAG = "--rntuple"


def main() -> NoReturn:
    """Run the command line of this process."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Ctrl-C ends the command as it ends others, also while modules are imported.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    given = sys.argv[1:]
    if given[:2] == ["help", "convert"]:
        given = ["convert", "--help"]
    if given[:1] != ["convert"] and not _is_for_the_package(given):
        os.execv(program(), [program(), *given])
    from . import _converted

    sys.exit(_converted.run(given))


def _is_for_the_package(given: list[str]) -> bool:
    for place, word in enumerate(given):
        if word in (*OPTIONS, FLAG):
            return True
        if word.endswith(".root") if is_output(given, place) else is_foreign(word) or is_of_foreign(given, place):
            return True
    return False


def program() -> str:
    """Give the native program: the one that CANOPY_COMMAND names, or else that of the package."""
    named = os.environ.get("CANOPY_COMMAND")
    path = named or os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", "canopy")
    if not os.access(path, os.X_OK):
        sys.stderr.write(
            f"canopy: {path} is no program; "
            + ("correct CANOPY_COMMAND\n" if named else "install the package anew, or name one by CANOPY_COMMAND\n")
        )
        sys.exit(1)
    return path


def is_output(given: list[str], place: int) -> bool:
    """Whether an argument names the file that is written, or has its name behind `--output=`."""
    return given[place].startswith("--output=") or (place > 0 and given[place - 1] in ("-o", "--output"))


def is_foreign(file: str) -> bool:
    """Whether something is the name of an input that the native program does not read."""
    return re.match(r"\w+://", file) is not None or _start(file).startswith(FOREIGN)


def is_of_foreign(given: list[str], place: int) -> bool:
    """Whether an argument is a sample, or a file with a list of samples, that may name such an input."""
    word = given[place]
    if word.startswith("{"):
        return FOREIGN_NAMES.search(word) is not None
    if not word.endswith((".yaml", ".yml")) or given[0] in ("train", "scan"):
        return False
    return FOREIGN_NAMES.search(_start(word, 1 << 22).decode("latin-1")) is not None


def _start(path: str, length: int = 4) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(length)
    except (OSError, ValueError):
        return b""

# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `canopy` of the package: `convert`, and the native program, which gets files that it reads.

Without such files nothing but the standard library is imported, so that the command starts at once.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

# How files begin that are converted for the native program.
FOREIGN = (b"root", b"PAR1")


def main() -> NoReturn:
    """Run the command line of this process."""
    given = sys.argv[1:]
    if given[:2] == ["help", "convert"]:
        given = ["convert", "--help"]
    if given[:1] != ["convert"] and not any(is_foreign(given, place) for place in range(len(given))):
        os.execv(program(), [program(), *given])
    from . import _converted

    sys.exit(_converted.run(given))


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


def is_foreign(given: list[str], place: int) -> bool:
    """Whether an argument is an input that the native program does not read."""
    argument = given[place]
    if place == 0 or given[place - 1] in ("-o", "--output"):
        return False
    if argument.startswith("root://"):
        return True
    try:
        with open(argument, "rb") as file:
            return file.read(4) in FOREIGN
    except (OSError, ValueError):
        return False

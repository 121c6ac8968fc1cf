# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `canopy` of the package."""

from __future__ import annotations

import os
import pathlib
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Let the program take the place of this process."""
    program = str(pathlib.Path(__file__).resolve().parent / "bin" / "canopy")
    os.execv(program, [program, *sys.argv[1:]])

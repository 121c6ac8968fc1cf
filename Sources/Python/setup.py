# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the library and the models of a build of Canopy into the package."""

import os
import pathlib
import re
import shutil

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

root = pathlib.Path(__file__).resolve().parent.parent.parent
build = pathlib.Path(os.environ.get("CANOPY_BUILD") or root / ".build" / "release")
library = build / "libCanopyC.so"


class BuildWithLibrary(build_py):
    """Copies what the package needs of the build beside its sources."""

    def run(self) -> None:
        """Build the package."""
        super().run()
        if not library.exists():
            raise SystemExit(f"{library} is not there: run make build in {root} first.")
        package = pathlib.Path(self.build_lib) / "canopy"
        (package / "lib").mkdir(parents=True, exist_ok=True)
        shutil.copy(library, package / "lib" / "libcanopy.so")
        shutil.copytree(root / "Resources" / "Models", package / "models", dirs_exist_ok=True)


class BinaryDistribution(Distribution):
    """A distribution whose wheel is for one platform."""

    def has_ext_modules(self) -> bool:
        """Whether there is more than Python in it."""
        return True


header = (root / "Sources" / "CPluginInterface" / "CPluginInterface.h").read_text()
match = re.search(r'^#define CANOPY_VERSION "(.+)"', header, re.MULTILINE)
assert match, "the version of Canopy"
setup(version=match[1], cmdclass={"build_py": BuildWithLibrary}, distclass=BinaryDistribution)

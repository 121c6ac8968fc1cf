# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts an installation of Canopy into the package: the command, the library, models and samples."""

import os
import pathlib
import re
import shutil
import subprocess

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

root = pathlib.Path(__file__).resolve().parent.parent.parent


class BuildWithInstallation(build_py):
    """Puts the installation that CANOPY_PREFIX names, else what make build has built, into the package."""

    def run(self) -> None:
        """Build the package."""
        super().run()
        package = pathlib.Path(self.build_lib).resolve() / "canopy"
        if prefix := os.environ.get("CANOPY_PREFIX"):
            shutil.copytree(prefix, package, dirs_exist_ok=True)
        elif subprocess.run(["make", "-C", root, "install", f"PREFIX={package}"], check=False).returncode != 0:
            raise SystemExit(f"Canopy cannot be installed into the package: run make build in {root} first.")


class WheelOfAnyPython(bdist_wheel):
    """A wheel for one platform and any Python 3, as no part of it is compiled for one."""

    def get_tag(self) -> tuple[str, str, str]:
        """Give the tags of Python, of its binary interface and of the platform."""
        return "py3", "none", super().get_tag()[2]


class BinaryDistribution(Distribution):
    """A distribution whose wheel is for one platform."""

    def has_ext_modules(self) -> bool:
        """Whether there is more than Python in it."""
        return True


header = (root / "Sources" / "CPluginInterface" / "CPluginInterface.h").read_text()
match = re.search(r'^#define CANOPY_VERSION "(.+)"', header, re.MULTILINE)
assert match, "the version of Canopy"
setup(
    version=match[1],
    cmdclass={"bdist_wheel": WheelOfAnyPython, "build_py": BuildWithInstallation},
    distclass=BinaryDistribution,
)

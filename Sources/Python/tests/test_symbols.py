# SPDX-License-Identifier: GPL-3.0-or-later
"""Libraries of the wheel beside those of other packages in one process."""

import os
import pathlib
import subprocess
import sys

import pytest

import canopy

library = pathlib.Path(canopy.__file__).parent / "lib" / "libcanopy.so"

# What `canopy.load_plugins` does for the plugins.
SHARE = f"import ctypes, os; ctypes.CDLL({str(library)!r}, os.RTLD_NOW | os.RTLD_GLOBAL | os.RTLD_NOLOAD)"
OTHERS = "import h5py, fastjet, pyhepmc"
USE = """
with h5py.File("events.h5", "w") as file:
    file["numbers"] = range(100)
with h5py.File("events.h5") as file:
    assert sum(file["numbers"]) == 4950
particles = [fastjet.PseudoJet(40, 0, 10, 50), fastjet.PseudoJet(-40, 1, 0, 45)]
found = fastjet.ClusterSequence(particles, fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)).inclusive_jets(10)
assert len(found) == 2
event = pyhepmc.GenEvent()
event.add_particle(pyhepmc.GenParticle((1, 2, 3, 4), 211, 1))
with pyhepmc.open("events.hepmc", "w") as file:
    file.write(event)
jets = canopy.cluster([{"px": 40.0, "py": 0.0, "pz": 10.0, "E": 50.0}])
assert len(jets) == 1
canopy.write("again.h5", canopy.read("events.hepmc"))
with h5py.File("again.h5") as file:
    assert len(file) > 0
"""


@pytest.mark.skipif(
    "CANOPY_LIBRARY" in os.environ or not library.exists(), reason="libraries have names of their own in a wheel"
)
@pytest.mark.parametrize("lines", [[SHARE, OTHERS], [OTHERS, SHARE]], ids=["before", "after"])
def test_other_packages_have_their_own(lines: list[str], tmp_path: pathlib.Path) -> None:
    for name in ("h5py", "fastjet", "pyhepmc"):
        pytest.importorskip(name)
    program = "\n".join(["import canopy", "canopy.cluster", *lines, USE])
    found = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far drawn jets are from those of the generator: distances of spectra, and beside them those of two halves of the same jets.

    canopy generate --model jet-likelihood --class QCD -n 8000 -o drawn.h5
    Resources/Benchmarks/generation.py w-vs-qcd.h5 drawn.h5 --label 0 --skip-events 64000 --canopy canopy

Both files are clustered by Canopy as the model does, with N-subjettiness and soft drop; W1 is the Wasserstein distance in units of
the standard deviation of the true jets (needs h5py, numpy and scipy). The first column compares drawn jets with true ones, the
second one half of the true jets with the other, which is what perfect jets would show for as many.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import h5py
import numpy as np
from scipy.stats import wasserstein_distance

OBSERVABLES = {
    "pT": "jet/pt",
    "mass": "jet/mass",
    "tau1": "jet/n-subjettiness/tau-1",
    "tau21": "jet/n-subjettiness/tau-21",
    "tau32": "jet/n-subjettiness/tau-32",
    "soft-drop mass": "jet/soft-drop/mass",
}


def jets(path: str, canopy: str, options: list[str]) -> dict[str, np.ndarray]:
    """The observables of the leading jet of each event that has one."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "jets.h5"
        command = [canopy, "cluster", path, "--radius", "1.0", "--min-pt", "200", "--constituents", "-o", str(output)]
        subprocess.run(
            [*command, "--observable", "n-subjettiness", "--observable", "soft-drop", *options], check=True)
        with h5py.File(output) as file:
            offset = file["jet/offset"][:]
            leading = offset[:-1][np.diff(offset) > 0]
            found = {name: file[place][:][leading] for name, place in OBSERVABLES.items()}
            found["constituents"] = np.diff(file["jet/constituent_offset"][:])[leading].astype(float)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("true")
    parser.add_argument("drawn")
    parser.add_argument("--label", type=int, help="the class of the true events")
    parser.add_argument("--skip-events", default="0")
    parser.add_argument("--canopy", default="canopy")
    options = parser.parse_args()
    where = [] if options.label is None else ["--where", f"label == {options.label}"]
    true = jets(options.true, options.canopy, ["--skip-events", options.skip_events, *where])
    drawn = jets(options.drawn, options.canopy, [])
    print(f"{'':16}{'drawn':>10}{'halves':>10}    mean true    drawn")
    for name, values in true.items():
        values, new = values[np.isfinite(values)], drawn[name][np.isfinite(drawn[name])]
        half = len(values) // 2
        scale = values.std()
        distance = wasserstein_distance(values, new) / scale
        reference = wasserstein_distance(values[:half], values[half:]) / scale
        print(f"{name:16}{distance:10.4f}{reference:10.4f}{values.mean():12.4g}{new.mean():10.4g}")


if __name__ == "__main__":
    main()

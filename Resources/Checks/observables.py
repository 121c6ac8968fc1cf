#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares observables of jets with FastJet's tools and contributions, of which the package fastjet has headers and libraries:
observables.cpp is compiled against them.

  make observables
  python Resources/Checks/observables.py CANOPY [FILE [JETS]]

Each event of FILE is the constituents of a jet; areas are of jets of a sample of whole events. The status is 1 if a number is too
far from FastJet's.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import fastjet
import h5py
import numpy as np

import reference

FOLDER = pathlib.Path(__file__).parent
SAMPLES = FOLDER / "../Samples"
# The observables by the names that observables.cpp has for them.
DECLARED = {
    "soft-drop": {},
    "soft-drop-1": {"plugin": "soft-drop", "beta": 1},
    "recursive": {"plugin": "recursive-soft-drop", "z-cut": 0.05, "beta": 0.5},
    "recursive-2": {"plugin": "recursive-soft-drop", "z-cut": 0.05, "beta": 0.5, "count": 2},
    "bottom-up": {"plugin": "bottom-up-soft-drop", "beta": 1},
    "trimming": {},
    "filtering": {},
    "pruning": {},
    "n-subjettiness": {"count": 6},
    "tau-wta": {"plugin": "n-subjettiness", "count": 6, "axes": "wta-kt", "beta": 0.5},
    "tau-one-pass": {"plugin": "n-subjettiness", "axes": "one-pass-kt"},
    "tau-one-pass-wta": {"plugin": "n-subjettiness", "axes": "one-pass-wta-kt", "beta": 2},
    "energy-correlations": {},
    "correlations-2": {"plugin": "energy-correlations", "beta": 2},
    "lund": {},
}
AREAS = {"jet-area": {}}
# How far a number may be from FastJet's, over its size and 1e-3: results have 24 bits. So many jets in ten thousand may have
# two steps of a clustering that rounding does not tell apart. Axes at a minimum stop where they hardly move. FastJet's ghosts
# are elsewhere, so that areas agree in the mean; without pile-up ρ is 0 in most events, and jumps with the ghosts in some.
TOLERANCE, EXCEPTIONS = 1e-5, 10
LOOSE = {"tau-one-pass": 1e-3, "tau-one-pass-wta": 1e-3}
OF_MEANS, OF_RHO = 0.02, 0.1


def of_canopy(canopy, path, count, declared, folder):
    """The numbers of the hardest jet of each event, by name."""
    out = folder / "jets.h5"
    options = []
    for name, settings in declared.items():
        options += ["--observable", f"{name}: {json.dumps(settings)}" if settings else name]
    subprocess.run([canopy, "cluster", path, "--radius", "1", "--min-pt", "0", "--recluster", "cambridge", "--max-events",
                    str(count), *options, "-o", out], check=True)
    with h5py.File(out) as file:
        first = file["jet/offset"][:-1].astype(int)
        numbers = {f"{name}/{quantity}": file["jet"][name][quantity][:][first]
                   for name in declared if name != "lund" for quantity in file["jet"][name]}
        if "lund" in declared:
            splittings = file["splitting/offset"][:].astype(int)
            primary, secondary, kt = (file["splitting/lund"][name][:] for name in ("primary", "secondary", "kt"))
            sums = [np.concatenate([[0], np.cumsum(column, dtype=float)]) for column in (primary, secondary, primary * kt)]
            for name, total in zip(("primary", "secondary", "kt"), sums):
                numbers[f"lund/{name}"] = total[splittings[first + 1]] - total[splittings[first]]
    return numbers


def compiled(folder):
    """observables.cpp, compiled against what the package has."""
    home = pathlib.Path(fastjet.__file__).parent
    program, library = folder / "observables", home / "lib64"
    libraries = ["fastjetcontribfragile", "fastjettools", "fastjetplugins", "fastjet", "siscone", "siscone_spherical"]
    subprocess.run(["c++", "-std=c++17", "-O2", FOLDER / "observables.cpp", "-I", home / "include", "-L", library,
                    *(f"-l{name}" for name in libraries), f"-Wl,-rpath,{library}", "-o", program], check=True)
    return program


def of_fastjet(program, path, count, declared):
    """The same by FastJet, and the microseconds that each takes."""
    lines = [" ".join(map(repr, event.ravel().tolist())) for event in reference.events(path)[:count]]
    result = subprocess.run([program, *declared], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True)
    names, *rows = result.stdout.splitlines()
    table = np.array([row.split() for row in rows], float)
    times = dict(line.split() for line in result.stderr.splitlines())
    return dict(zip(names.split(), table.T)), times


def compare(canopy, program, path, count, declared, folder):
    """Prints how far numbers are from FastJet's, and returns the names of those that are too far."""
    ours = of_canopy(canopy, path, count, declared, folder)
    theirs, times = of_fastjet(program, path, count, declared)
    failed, last = [], None
    for number, expected in theirs.items():
        observable, quantity = number.split("/")
        found = ours[number]
        # FastJet has 0, or −1, where a ratio has no value.
        known = np.isfinite(found)
        difference = np.abs(found - expected)[known] / (np.abs(expected[known]) + 1e-3)
        beyond = int((difference > LOOSE.get(observable, TOLERANCE)).sum())
        mean = abs(np.mean(found - expected)) / (np.mean(np.abs(expected)) + 1e-3)
        most = OF_RHO if quantity == "rho" else OF_MEANS
        if mean > most if observable in AREAS else beyond > max(1, EXCEPTIONS * len(found) / 10000):
            failed.append(number)
        print(f"{number:28} {len(found):6} {(~known).sum():6} {np.median(difference):9.1e} {np.quantile(difference, 0.999):9.1e} "
              f"{difference.max():9.1e} {beyond:7} {mean:9.1e}  {times[observable] if observable != last else ''}")
        last = observable
    return failed


def main(canopy, path=SAMPLES / "w-vs-qcd-small.h5", count=2000):
    print(f"{'number':28} {'jets':>6} {'none':>6} {'median':>9} {'99.9 %':>9} {'largest':>9} {'beyond':>7} {'of means':>9}  FastJet's µs")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        program = compiled(folder)
        failed = compare(canopy, program, path, int(count), DECLARED, folder)
        failed += compare(canopy, program, SAMPLES / "dihiggs/hh-vs-ttbar-small.h5", 200, AREAS, folder)
    if failed:
        sys.exit(f"observables.py: too far from FastJet: {', '.join(failed)}")


if __name__ == "__main__":
    main(*sys.argv[1:])

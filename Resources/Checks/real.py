#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canopy beside FastJet, pyhepmc, pylhe and h5py, on the shipped samples and on files by other people's programs.

    make real
    Resources/Checks/real.py [--canopy .build/release/canopy] [--shared ../shared] [--no-training]

Each row of the first table is a file: its events and visible particles by both programs, the jets that were compared
(anti-kT, R = 0.4, pT > 5 GeV), and the largest differences of pT and mass (over E), rapidity and azimuth. Each row of
the second is a damaged or unusual file of SHARED/cases and what is right for it. Without these folders only the
samples are read. The status is 1 if anything falls short.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import cases
import reference

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Sums of four-momenta are in the same order in both programs; what differs is the last digits of log and atan2.
LARGEST_DIFFERENCE = 1e-9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canopy", type=pathlib.Path, default=ROOT / ".build/release/canopy")
    parser.add_argument("--shared", type=pathlib.Path, default=ROOT.parent / "shared")
    parser.add_argument("--no-training", action="store_true", help="leave out what needs a training of minutes")
    arguments = parser.parse_args()

    reference.announce()
    samples = ROOT / "Resources/Samples"
    files = sorted(path for path in samples.rglob("*")
                   if path.suffix in (".h5", ".jsonl", ".txt", ".zst", ".gz"))
    real = arguments.shared / "data/real"
    if real.is_dir():
        files += sorted(path for path in real.iterdir() if ".hepmc" in path.name or path.suffix == ".lhe")
    else:
        print(f"{real} is not there; only the shipped samples are compared.")
    known = {"pileup.hepmc.zst": 100, "hard-scatter.hepmc.zst": 25}
    short = compare(arguments.canopy, files, known)
    if real.is_dir():
        short += refuse(arguments.canopy, real)
    if (arguments.shared / "cases").is_dir():
        with tempfile.TemporaryDirectory(prefix="canopy-real-") as folder:
            checks = cases.Cases(arguments.canopy, ROOT, arguments.shared, pathlib.Path(folder))
            short += checks.run(training=not arguments.no_training)
    print(f"\n{short} fall short." if short else "\nAll hold.")
    return 1 if short else 0


def compare(canopy, files, known):
    """Compares the jets of files, and returns how many files differ."""
    heading = ("file", "events", "known", "particles", "jets", "Δ pT/pT", "Δ y", "Δ φ", "Δ m/E")
    print(f"{heading[0]:28} {heading[1]:>13} {heading[2]:>6} {heading[3]:>15} {heading[4]:>7} "
          + " ".join(f"{name:>8}" for name in heading[5:]))
    short = 0
    for path in files:
        truth = reference.events(path)
        run = subprocess.run([canopy, "cluster", path, "--min-pt", "0", "--constituents", "--format", "jsonl"],
                             capture_output=True, text=True, errors="replace")
        found = [json.loads(line) for line in run.stdout.splitlines()]
        particles = sum(len(event) for event in truth)
        counted = sum(len(jet["constituents"]) for event in found for jet in event["jets"])
        number, differences, same = differences_of(found, truth)
        holds = (run.returncode == 0 and same and counted == particles
                 and len(found) == known.get(path.name, len(found))
                 and all(value <= LARGEST_DIFFERENCE for value in differences))
        short += not holds
        print(f"{path.name:28} {len(found):>6}/{len(truth):<6} {known.get(path.name, ''):>6} "
              f"{counted:>7}/{particles:<7} {number:>7} "
              + " ".join(f"{value:8.1e}" for value in differences)
              + ("  holds" if holds else f"  FALLS SHORT {run.returncode} {run.stderr.strip()[:200]}"))
    return short


def differences_of(found, truth):
    """The number of jets compared, the largest differences, and whether all have a partner."""
    largest, number, same = [0.0] * 4, 0, len(found) == len(truth)
    for event, momenta in zip(found, truth):
        expected = reference.jets(momenta)
        jets = [jet for jet in event["jets"] if jet["pt"] >= reference.MINIMUM_PT]
        same = same and len(expected) == len(jets)
        for jet, (pt, rapidity, phi, mass, energy) in zip(jets, expected):
            number += 1
            turn = abs(jet["phi"] - phi)
            values = (abs(jet["pt"] / pt - 1), abs(jet["rapidity"] - rapidity), min(turn, abs(turn - 6.283185307179586)),
                      abs(jet["mass"] - mass) / energy)
            largest = [max(a, b) for a, b in zip(largest, values)]
    return number, largest, same


def refuse(canopy, folder):
    """Formats that Canopy does not read are named for what they are; returns how many are not."""
    short = 0
    for path in sorted(folder.iterdir()):
        name = {".root": "ROOT"}.get(path.suffix)
        if name is None:
            continue
        run = subprocess.run([canopy, "cluster", path], capture_output=True, text=True, errors="replace")
        holds = run.returncode == 65 and name in run.stderr and not run.stdout
        short += not holds
        print(f"{path.name:28} named as {name} and refused" + ("  holds" if holds else f"  FALLS SHORT {run.stderr}"))
    return short


if __name__ == "__main__":
    sys.exit(main())

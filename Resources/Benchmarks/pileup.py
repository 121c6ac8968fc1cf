#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares ways to mitigate pile-up: the mass and pT of jets, and the missing transverse momentum, as canopy cluster finds them.

Needs: numpy h5py, and the command canopy. Usage, on the events that the model was not trained on:

    pileup.py pileup.h5 --skip-events 1600 [--model pileup] [--canopy .build/release/canopy]

Jets are anti-kT with R = 0.8. A jet of the hard interaction alone (jet/pt of the file) with pT above --min-pt and |y| below
--max-abs-rapidity goes with the nearest jet within ΔR = 0.4, if there is one. A resolution is half the central 68.27 % of what is
reconstructed less what is true, or over what is true for pT; of the missing momentum, that of its components along x and y less
those of the neutrinos. Errors come from 200 samples of events drawn with replacement, which all ways share.
"""

import argparse
import pathlib
import subprocess
import tempfile

import h5py
import numpy as np

W_MASS = (80.38, 15.0)  # GeV: jets of W bosons have a true mass this close


class Jets:
    """Jets of a file, or of given jets, by event: `[jets]` each."""

    def __init__(self, file, skip=0):
        offset = file["jet/offset"][()].astype(int)[skip:]
        self.event = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
        rows = slice(offset[0], offset[-1])
        names = ("pt", "rapidity", "phi", "mass")
        self.pt, self.y, self.phi, self.mass = (file["jet/" + name][rows].astype(float) for name in names)


def matched(truth, found, options):
    """The places of true jets, and of the found ones that go with them."""
    pairs = []
    for jet in np.flatnonzero((truth.pt > options.min_pt) & (abs(truth.y) < options.max_abs_rapidity)):
        candidates = np.arange(*np.searchsorted(found.event, (truth.event[jet], truth.event[jet] + 1)))
        turn = (found.phi[candidates] - truth.phi[jet] + np.pi) % (2 * np.pi) - np.pi
        distance = np.hypot(found.y[candidates] - truth.y[jet], turn)
        if len(candidates) and distance.min() < 0.4:
            pairs.append((jet, candidates[distance.argmin()]))
    if not pairs:
        raise SystemExit(
            f"no jet of the hard interaction with pT > {options.min_pt} GeV and |y| < {options.max_abs_rapidity} is found again; "
            "give more events, or a lower --min-pt")
    return np.array(pairs).T


def half_width(values):
    if not len(values):
        return np.nan
    low, high = np.quantile(values, (0.15865, 0.84135))
    return (high - low) / 2


class Estimates:
    """Numbers of events drawn with replacement, to tell errors by."""

    def __init__(self, events, seed=1):
        generator = np.random.default_rng(seed)
        self.draws = [np.bincount(generator.integers(0, events, events), minlength=events) for _ in range(200)]

    def __call__(self, function, event, values):
        spread = [function(np.repeat(values, draw[event])) for draw in self.draws]
        return f"{function(values):7.3f} ± {np.std(spread):5.3f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("--skip-events", type=int, default=0, metavar="N")
    parser.add_argument("--max-events", type=int, metavar="N")
    parser.add_argument("--model", action="append", default=[], metavar="DIR")
    parser.add_argument("--puppi", action="append", default=[], metavar="SETTINGS", help="such as 'radius: 0.3'")
    parser.add_argument("--softkiller", action="append", default=[], metavar="SETTINGS", help="such as 'cell: 0.6'")
    parser.add_argument("--canopy", default="canopy", metavar="COMMAND")
    parser.add_argument("--min-pt", type=float, default=100, metavar="GEV", help="default: 100")
    parser.add_argument("--max-abs-rapidity", type=float, default=4, metavar="Y", help="default: 4")
    options = parser.parse_args()
    ways = {
        "nothing": [],
        "charged-hadron subtraction": ["--particles", "vertex >= 0"],
        "SoftKiller": ["--apply", "softkiller"],
        "PUPPI": ["--apply", "puppi"],
    }
    for plugin in ("puppi", "softkiller"):
        for settings in getattr(options, plugin):
            ways[f"{plugin} {settings}"] = [
                "--observable", f"changed: {{plugin: {plugin}, {settings}}}", "--apply", "changed"]
    for model in options.model:
        ways[f"model {pathlib.Path(model).name}"] = ["--apply", model]
    ways["truth of particles"] = ["--particles", "is_pileup == 0"]

    with h5py.File(options.input) as file:
        truth = Jets(file, options.skip_events)
        neutrinos = np.stack([file["event/true_missing_" + name][options.skip_events:] for name in ("px", "py")], 1)
    print(f"{'':28} jets  mass bias [GeV]  mass resolution  W mass width     pT bias          pT resolution    "
          "missing pT resolution [GeV]")
    with tempfile.TemporaryDirectory() as folder:
        for name, arguments in ways.items():
            path = pathlib.Path(folder) / "jets.h5"
            limit = [] if options.max_events is None else ["--max-events", str(options.max_events)]
            subprocess.run(
                [options.canopy, "cluster", options.input, "--skip-events", str(options.skip_events), *limit, "--radius", "0.8",
                 "--min-pt", "10", "--observable", "missing-momentum", *arguments, "-o", path], check=True)
            with h5py.File(path) as file:
                found = Jets(file)
                pt, phi = (file["event/missing-momentum/" + part][()].astype(float) for part in ("pt", "phi"))
            events = len(pt)
            estimate = Estimates(events)
            known = truth.event < events
            true, reconstructed = matched(truth, found, options)
            true, reconstructed = true[known[true]], reconstructed[known[true]]
            event = truth.event[true]
            mass = found.mass[reconstructed] - truth.mass[true]
            response = found.pt[reconstructed] / truth.pt[true]
            is_w = abs(truth.mass[true] - W_MASS[0]) < W_MASS[1]
            missing = np.stack((pt * np.cos(phi), pt * np.sin(phi)), 1) - neutrinos[:events]
            print(
                f"{name:28} {len(true):4}", estimate(np.median, event, mass), estimate(half_width, event, mass),
                estimate(half_width, event[is_w], found.mass[reconstructed][is_w]),
                estimate(lambda r: np.median(r) - 1, event, response), estimate(half_width, event, response),
                estimate(half_width, np.repeat(np.arange(events), 2), missing.ravel()), sep="  ")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares a regression of the pT of jets with the jets as they are and with the classical correction by numerical inversion.

Needs: numpy h5py. Usage:

    canopy classify jet-response.h5 --model jet-energy --keep jet/pt -o scores.h5
    jet_energy.py scores.h5

The correction is fitted to the first four fifths of the events, and everything is judged on the last fifth: in intervals of
|η| the median response R = pT / pT_true is measured in intervals of pT_true, and the pT of a jet is divided by R at the pT_true
for which R pT_true is its pT, interpolated in ln pT.
"""

import argparse

import h5py
import numpy as np

ETA_EDGES = np.array([0, 0.6, 1.2, 1.8, 2.2, 2.5, 2.8, 3.2, 4.5])
PT_EDGES = np.array([20, 30, 40, 60, 80, 120, 200, 300, 500, 1000])


class Jets:
    """The jets of a file that go with a jet of particles: `[jets]` each."""

    def __init__(self, path, head, output):
        with h5py.File(path) as file:
            offset = file["jet/offset"][()].astype(int)
            self.event = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
            self.pt, rapidity, mass = (file["jet/" + name][()].astype(float) for name in ("pt", "rapidity", "mass"))
            self.truth = file["jet/given/pt"][()].astype(float)
            self.predicted = file[f"jet/{head}/{output}"][()].astype(float)
        pz = np.hypot(self.pt, np.maximum(mass, 0)) * np.sinh(rapidity)
        self.eta = np.arcsinh(pz / self.pt)
        self.keep(np.isfinite(self.truth))

    def keep(self, rows):
        for name, values in list(vars(self).items()):
            setattr(self, name, values[rows])

    def those(self, rows):
        part = object.__new__(Jets)
        vars(part).update(vars(self))
        part.keep(rows)
        return part


class BinnedCorrection:
    """The classical correction."""

    def __init__(self, jets):
        self.curves = []
        for low, high in zip(ETA_EDGES, ETA_EDGES[1:]):
            inside = (low <= abs(jets.eta)) & (abs(jets.eta) < high)
            knots = []
            for begin, end in zip(PT_EDGES, PT_EDGES[1:]):
                rows = inside & (begin <= jets.truth) & (jets.truth < end)
                if rows.sum() >= 30:
                    response = np.median(jets.pt[rows] / jets.truth[rows])
                    knots.append((np.log(response * np.median(jets.truth[rows])), -np.log(response)))
            if not knots:
                raise SystemExit(
                    f"no interval of pT has 30 jets with {low} <= |η| < {high} to correct by; give a larger sample")
            self.curves.append(np.array(sorted(knots)).T)

    def __call__(self, jets):
        corrected = jets.pt.copy()
        for (low, high), (place, factor) in zip(zip(ETA_EDGES, ETA_EDGES[1:]), self.curves):
            rows = (low <= abs(jets.eta)) & (abs(jets.eta) < high)
            corrected[rows] *= np.exp(np.interp(np.log(jets.pt[rows]), place, factor))
        return corrected


def summary(response):
    """The median less 1 and half the central 68.27 %, with errors from 200 bootstraps."""

    def both(values):
        low, median, high = np.quantile(values, (0.15866, 0.5, 0.84134))
        return np.array((median - 1, (high - low) / 2))

    generator = np.random.default_rng(1)
    samples = [both(generator.choice(response, len(response))) for _ in range(200)]
    return [f"{value:7.4f} ± {error:.4f}" for value, error in zip(both(response), np.std(samples, axis=0))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scores", help="results of canopy classify with --keep jet/pt")
    parser.add_argument("--head", default="jet-energy")
    parser.add_argument("--output", default="pt")
    options = parser.parse_args()
    jets = Jets(options.scores, options.head, options.output)
    first = jets.event.max() * 4 // 5
    correction = BinnedCorrection(jets.those(jets.event < first))
    # Below the least true pT of the intervals the threshold of the jets shapes the response.
    test = jets.those((jets.event >= first) & (jets.truth >= PT_EDGES[0]))
    estimates = {"uncorrected": test.pt, "binned": correction(test), "network": test.predicted}
    intervals = [("all", np.ones(len(test.truth), bool))]
    intervals += [
        (f"pT {a:g} … {b:g}", (a <= test.truth) & (test.truth < b)) for a, b in zip(PT_EDGES, PT_EDGES[1:])
    ]
    intervals += [
        (f"|η| {a:g} … {b:g}", (a <= abs(test.eta)) & (abs(test.eta) < b)) for a, b in zip(ETA_EDGES, ETA_EDGES[1:])
    ]
    print(f"{'':16}  {'jets':>6}" + "".join(f"  {name + ': bias':>18}  {'resolution':>16}" for name in estimates))
    for title, rows in intervals:
        if rows.sum() >= 50:
            cells = [cell for values in estimates.values() for cell in summary(values[rows] / test.truth[rows])]
            print(f"{title:16}  {rows.sum():6}" + "".join(f"  {cell:>17}" for cell in cells))


if __name__ == "__main__":
    main()

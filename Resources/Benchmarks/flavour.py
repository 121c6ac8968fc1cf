#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares taggers of flavour with each other and with track counting, on the same jets.

Needs: numpy h5py. Usage:

    canopy classify flavour-jets.h5 --skip-events 19200 --model flavour-tagger -o recursive.h5
    canopy classify flavour-jets.h5 --skip-events 19200 --model flavour-deep-jet -o deep-jet.h5
    flavour.py flavour-jets.h5 --skip-events 19200 recursive.h5 deep-jet.h5

Track counting is the second or the third largest signed significance of d0 among the tracks of a jet (CMS, arXiv:1211.4462).
Printed for each discriminant: the area under the ROC curve and the background rejection at 50, 70 and 77 % signal efficiency, and
by how much those of the first model are better: the difference of the areas, and the natural logarithm of the ratio of the
rejections at 70 %. Errors are those of 200 bootstrap samples, in each of which every jet has a Poisson weight of mean 1, the same
for all taggers. A jet that a model does not find counts as background.
"""

import argparse
import pathlib

import h5py
import numpy as np

ROUNDS = 200
EFFICIENCIES = (0.5, 0.7, 0.77)
B, C, LIGHT, GLUON = range(4)
DISCRIMINANTS = {
    "BvsL": ([B], [LIGHT, GLUON]), "BvsC": ([B], [C]), "CvsL": ([C], [LIGHT, GLUON]), "CvsB": ([C], [B]),
    "QvsG": ([LIGHT], [GLUON]),
}
# What track counting can tell: it grows with the lifetime.
DISPLACED = ("BvsL", "BvsC", "CvsL")


def track_counting(path, skip):
    """The second and the third largest significance of each jet: `[jets × 2]`."""
    with h5py.File(path) as file:
        offset = file["event/offset"][skip:].astype(int)
        first = offset[0]
        significance = file["particle/d0_significance"][first:offset[-1]].astype(float)
        charged = file["particle/charged"][first:offset[-1]] == 1
    found = np.full((len(offset) - 1, 2), -np.inf)
    for jet, (a, b) in enumerate(zip(offset - first, offset[1:] - first)):
        largest = np.sort(significance[a:b][charged[a:b]])[::-1][1:3]
        found[jet, :len(largest)] = largest
    return found


def outputs(path, count):
    """The discriminants of a model by name: `[jets]` each."""
    with h5py.File(path) as file:
        heads = [item for item in file["jet"].values() if isinstance(item, h5py.Group) and "BvsL" in item]
        offset = file["jet/offset"][()].astype(int)
        if len(heads) != 1 or len(offset) - 1 != count:
            raise SystemExit(f"{path}: needs one head flavour-tagging and {count} events")
        has_jet = np.diff(offset) > 0
        found = {}
        for name in DISCRIMINANTS:
            found[name] = np.full(count, -np.inf)
            found[name][has_jet] = heads[0][name][()][offset[:-1][has_jet]]
    return found


def measured(scores, is_signal, weights):
    """The area under the ROC curve, and ln of the rejection at each efficiency."""
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    ends = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(falling) - 1)
    signal = np.cumsum((weights * is_signal)[order])[ends]
    background = np.cumsum((weights * ~is_signal)[order])[ends]
    signal, background = np.append(0, signal / signal[-1]), np.append(0, background / background[-1])
    area = ((signal[1:] + signal[:-1]) / 2 * np.diff(background)).sum()
    # A cut that no background passes has a rejection of at least the number of background jets.
    passed = np.maximum(np.interp(EFFICIENCIES, signal, background), 1 / (~is_signal).sum())
    return np.append(area, -np.log(passed))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sample", help="the jets of generate.py flavour-jets")
    parser.add_argument("models", nargs="+", help="what `canopy classify -o` made of them")
    parser.add_argument("--skip-events", type=int, default=0, metavar="N", help="as for canopy classify; default: 0")
    arguments = parser.parse_args()
    with h5py.File(arguments.sample) as file:
        flavours = file["event/flavour"][arguments.skip_events:]
    models = {pathlib.Path(path).stem: outputs(path, len(flavours)) for path in arguments.models}
    second, third = track_counting(arguments.sample, arguments.skip_events).T
    generator = np.random.default_rng(1)
    print(f"{'':26}{'AUC':>16}" + "".join(f"{f'1/ε_B at {e:.0%}':>18}" for e in EFFICIENCIES) + f"{'ΔAUC':>18}{'ln ratio':>16}")
    for name, (signal, background) in DISCRIMINANTS.items():
        jets = np.isin(flavours, signal + background)
        is_signal = np.isin(flavours[jets], signal)
        taggers = {model: found[name][jets] for model, found in models.items()}
        if name in DISPLACED:
            taggers |= {"second track": second[jets], "third track": third[jets]}
        weights = [np.ones(len(is_signal))] + [generator.poisson(1, len(is_signal)) for _ in range(ROUNDS)]
        results = {tagger: np.array([measured(scores, is_signal, w) for w in weights]) for tagger, scores in taggers.items()}
        best = next(iter(results.values()))
        for tagger, values in results.items():
            area, area_error = values[0, 0], values[1:, 0].std()
            line = f"{name:6}{tagger:20}{area:8.4f} ± {area_error:.4f}"
            for column in range(1, values.shape[1]):
                rejection = np.exp(values[0, column])
                if rejection > (~is_signal).sum() - 0.5:
                    line += f"{'> ' + format(rejection, '.0f'):>18}"
                else:
                    line += f"{rejection:9.1f} ± {rejection * values[1:, column].std():6.1f}"
            if values is not best:
                difference = (best - values)[:, [0, 2]]
                error = difference[1:].std(axis=0)
                line += f"{difference[0, 0]:9.4f} ± {error[0]:.4f}{difference[0, 1]:8.2f} ± {error[1]:.2f}"
            print(line)


if __name__ == "__main__":
    main()

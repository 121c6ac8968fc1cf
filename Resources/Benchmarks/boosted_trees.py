#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classifies jets or events by gradient-boosted trees on observables, the peer of Canopy's networks on the same events.

Needs: numpy h5py scikit-learn. What the trees read are the numbers of observables that `canopy cluster` writes, of jets those of
the hardest of each event, and columns of the sample; of events also the masses and distances of pairs of the jets of ranked-jets and
of the two hardest electrons and muons. Usage:

    canopy cluster w-vs-qcd.h5 --radius 1 --min-pt 200 --observable kinematics --observable soft-drop \\
        --observable 'n-subjettiness: {radius: 1}' -o jets.h5
    boosted_trees.py w-vs-qcd.h5 jets.h5 --rows jet --train 64000

    canopy cluster hh-vs-ttbar.h5 --radius 0.4 --min-pt 20 --max-abs-rapidity 2.5 --observable missing-momentum \\
        --observable 'ranked-jets: {count: 5}' -o events.h5
    boosted_trees.py hh-vs-ttbar.h5 events.h5 --rows event --train 32000 --also resonance_mass

The trees are those of scikit-learn (HistGradientBoostingClassifier, 300 iterations with early stopping on a tenth of the first
events). Everything is judged on the events after these.
"""

import argparse
import time

import h5py
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier


def rejection(scores, labels, efficiency):
    """1/ε_B at a signal efficiency, with its binomial error, that of the threshold included."""
    signal, background = scores[labels == 1], scores[labels == 0]
    threshold = np.quantile(signal, 1 - efficiency)
    passing = (background > threshold).sum()
    share = passing / len(background)
    # The number of background jets between thresholds one standard deviation of the efficiency apart.
    step = np.sqrt(efficiency * (1 - efficiency) / len(signal))
    beyond = (background > np.quantile(signal, 1 - min(efficiency + step, 1))).mean() - share
    error = np.hypot(np.sqrt(share * (1 - share) / len(background)), beyond)
    return (1 / share, error / share**2) if passing else (np.inf, np.nan)


def auc(scores, labels):
    """The area under the ROC curve with the error of DeLong's method."""
    signal, background = np.sort(scores[labels == 1]), np.sort(scores[labels == 0])

    def shares(values, of):
        return (np.searchsorted(of, values, "left") + np.searchsorted(of, values, "right")) / (2 * len(of))

    above, below = shares(signal, background), shares(background, signal)
    return above.mean(), np.sqrt(above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below))


def hardest_leptons(file, count=2):
    """pT, η, φ of the hardest electrons and muons of each event of a sample: `[events × count × 3]`, NaN for those that are missing."""
    offset = file["event/offset"][()].astype(int)
    lepton = np.isin(np.abs(file["particle/pdgid"][()]), (11, 13))
    event = np.repeat(np.arange(len(offset) - 1), np.diff(offset))[lepton]
    numbers = np.column_stack([file[f"particle/{name}"][()][lepton].astype(float) for name in ("pt", "eta", "phi")])
    order = np.lexsort((-numbers[:, 0], event))
    event, numbers = event[order], numbers[order]
    rank = np.arange(len(event)) - np.searchsorted(event, event)
    found = np.full((len(offset) - 1, count, 3), np.nan)
    found[event[rank < count], rank[rank < count]] = numbers[rank < count]
    return found


def pairs(objects):
    """The masses and distances of all pairs of pT, rapidity and φ without their masses: `[events × objects × 3]` → `[events × numbers]`."""
    columns = []
    for first in range(objects.shape[1]):
        for second in range(first):
            pt, rapidity, phi = np.moveaxis(np.stack([objects[:, first], objects[:, second]]), 2, 0)
            dy, dphi = rapidity[0] - rapidity[1], (phi[0] - phi[1] + np.pi) % (2 * np.pi) - np.pi
            columns += [np.sqrt(np.maximum(2 * pt[0] * pt[1] * (np.cosh(dy) - np.cos(dphi)), 0)), np.hypot(dy, dphi)]
    return np.column_stack(columns)


def read(sample, path, rows, also, truth):
    """The numbers `[rows × numbers]` with their names, the labels, and the event of each row."""
    names, columns = [], []
    with h5py.File(path) as file:
        offset = file["jet/offset"][()].astype(int)
        events = np.arange(len(offset) - 1)
        hardest = np.diff(offset) > 0
        event, chosen = (events, slice(None)) if rows == "event" else (events[hardest], offset[:-1][hardest])
        length = len(events) if rows == "event" else offset[-1]
        for observable, group in file[rows].items():
            for name, values in group.items() if isinstance(group, h5py.Group) else ():
                if isinstance(values, h5py.Dataset) and values.shape == (length,):
                    names.append(f"{observable}/{name}")
                    columns.append(values[()].astype(float)[chosen])
    with h5py.File(sample) as file:
        if rows == "event":
            numbers = dict(zip(names, columns))
            jets = [[numbers[f"ranked-jets/{of}-{k}"] for of in ("pt", "rapidity", "phi")]
                    for k in range(1, 1 + sum(name.startswith("ranked-jets/pt-") for name in names))]
            leptons = hardest_leptons(file)
            objects = np.concatenate([np.moveaxis(np.array(jets), 2, 0), leptons], axis=1)
            columns += [*leptons.reshape(len(leptons), -1).T, *pairs(objects).T]
            names += [f"{name} of lepton {k}" for k in (1, 2) for name in ("pt", "eta", "phi")]
            names += [f"{name} of pair {k}" for k in range(pairs(objects).shape[1] // 2) for name in ("mass", "distance")]
        for name in also:
            names.append(f"event/{name}")
            columns.append(file[f"event/{name}"][()].astype(float)[event])
        labels = file[f"event/{truth}"][()].astype(float)[event]
    return np.column_stack(columns), names, labels, event


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sample", help="the events, with their classes")
    parser.add_argument("file", help="what canopy cluster wrote of them")
    parser.add_argument("--rows", choices=("jet", "event"), default="jet", help="what is classified")
    parser.add_argument("--train", type=int, required=True, help="how many events from the first on are trained with")
    parser.add_argument("--also", nargs="*", default=[], help="columns of the sample that the trees read too")
    parser.add_argument("--truth", default="label", help="the column of the sample with the class, 0 or 1 (default label)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    numbers, names, labels, event = read(options.sample, options.file, options.rows, options.also, options.truth)
    training, test = event < options.train, event >= options.train
    trees = HistGradientBoostingClassifier(
        max_iter=300, learning_rate=0.1, max_leaf_nodes=31, early_stopping=True, validation_fraction=0.1,
        random_state=options.seed)
    start = time.process_time()
    trees.fit(numbers[training], labels[training])
    fitted = time.process_time()
    scores = trees.predict_proba(numbers[test])[:, 1]
    predicted = time.process_time()
    print(f"{len(names)} numbers")
    print(f"{training.sum()} rows to train with in {fitted - start:.1f} s of CPU, {trees.n_iter_} iterations; {test.sum()} to test")
    print(f"{(predicted - fitted) / test.sum() * 1e6:.1f} µs of CPU a row, without the observables")
    area, error = auc(scores, labels[test])
    print(f"AUC {area:.4f} ± {error:.4f}")
    for efficiency in (0.8, 0.5, 0.3):
        value, error = rejection(scores, labels[test], efficiency)
        print(f"1/ε_B at {efficiency:.0%} {value:.4g} ± {error:.2g}")


if __name__ == "__main__":
    main()

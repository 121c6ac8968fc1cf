#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""By how much one classifier of events, or of their leading jets, is better than others on the same events.

    pip install numpy h5py
    canopy classify test.h5 --model dihiggs -o dihiggs.h5         # and so with each other model
    Resources/Benchmarks/paired.py test.h5 dihiggs.h5 momenta.h5 two-jets.h5

What fluctuates for one model fluctuates for the other, so that a difference is known better than either value, also if
they read what different detectors measure of the same events. Errors are those of 400 bootstrap samples, in each of which
every event has a Poisson weight of mean 1, the same for both models. Printed for each other model: both background
rejections at 50 % signal efficiency, the natural logarithm of their ratio, and the difference of the areas under the ROC
curves. An event whose jets have no score counts as one that the tagger does not find.
"""

import argparse

import h5py
import numpy as np

ROUNDS = 400


class Scores:
    """The scores of a classifier, sorted once."""

    def __init__(self, path, is_signal):
        file = h5py.File(path)
        scores = self.scores(path, file, "event")
        if scores is None:
            scores = self.scores(path, file, "jet")
            offsets = file["jet/offset"][:].astype(int)
            # An event without a jet is none that the tagger finds.
            leading = np.full(len(offsets) - 1, -np.inf)
            has_jets = np.diff(offsets) > 0
            leading[has_jets] = scores[offsets[:-1][has_jets]]
            scores = leading
        if len(scores) != len(is_signal):
            raise SystemExit(f"{path}: has {len(scores)} events, and the sample {len(is_signal)}")
        self.order = np.argsort(-scores, kind="stable")
        self.is_signal = is_signal[self.order]
        # The last event of each run of equal scores, where a cut can lie.
        falling = scores[self.order]
        self.ends = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(falling) - 1)

    @staticmethod
    def scores(path, file, rows):
        """The scores of the one head on events or on jets; None if there are heads on jets alone."""
        group = file[rows]
        heads = [name for name in group if isinstance(group[name], h5py.Group) and "score" in group[name]]
        if rows == "event" and not heads:
            return None
        if len(heads) != 1:
            raise SystemExit(f"{path}: has {len(heads)} heads with a score, where one is needed")
        return group[heads[0]]["score"][:]

    def measure(self, weights):
        """ln of the rejection at 50 % signal efficiency, and the area under the ROC curve."""
        weights = weights[self.order]
        signal = np.cumsum(weights * self.is_signal)[self.ends]
        background = np.cumsum(weights * ~self.is_signal)[self.ends]
        signal, background = signal / signal[-1], background / background[-1]
        passed = background[np.searchsorted(signal, 0.5)]
        heights = (signal + np.append(0, signal[:-1])) / 2
        return -np.log(passed), (heights * np.diff(background, prepend=0)).sum()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sample", help="the events, with the column event/label")
    parser.add_argument("scores", help="what `canopy classify -o` made of them")
    parser.add_argument("others", nargs="+", help="the same by other models")
    arguments = parser.parse_args()

    is_signal = h5py.File(arguments.sample)["event/label"][:] == 1
    ones = np.ones(len(is_signal))
    first = Scores(arguments.scores, is_signal)
    print(f"{'':24}  1/ε_B at 50 %   ln of the ratio   difference of AUC")
    for path in arguments.others:
        other = Scores(path, is_signal)
        generator = np.random.default_rng(1)
        rounds = []
        for _ in range(ROUNDS):
            weights = generator.poisson(1, len(ones)).astype(float)
            rounds.append(np.subtract(first.measure(weights), other.measure(weights)))
        (here, area), (there, other_area) = first.measure(ones), other.measure(ones)
        errors = np.std(rounds, axis=0)
        print(
            f"{path.split('/')[-1].removesuffix('.h5'):24}  {np.exp(here):4.0f}, {np.exp(there):4.0f}"
            f"      {here - there:.3f} ± {errors[0]:.3f}     {area - other_area:.5f} ± {errors[1]:.5f}"
        )


if __name__ == "__main__":
    main()

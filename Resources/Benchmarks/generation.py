#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far drawn jets are from those of the generator: distances of spectra, and how well they can be told apart.

    pip install h5py numpy scipy scikit-learn
    canopy generate --model jet-likelihood --class QCD -n 16000 -o drawn.h5
    Resources/Benchmarks/generation.py w-vs-qcd.h5 drawn.h5 --label 0 --skip-events 64000

Files are clustered by Canopy as the model does, with N-subjettiness and soft drop. Three things are compared with the true jets after
the skipped ones: the last half of the drawn jets; independent constituents; and one half of the true jets with the other, which is
what perfect jets would show for half as many. A jet of independent constituents has the pT, the direction and the number of constituents
of a skipped true jet, and each constituent has the share of pT, the direction relative to the jet and the mass of one of a skipped jet with
about as many constituents.

W1 is the Wasserstein distance in units of the standard deviation of the true jets. AUC is that of scikit-learn's gradient-boosted
trees on the same numbers, which tell true from other jets: they learn from the first half of the drawn jets and as many skipped true
ones, of halves from a half of each.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import h5py
import numpy as np
from scipy.stats import wasserstein_distance
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

OBSERVABLES = {
    "pT": "jet/pt",
    "mass": "jet/mass",
    "tau1": "jet/n-subjettiness/tau-1",
    "tau21": "jet/n-subjettiness/tau-21",
    "tau32": "jet/n-subjettiness/tau-32",
    "soft-drop mass": "jet/soft-drop/mass",
}


class Particles:
    """The particles of events: pT, rapidity, φ and mass, `[particles]` each, and the offsets of events."""

    def __init__(self, offset, pt, rapidity, phi, mass):
        self.offset, self.pt, self.rapidity, self.phi, self.mass = offset, pt, rapidity, phi, mass

    @classmethod
    def read(cls, path, label, events):
        """Those of the events of a label among a slice of all."""
        with h5py.File(path) as file:
            offset = file["event/offset"][:].astype(int)
            chosen = np.zeros(len(offset) - 1, bool)
            chosen[events] = True
            chosen &= file["event/label"][:] == label
            lengths = np.diff(offset)
            rows = np.repeat(chosen, lengths)
            own = {name: file["particle/" + name][:][rows].astype(float) for name in file["particle"]}
        if "px" in own:
            energy, pz = own["E"], own["pz"]
            pt, phi = np.hypot(own["px"], own["py"]), np.arctan2(own["py"], own["px"])
            mass = np.sqrt(np.maximum(energy**2 - pz**2 - pt**2, 0))
        else:
            pt, phi, mass = own["pt"], own["phi"], own["mass"]
            pz = pt * np.sinh(own["eta"])
        rapidity = np.arcsinh(pz / np.hypot(pt, mass))
        return cls(np.concatenate(([0], np.cumsum(lengths[chosen]))), pt, rapidity, phi, mass)

    @property
    def events(self):
        return len(self.offset) - 1

    def relative(self):
        """The share of pT, Δy and Δφ of each particle relative to its event, and pT, rapidity and φ of the events."""
        number = np.repeat(np.arange(self.events), np.diff(self.offset))

        def total(values):
            return np.bincount(number, values, self.events)

        pt = total(self.pt)
        rapidity = total(self.pt * self.rapidity) / pt
        phi = np.arctan2(total(self.pt * np.sin(self.phi)), total(self.pt * np.cos(self.phi)))
        across = self.rapidity - rapidity[number]
        around = (self.phi - phi[number] + np.pi) % (2 * np.pi) - np.pi
        return (self.pt / pt[number], across, around), (pt, rapidity, phi)

    def write(self, path, label):
        """As a file of events of a label."""
        with h5py.File(path, "w") as file:
            file["event/offset"] = self.offset.astype("u8")
            file["event/label"] = np.full(self.events, label, "i4")
            transverse_mass = np.hypot(self.pt, self.mass)
            file["particle/px"] = self.pt * np.cos(self.phi)
            file["particle/py"] = self.pt * np.sin(self.phi)
            file["particle/pz"] = transverse_mass * np.sinh(self.rapidity)
            file["particle/E"] = transverse_mass * np.cosh(self.rapidity)

    def independent(self, count, generator):
        """So many events of constituents that know of each other no more than how many there are."""
        (share, across, around), (pt, rapidity, phi) = self.relative()
        lengths = np.diff(self.offset)
        order = np.argsort(lengths, kind="stable")
        # The particles by the number of those of their event.
        pool = np.concatenate([np.arange(self.offset[i], self.offset[i + 1]) for i in order])
        ends = np.cumsum(lengths[order])
        window = max(self.events // 50, 1)
        ranks = generator.integers(0, self.events, count)
        made = []
        for rank in ranks:
            first, last = max(rank - window, 0), min(rank + window, self.events - 1)
            event = order[rank]
            begin = ends[first] - lengths[order[first]]
            drawn = pool[generator.integers(begin, ends[last], lengths[event])]
            made.append((
                pt[event] * share[drawn] / share[drawn].sum(), rapidity[event] + across[drawn], phi[event] + around[drawn],
                self.mass[drawn]))
        offset = np.concatenate(([0], np.cumsum(lengths[order[ranks]])))
        return Particles(offset, *(np.concatenate(column) for column in zip(*made)))


def jets(path, canopy, options):
    """The observables of the leading jet of each event that has one, `[jets × observables]`."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "jets.h5"
        command = [canopy, "cluster", path, "--radius", "1.0", "--min-pt", "200", "--constituents", "-o", str(output)]
        subprocess.run(
            [*command, "--observable", "n-subjettiness", "--observable", "soft-drop", *options], check=True)
        with h5py.File(output) as file:
            offset = file["jet/offset"][:]
            leading = offset[:-1][np.diff(offset) > 0]
            found = [file[place][:][leading] for place in OBSERVABLES.values()]
            found.append(np.diff(file["jet/constituent_offset"][:])[leading].astype(float))
    return np.stack(found, axis=1)


def auc(learnt, judged):
    """The area under the ROC curve of trees that learnt to tell (true, other) jets apart, on such jets."""
    trees = HistGradientBoostingClassifier(max_iter=300, early_stopping=True, random_state=1)

    def sample(pair):
        return np.concatenate(pair), np.repeat([0, 1], [len(jets) for jets in pair])

    trees.fit(*sample(learnt))
    rows, truth = sample(judged)
    return roc_auc_score(truth, trees.predict_proba(rows)[:, 1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("true")
    parser.add_argument("drawn")
    parser.add_argument("--label", type=int, required=True, help="the class of the true events")
    parser.add_argument("--skip-events", type=int, required=True, help="the events that the model may have learnt from")
    parser.add_argument("--independent", help="keep the file of jets with independent constituents under this name")
    parser.add_argument("--canopy", default="canopy")
    options = parser.parse_args()
    skip = options.skip_events
    seen = Particles.read(options.true, options.label, slice(0, skip))
    generator = np.random.default_rng(1)

    def read(path, *where):
        return jets(str(path), options.canopy, list(where))

    label = ("--where", f"label == {options.label}")
    true = read(options.true, "--skip-events", str(skip), *label)
    drawn = read(options.drawn)
    half = len(drawn) // 2
    past = read(options.true, "--max-events", str(skip), *label)[:half]
    resampled = seen.independent(2 * half, generator)
    with tempfile.TemporaryDirectory() as folder:
        path = options.independent or Path(folder) / "independent.h5"
        resampled.write(path, options.label)
        independent = read(path)
    middle = len(true) // 2
    others = {
        "drawn": drawn[half:], "independent": independent[len(independent) // 2 :], "halves": true[:middle],
    }
    print(f"{'':16}" + "".join(f"{name:>14}" for name in others) + "     mean true  drawn")
    for place, name in enumerate([*OBSERVABLES, "constituents"]):
        line = f"{name:16}"
        for kind, other in others.items():
            reference = true[middle:] if kind == "halves" else true
            values = [column[np.isfinite(column)] for column in (reference[:, place], other[:, place])]
            line += f"{wasserstein_distance(*values) / np.nanstd(true[:, place]):14.3f}"
        print(f"{line}  {np.nanmean(true[:, place]):10.4g} {np.nanmean(drawn[half:, place]):10.4g}")
    quarters = np.array_split(true, 4)
    areas = [
        auc((past, drawn[:half]), (true, drawn[half:])),
        auc((past, independent[: len(independent) // 2]), (true, independent[len(independent) // 2 :])),
        auc(quarters[:2], quarters[2:]),
    ]
    print(f"{'AUC of trees':16}" + "".join(f"{area:14.3f}" for area in areas))


if __name__ == "__main__":
    main()

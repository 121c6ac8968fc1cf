#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what identifies particles with the classical product of likelihoods of what a toy detector says.

Needs: numpy h5py. Usage:

    canopy classify particle-id.h5 --skip-events 1600 --model particle-id --keep particle.species -o id.h5
    particle_id.py particle-id.h5 id.h5

The likelihood of a species is the product of the densities of each number, as histograms in intervals of the momentum, and of
the share of the species there; all are those of the first four fifths of the events. It is judged on the last fifth.
"""

import argparse

import h5py
import numpy as np

CLASSES = ("pion", "kaon", "proton", "electron", "photon", "neutral-hadron")
NUMBERS = ("dedx", "inverse_beta", "e_over_p", "shower_width")
INTERVALS, BINS = 16, 40


def likelihoods(path):
    """The probability of each species of the particles of the last fifth, `[particles × species]`, and their species."""
    with h5py.File(path) as file:
        first = int(file["event/offset"][(len(file["event/offset"]) - 1) * 4 // 5])
        species, charged, pt, eta, *numbers = (
            file["particle/" + name][()] for name in ("species", "charged", "pt", "eta", *NUMBERS))
    momentum = np.log(pt * np.cosh(eta.astype(float)))
    learnt = np.arange(len(pt)) < first
    edges = np.quantile(momentum[learnt], np.linspace(0, 1, INTERVALS + 1)[1:-1])
    # Tracks and the others are intervals of their own.
    interval = np.searchsorted(edges, momentum) + INTERVALS * charged
    logarithms = np.zeros((len(pt), len(CLASSES)))
    for place in range(2 * INTERVALS):
        rows = interval == place
        counts = np.bincount(species[rows & learnt], minlength=len(CLASSES))
        logarithms[rows] += np.log(counts + 1e-9)
        for values in numbers:
            if not np.isfinite(values[rows & learnt]).any():
                continue
            bins = np.searchsorted(np.quantile(values[rows & learnt], np.linspace(0, 1, BINS + 1)[1:-1]), values)
            for number in range(len(CLASSES)):
                histogram = np.bincount(bins[rows & learnt & (species == number)], minlength=BINS) + 0.1
                logarithms[rows, number] += np.log(histogram / histogram.sum())[bins[rows]]
    probabilities = np.exp(logarithms - logarithms.max(1, keepdims=True))
    return (probabilities / probabilities.sum(1, keepdims=True))[~learnt], species[~learnt]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input")
    parser.add_argument("results")
    parser.add_argument("--head", default="identity")
    options = parser.parse_args()
    with h5py.File(options.results) as file:
        scores = np.stack([file[f"constituent/{options.head}/{name}"][()] for name in CLASSES], 1)
        known = file["constituent/species"][()].astype(int)
    print(f"{'':12}" + "".join(f"{name:>20}" for name in (*CLASSES, "all", "cross entropy")))
    for name, (probabilities, species) in (("likelihoods", likelihoods(options.input)), ("network", (scores, known))):
        right = probabilities.argmax(1) == species
        shares = [right[species == number] for number in range(len(CLASSES))] + [right]
        texts = [f"{share.mean():.4f} ± {np.sqrt(share.mean() * (1 - share.mean()) / len(share)):.4f}" for share in shares]
        losses = -np.log(np.maximum(probabilities[np.arange(len(species)), species], 1e-12))
        texts.append(f"{losses.mean():.4f} ± {losses.std() / np.sqrt(len(losses)):.4f}")
        print(f"{name:12}" + "".join(f"{text:>20}" for text in texts))


if __name__ == "__main__":
    main()

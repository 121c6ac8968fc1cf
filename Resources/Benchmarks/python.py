#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Canopy's package for Python beside scikit-hep's `fastjet` on the same awkward arrays: the same jets, and how fast.

    pip install ./Sources/Python fastjet h5py
    Resources/Benchmarks/python.py

All algorithms and recombination schemes, for an array of events and for one event a call; ee-kt has three exclusive
jets, the others have the inclusive ones. The events are those of a sample again and again, each time with other momenta.
Jets must have the same constituents, and a pT that is the same to 1e-9 of it. The times are those of the jets' momenta
and constituents, by turns in one run: the median of the rounds.
"""

import argparse
import itertools
import os
import pathlib
import statistics
import sys
import time
import tracemalloc

import awkward as ak
import fastjet
import h5py
import numpy as np

import canopy

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "Resources/Samples/dihiggs/hh-vs-ttbar-small.h5"
sys.path.insert(0, str(ROOT / "Sources/Python/tests"))
from definitions import ALGORITHMS, SCHEMES, definition  # noqa: E402
MINIMUM_PT = 5.0
EXCLUSIVE_JETS = 3


def particles(path, count):
    """The particles of `count` events as px, py, pz and E in double precision."""
    with h5py.File(path) as file:
        offsets = file["event/offset"][:].astype(np.int64)
        columns = {name: file[f"particle/{name}"][:].astype(float) for name in ("pt", "eta", "phi", "mass")}
    sample = ak.unflatten(ak.zip(columns), np.diff(offsets))
    random = np.random.default_rng(1)
    repeated = ak.concatenate([sample] * -(-count // len(sample)))[:count]
    flat, counts = ak.flatten(repeated), ak.num(repeated)
    pt = np.asarray(flat.pt) * random.normal(1, 0.05, len(flat)).clip(0.5, 1.5)
    eta = np.asarray(flat.eta) + random.normal(0, 0.01, len(flat))
    phi = np.asarray(flat.phi) + random.normal(0, 0.01, len(flat))
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = np.sqrt(px**2 + py**2 + pz**2 + np.asarray(flat.mass) ** 2)
    return ak.unflatten(ak.zip({"px": px, "py": py, "pz": pz, "E": energy}), counts)


def by_fastjet(events, jet_definition):
    """The momenta of the jets and the indices of their particles."""
    sequence = fastjet.ClusterSequence(events, jet_definition)
    if jet_definition.jet_algorithm() == fastjet.ee_kt_algorithm:
        return (
            sequence.exclusive_jets(n_jets=EXCLUSIVE_JETS),
            sequence.exclusive_jets_constituent_index(EXCLUSIVE_JETS),
        )
    return sequence.inclusive_jets(MINIMUM_PT), sequence.constituent_index(MINIMUM_PT)


def by_canopy(events, algorithm, scheme, threads=None):
    radius, power, _ = ALGORITHMS[algorithm]
    kind = {"exclusive_jets": EXCLUSIVE_JETS} if radius is None else {"radius": radius, "min_pt": MINIMUM_PT}
    return canopy.cluster(events, algorithm, power=power, recombination=scheme, threads=threads, **kind)


def compare(name, jets, others):
    """Compare Canopy's jets with FastJet's, which come in no order; Canopy's of e⁺e⁻ algorithms come by E."""
    momenta, constituents = others
    jets = jets[ak.argsort(jets.pt, ascending=False)]
    order = ak.argsort(np.hypot(momenta.px, momenta.py), ascending=False)
    momenta, constituents = momenta[order], constituents[order]
    if not ak.all(ak.num(jets) == ak.num(momenta)):
        raise SystemExit(f"{name}: the numbers of jets differ")
    pt = np.hypot(momenta.px, momenta.py)
    worst = ak.max(abs(jets.pt / pt - 1), axis=None) or 0
    same = ak.all(ak.num(jets.constituents, axis=2) == ak.num(constituents, axis=2), axis=None) and ak.all(
        ak.sort(jets.constituents) == ak.sort(constituents), axis=None
    )
    if not same or worst > 1e-9:
        raise SystemExit(f"{name}: the jets differ: constituents {bool(same)}, pT by {worst:.1e}")
    return ak.sum(ak.num(jets)), worst


def median(calls, rounds):
    """The median time of each call in seconds, the calls by turns, and their results."""
    times, results = [[] for _ in calls], [None] * len(calls)
    for _, (place, call) in itertools.product(range(rounds), enumerate(calls)):
        start = time.perf_counter()
        results[place] = call()
        times[place].append(time.perf_counter() - start)
    return [statistics.median(each) for each in times], results


def each(events, function):
    for event in events:
        function(event)


def copied(events):
    """How many bytes for each of the particles' numbers Python needs for a call that finds no jets."""
    canopy.cluster(events, min_pt=1e9)
    tracemalloc.start()
    canopy.cluster(events, min_pt=1e9)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / (4 * ak.count(events.px))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sample", nargs="?", default=SAMPLE, help="an event file of Canopy (default: the shipped one)")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=1, help="the median of so many times is taken")
    parser.add_argument("--algorithms", nargs="+", choices=ALGORITHMS, default=list(ALGORITHMS))
    parser.add_argument("--schemes", nargs="+", choices=SCHEMES, default=list(SCHEMES))
    arguments = parser.parse_args()

    events = particles(arguments.sample, arguments.events)
    single = [events[place] for place in range(min(100, len(events)))]
    threads = len(os.sched_getaffinity(0))
    # The banner of FastJet comes before the table.
    fastjet.ClusterSequence(events[:1], definition("antikt", "E"))
    print(f"\n{len(events)} events of {ak.mean(ak.num(events)):.0f} particles, {threads} threads")
    print("                      an array of events, in s             one event a call, in µs")
    print("                   fastjet  1 thread      all threads       fastjet     canopy           jets  ΔpT/pT")
    for algorithm, scheme in itertools.product(arguments.algorithms, arguments.schemes):
        theirs = definition(algorithm, scheme)
        (array, one, several), (expected, found, again) = median(
            [
                lambda: by_fastjet(events, theirs),
                lambda: by_canopy(events, algorithm, scheme, 1),
                lambda: by_canopy(events, algorithm, scheme),
            ],
            arguments.rounds,
        )
        jets, worst = compare(f"{algorithm} {scheme}", found, expected)
        compare(f"{algorithm} {scheme} on {threads} threads", again, expected)
        (event, own), _ = median(
            [
                lambda: each(single, lambda event: by_fastjet(event, theirs)),
                lambda: each(single, lambda event: by_canopy(event, algorithm, scheme)),
            ],
            arguments.rounds,
        )
        event, own = event / len(single) * 1e6, own / len(single) * 1e6
        print(
            f"{algorithm:9} {scheme:8} {array:7.2f} {one:6.2f} ({array / one:4.2f}×) {several:6.2f} ({array / several:4.2f}×)"
            f"   {event:8.0f}   {own:6.0f} ({event / own:4.1f}×)  {jets:7}  {worst:.0e}",
            flush=True,
        )

    print("\nHow many bytes are copied for a number of the particles before the library reads it:")
    forms = {
        "double precision": events,
        "a slice of it": events[100:],
        "with other columns": ak.with_field(events, ak.ones_like(events.px), "charge"),
        "through Arrow": ak.from_arrow(ak.to_arrow(events)) if has_arrow() else None,
        "single precision": ak.values_astype(events, np.float32),
        "events in another order": events[::-1],
        "events by a mask": events[np.arange(len(events)) % 10 != 0],
        "particles by a mask": events[events.E > 0],
    }
    for name, form in forms.items():
        if form is not None:
            print(f"{name:25} {copied(form):4.1f}")


def has_arrow():
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    main()

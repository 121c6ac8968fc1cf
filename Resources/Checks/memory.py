#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the memory of a Python process grows while it calls Canopy again and again.

    pip install ./Sources/Python
    Resources/Checks/memory.py

Prints the resident memory after each tenth of the calls, and fails if it grows by more than 2 MiB from the second tenth
to the last. One small event is clustered 1,000,000 times, and classified 100,000 times.
"""

import argparse
import gc
import pathlib

import awkward as ak

import canopy


def resident():
    """The resident memory in MiB."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("/proc/self/status has no VmRSS")


def check(name, call, count):
    sizes = []
    for _ in range(10):
        for _ in range(count // 10):
            call()
        gc.collect()
        sizes.append(resident())
    print(f"{name}, {count} calls, MiB:", *(f"{size:.1f}" for size in sizes), flush=True)
    if sizes[-1] - sizes[1] > 2:
        raise SystemExit(f"{name}: the memory grows")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clusters", type=int, default=1_000_000)
    parser.add_argument("--classifications", type=int, default=100_000)
    arguments = parser.parse_args()

    particles = ak.Array(
        [{"px": 250.0 + i, "py": 10.0 * (i - 2), "pz": 8.0 * i, "E": 300.0 + 4 * i, "pdgid": 211} for i in range(5)]
    )
    model = canopy.load_model("w-tagger")
    if not len(model.classify(particles).jets):
        raise SystemExit("the event has no jet for the model")
    check("cluster", lambda: canopy.cluster(particles, threads=1), arguments.clusters)
    check("classify", lambda: model.classify(particles, threads=1), arguments.classifications)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jets of ROOT files, by the package and by the command, beside those of uproot and FastJet.

    make real
    Resources/Checks/root.py [--canopy .build/release/canopy] [FOLDER, else ../shared/data/real]

The branches are read here by uproot, without the package's layouts. Each row is a file with its collection of
particles, the events, particles and jets (anti-kT, R = 0.4, pT > 5 GeV), and the largest differences of pT and mass
(over E), rapidity and azimuth of all jets, by the package and by the command. The status is 1 if anything falls short.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import awkward as ak
import fastjet
import numpy as np
import uproot
import vector

ROOT = pathlib.Path(__file__).resolve().parents[2]
LARGEST_DIFFERENCE = 1e-9


def cylindrical(tree, prefix):
    """The particles of a collection of NanoAOD."""
    return {name: tree[f"{prefix}_{name}"].array() for name in ("pt", "eta", "phi", "mass")}


def generator(tree):
    """The stable generator particles of NanoAOD."""
    stable = tree["GenPart_status"].array() == 1
    return {name: values[stable] for name, values in cylindrical(tree, "GenPart").items()}


def tracks(tree):
    """The tracks of PHYSLITE as charged pions."""
    theta, ratio, phi = (
        ak.values_astype(tree[f"InDetTrackParticlesAuxDyn.{name}"].array(), np.float64)
        for name in ("theta", "qOverP", "phi")
    )
    momentum = 0.001 / abs(ratio)
    px, py, pz = (momentum * part for part in (np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)))
    return {"px": px, "py": py, "pz": pz, "E": np.sqrt(momentum**2 + 0.13957039**2)}


def cartesian(tree, collection, fourth, is_stable=None):
    """The particles of a collection of EDM4hep."""
    branches = {"px": "momentum.x", "py": "momentum.y", "pz": "momentum.z", **fourth}
    fields = {name: tree[f"{collection}/{collection}.{branch}"].array() for name, branch in branches.items()}
    return fields if is_stable is None else {name: values[is_stable] for name, values in fields.items()}


def reconstructed(tree):
    """The reconstructed particles of EDM4hep."""
    return cartesian(tree, "ReconstructedParticles", {"E": "energy"})


def simulated(tree):
    """The stable generator particles of EDM4hep."""
    return cartesian(tree, "Particle", {"mass": "mass"}, tree["Particle/Particle.generatorStatus"].array() == 1)


FILES = [
    ("pfnano.root", "Events", "candidates", lambda tree: cylindrical(tree, "PFCands")),
    ("pfnano.root", "Events", "generator", generator),
    ("nanoaod-dy.root", "Events", "generator", generator),
    ("nanoaod-ttbar.root", "Events", "generator", generator),
    ("nanoaod-ttbar-rntuple.root", "Events", "generator", generator),
    ("physlite.root", "CollectionTree", "tracks", tracks),
    ("edm4hep-fcc.root", "events", "reconstructed", reconstructed),
    ("edm4hep-fcc.root", "events", "generator", simulated),
]


def of_fastjet(fields):
    """pT, rapidity, φ, mass and E of the jets of each event, by falling pT."""
    fields = {name: ak.values_astype(values, np.float64) for name, values in fields.items()}
    momenta = vector.zip(fields)
    # A mass below 0 stands for a negative square, as FastJet has it.
    energy = fields.get("E")
    if energy is None:
        mass = fields["mass"]
        energy = np.sqrt(momenta.px**2 + momenta.py**2 + momenta.pz**2 + mass * abs(mass))
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)
    events = []
    for px, py, pz, e in zip(momenta.px, momenta.py, momenta.pz, energy):
        particles = [fastjet.PseudoJet(*numbers) for numbers in zip(px.tolist(), py.tolist(), pz.tolist(), e.tolist())]
        # The sequence owns what the jets point to.
        sequence = fastjet.ClusterSequence(particles, definition)
        jets = fastjet.sorted_by_pt(sequence.inclusive_jets(5.0))
        events.append([(jet.pt(), jet.rap(), jet.phi(), jet.m(), jet.e()) for jet in jets])
    return events


def of_command(command, path, collection):
    """pT, rapidity, φ and mass of the jets of each event by the command."""
    words = ["cluster", str(path), "--collection", collection, "--min-pt", "5", "--format", "jsonl"]
    if collection == "generator":
        words.append("--keep-invisible")
    program = "import canopy._command; canopy._command.main()"
    found = subprocess.run(
        [sys.executable, "-c", program, *words], check=True, capture_output=True, text=True,
        env={**os.environ, "CANOPY_COMMAND": str(command)},
    ).stdout
    names = ("pt", "rapidity", "phi", "mass")
    return [[tuple(jet[name] for name in names) for jet in json.loads(line)["jets"]] for line in found.splitlines()]


def difference(found, expected):
    """The largest difference of all jets, or infinity if their numbers differ."""
    if [len(jets) for jets in found] != [len(jets) for jets in expected]:
        return float("inf")
    largest = 0.0
    for jets, others in zip(found, expected):
        # Jets of equal pT may come in either order.
        jets, others = (sorted(some, key=lambda jet: (-round(jet[0], 6), jet[1])) for some in (jets, others))
        for (pt, rapidity, phi, mass), (its_pt, its_rapidity, its_phi, its_mass, energy) in zip(jets, others):
            azimuth = abs(phi - its_phi)
            largest = max(largest, abs(pt / its_pt - 1), abs(rapidity - its_rapidity),
                          min(azimuth, abs(2 * np.pi - azimuth)), abs(mass**2 - its_mass * abs(its_mass)) / energy**2)
    return largest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, nargs="?", default=ROOT.parent / "shared/data/real")
    parser.add_argument("--canopy", type=pathlib.Path, default=ROOT / ".build/release/canopy")
    arguments = parser.parse_args()
    os.environ.setdefault("CANOPY_LIBRARY", str(ROOT / ".build/release/libCanopyC.so"))
    os.environ["PYTHONPATH"] = str(ROOT / "Sources/Python")
    sys.path.insert(0, os.environ["PYTHONPATH"])
    import canopy

    if not arguments.folder.is_dir():
        print(f"{arguments.folder} is not there; no ROOT file is compared.")
        return 0
    heading = ("file", "particles of", "events", "particles", "jets", "package", "command")
    print(f"{heading[0]:28} {heading[1]:14}" + "".join(f"{name:>10}" for name in heading[2:]))
    short = 0
    for name, tree, collection, read in FILES:
        path = arguments.folder / name
        fields = read(uproot.open(path)[tree])
        expected = of_fastjet(fields)
        events = canopy.read(path, collection=collection)
        jets = canopy.cluster(events.particles, radius=0.4, min_pt=5)
        own = [[(jet.pt, jet.rapidity, jet.phi, jet.mass) for jet in event] for event in jets]
        differences = [difference(own, expected), difference(of_command(arguments.canopy, path, collection), expected)]
        short += any(each > LARGEST_DIFFERENCE for each in differences)
        count = int(ak.sum(ak.num(next(iter(fields.values())))))
        print(f"{name:28} {collection:14}{len(expected):10}{count:10}{sum(map(len, expected)):10}"
              + "".join(f"{each:10.1e}" for each in differences))
    print(f"\n{short} fall short." if short else "\nAll hold.")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())

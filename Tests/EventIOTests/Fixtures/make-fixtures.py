# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the event files of this folder by pyhepmc and h5py, and what a reader must find in them (expected.json).

Needs numpy, h5py and pyhepmc; run it in this folder.
"""

import json
import os

import h5py
import numpy as np
import pyhepmc
from pyhepmc.io import WriterAscii, WriterAsciiHepMC2

rng = np.random.default_rng(20)
CODES = [211, -211, 22, 130, 12, -14, 16, 1000022, 51, 321, -2212]
INVISIBLE = {12, 14, 16, 1000022, 51}


def momentum(mass):
    p = rng.normal(size=3) * 20
    return (*p, float(np.sqrt(p @ p + mass * mass)))


def make_event(number, unit, weights):
    """A beam particle that decays to partons, each of which decays to final-state particles."""
    event = pyhepmc.GenEvent(unit, pyhepmc.Units.MM)
    event.event_number = number
    scale = 1 if unit == pyhepmc.Units.GEV else 1000
    beams = [pyhepmc.GenParticle((0, 0, s * 7000.0 * scale, 7000.0 * scale), 2212, 4) for s in (1, -1)]
    root = pyhepmc.GenVertex((0, 0, 0, 0))
    for beam in beams:
        root.add_particle_in(beam)
    event.add_vertex(root)
    for _ in range(rng.integers(1, 4)):
        parton = pyhepmc.GenParticle([scale * x for x in momentum(0)], 21, 2)
        root.add_particle_out(parton)
        # A vertex of one incoming particle at the origin has no line of its own in HepMC3 files.
        place = (0, 0, 0, 0) if rng.random() < 0.5 else (0.1, 0.2, 0.3, 0.4)
        decay = pyhepmc.GenVertex(place)
        decay.add_particle_in(parton)
        event.add_vertex(decay)
        for _ in range(rng.integers(2, 6)):
            code = int(rng.choice(CODES))
            decay.add_particle_out(pyhepmc.GenParticle([scale * x for x in momentum(0.14)], code, 1))
    event.weights = weights
    return event


def describe(event):
    scale = 1 if event.momentum_unit == pyhepmc.Units.GEV else 1e-3
    finals = [p for p in event.particles if p.status == 1]
    return {
        "pdgid": [p.pid for p in finals],
        "invisible": [abs(p.pid) in INVISIBLE for p in finals],
        "particles": [[scale * x for x in (p.momentum.x, p.momentum.y, p.momentum.z, p.momentum.e)] for p in finals],
        "weights": list(event.weights),
    }


expected = {}
for name, Writer, unit, weights in [
    ("hepmc3-gev.hepmc", WriterAscii, pyhepmc.Units.GEV, [1.5, 0.5, 2.5]),
    ("hepmc3-mev.hepmc", WriterAscii, pyhepmc.Units.MEV, [0.75]),
    ("hepmc2-gev.hepmc", WriterAsciiHepMC2, pyhepmc.Units.GEV, [1.5, 0.5, 2.5]),
    ("hepmc2-mev.hepmc", WriterAsciiHepMC2, pyhepmc.Units.MEV, [0.75]),
]:
    events = []
    with Writer(name) as writer:
        for number in range(6):
            event = make_event(number, unit, weights)
            writer.write(event)
            events.append(describe(event))
    expected[name] = events

counts = [3, 0, 5, 1, 4]
total = sum(counts)
offset = np.concatenate([[0], np.cumsum(counts)]).astype("u8")
pt = rng.uniform(0.5, 50, total)
eta = rng.normal(size=total)
phi = rng.uniform(-np.pi, np.pi, total)
mass = np.full(total, 0.13957)
px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
energy = np.sqrt(pt * pt + pz * pz + mass * mass)
pdgid = rng.choice([211, -211, 12], total)
label = np.array([1, 0, 1, 1, 0])
features = rng.normal(size=(5, 3))
expected["hdf5"] = {
    "offset": offset.tolist(), "pdgid": pdgid.tolist(), "label": label.tolist(), "features": features.tolist(),
    "px": px.tolist(), "py": py.tolist(), "pz": pz.tolist(), "E": energy.tolist(),
}
for name, values, kind, packing in [
    ("cartesian.h5", {"px": px, "py": py, "pz": pz, "E": energy}, "f8", {"chunks": (4,), "compression": "gzip"}),
    ("cylindrical.h5", {"pt": pt, "eta": eta, "phi": phi, "mass": mass}, "f4", {}),
]:
    with h5py.File(name, "w", libver="earliest") as file:
        file.create_dataset("event/offset", data=offset)
        file.create_dataset("event/label", data=label.astype("i4"))
        file.create_dataset("event/features", data=features)
        file.create_dataset("event/is_signal", data=label.astype(bool))
        file.create_dataset("event/comment", data=[b"a", b"b", b"c", b"d", b"e"])
        file.create_dataset("particle/pdgid", data=pdgid.astype("i4"))
        for key, column in values.items():
            file.create_dataset(f"particle/{key}", data=column.astype(kind), **packing)

# Files that differ from `cartesian.h5` in one thing, each to be refused.
os.makedirs("Malformed", exist_ok=True)


def spoiled(name, change):
    datasets = {
        "event/offset": offset, "event/label": label.astype("i4"),
        "particle/px": px, "particle/py": py, "particle/pz": pz, "particle/E": energy,
    }
    change(datasets)
    with h5py.File(f"Malformed/{name}.h5", "w", libver=("v110", "v110")) as file:
        for key, column in datasets.items():
            if column is not None:
                file.create_dataset(key, data=column)


def replaced(key, value):
    return lambda datasets: datasets.update({key: value})


def edited(key, index, value):
    def change(datasets):
        datasets[key] = datasets[key].copy()
        datasets[key][index] = value

    return change


spoiled("no-offset", replaced("event/offset", None))
spoiled("no-energy", replaced("particle/E", None))
spoiled("float-offset", replaced("event/offset", offset.astype("f8")))
spoiled("empty-offset", replaced("event/offset", offset[:0]))
spoiled("backward-offset", edited("event/offset", 2, 1))
spoiled("offset-beyond", edited("event/offset", 5, 99))
spoiled("huge-offset", edited("event/offset", 5, np.uint64(2**64 - 1)))
spoiled("short-px", replaced("particle/px", px[:-1]))
spoiled("text-px", replaced("particle/px", np.array([b"1"] * total)))
spoiled("square-px", replaced("particle/px", np.ones((total, 2))))
spoiled("cube-label", replaced("event/label", np.ones((5, 2, 2))))
spoiled("short-label", replaced("event/label", label[:-1]))
spoiled("text-label", replaced("event/label", np.array([b"1"] * 5)))
spoiled("nan", edited("particle/py", 4, np.nan))
spoiled("infinite", edited("particle/pz", 4, -np.inf))
spoiled("negative-energy", edited("particle/E", 4, -1.0))

with open("expected.json", "w") as file:
    json.dump(expected, file)

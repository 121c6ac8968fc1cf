# SPDX-License-Identifier: GPL-3.0-or-later
"""The events of a file and their jets by programs that share no code with Canopy: pyhepmc, pylhe, h5py and
FastJet."""

import gzip
import json
import pathlib
import tempfile

import fastjet
import h5py
import numpy as np
import pyhepmc
import pylhe
from backports import zstd

RADIUS, MINIMUM_PT = 0.4, 5.0
# What a detector cannot see, as the article "Files" of Canopy's documentation lists it.
INVISIBLE = {12, 14, 16, 18, 39, 1000012, 1000014, 1000016, 2000012, 2000014, 2000016, 1000022, 1000023, 1000025,
             1000035, 1000045, 1000039, 4900012, 4900014, 4900016, 4900021, 4900022, 4900111, 4900113, 4900211,
             4900213, 4900991, 5000039, 9900012, 9900014, 9900016, *range(51, 61), *range(4900101, 4900109)}


def announce():
    """Lets FastJet print its banner, which it does once, before a table begins."""
    jets([(1.0, 0.0, 0.0, 1.0)])


def content(path):
    """The bytes of a file, decompressed."""
    data = pathlib.Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        return gzip.decompress(data)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return zstd.decompress(data)
    return data


def events(path, invisible=False):
    """The momenta [particles × (px, py, pz, E)] in GeV of the visible final particles of each event."""
    data = content(path)
    if data[:8] == b"\x89HDF\r\n\x1a\n":
        return hdf5_events(path, invisible)
    if data.lstrip()[:7] == b"HepMC::":
        return hepmc_events(data, invisible)
    if data.lstrip()[:17] == b"<LesHouchesEvents":
        return lhe_events(data, invisible)
    if data.lstrip()[:1] == b"{":
        return json_events(data, invisible)
    return text_events(data)


def visible(momenta, identifiers, invisible):
    if invisible or identifiers is None:
        return np.asarray(momenta, float).reshape(-1, 4)
    keep = [i for i, identifier in enumerate(identifiers) if abs(int(identifier)) not in INVISIBLE]
    return np.asarray(momenta, float).reshape(-1, 4)[keep]


def hepmc_events(data, invisible):
    found = []
    with tempfile.NamedTemporaryFile(suffix=".hepmc") as file:
        file.write(data)
        file.flush()
        with pyhepmc.open(file.name) as reader:
            for event in reader:
                event.set_units(pyhepmc.Units.GEV, event.length_unit)
                final = [particle for particle in event.particles if particle.status == 1]
                momenta = [(p.momentum.px, p.momentum.py, p.momentum.pz, p.momentum.e) for p in final]
                found.append(visible(momenta, [p.pid for p in final], invisible))
    return found


def lhe_events(data, invisible):
    found = []
    with tempfile.NamedTemporaryFile(suffix=".lhe") as file:
        file.write(data)
        file.flush()
        for event in pylhe.LHEFile.fromfile(file.name).events:
            final = [particle for particle in event.particles if particle.status == 1]
            found.append(visible([(p.px, p.py, p.pz, p.e) for p in final], [p.id for p in final], invisible))
    return found


def hdf5_events(path, invisible):
    with h5py.File(path) as file:
        particles = {name: file["particle/" + name][:] for name in file["particle"]}
        offsets = file["event/offset"][:].astype(np.int64)
    if "mass" in particles:
        pt, eta, phi, mass = (particles[name].astype(float) for name in ("pt", "eta", "phi", "mass"))
        px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
        momenta = np.stack([px, py, pz, np.sqrt(px**2 + py**2 + pz**2 + mass**2)], axis=1)
    else:
        momenta = np.stack([particles[name].astype(float) for name in ("px", "py", "pz", "E")], axis=1)
    identifiers = particles.get("pdgid")
    return [visible(momenta[a:b], None if identifiers is None else identifiers[a:b], invisible)
            for a, b in zip(offsets[:-1], offsets[1:])]


def json_events(data, invisible):
    lines = [json.loads(line) for line in data.decode().splitlines() if line.strip()]
    return [visible(line["particles"], line.get("pdgid"), invisible) for line in lines]


def text_events(data):
    found, rows = [], []
    for line in data.decode().splitlines():
        if line.startswith("#END") or not line.strip():
            if rows or line.startswith("#END"):
                found.append(visible(rows, None, True))
            rows = []
        elif not line.startswith("#"):
            rows.append([float(word) for word in line.split()[:4]])
    return found + ([visible(rows, None, True)] if rows else [])


def jets(momenta):
    """The anti-kT jets of an event as (pt, rapidity, phi, mass, E), by falling pT."""
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS)
    particles = [fastjet.PseudoJet(*map(float, row)) for row in momenta]
    if not particles:
        return []
    sequence = fastjet.ClusterSequence(particles, definition)
    return [(jet.pt(), jet.rap(), jet.phi(), jet.m(), jet.E())
            for jet in fastjet.sorted_by_pt(sequence.inclusive_jets(MINIMUM_PT))]

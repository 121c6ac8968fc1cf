# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a model that `canopy export` wrote on particles: python onnx.py MODEL.onnx EVENTS.jsonl.

What feeds the graph is `feed`: jets with their trees as flat arrays, by the jet definition in the graph's metadata.
"""

import json
import sys

import awkward as ak
import numpy as np
import onnxruntime

import canopy


def momenta(records):
    """Give px, py, pz and E in GeV as a matrix `[records × 4]` of jets, or of nodes of trees."""
    pt, rapidity, phi, mass = (np.asarray(ak.flatten(records[name], axis=None)) for name in ("pt", "rapidity", "phi", "mass"))
    transverse = np.sqrt(pt**2 + mass * np.abs(mass))
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), transverse * np.sinh(rapidity), transverse * np.cosh(rapidity)], 1)


def feed(session, particles, conditions={}):
    """Give the inputs of a graph for events of particles with px, py, pz, E and pdgid, and the jets that are its rows."""
    settings = json.loads(session.get_modelmeta().custom_metadata_map["canopy.jets"])
    definition, selection = settings["definition"], settings["selection"]
    names = [value.name for value in session.get_inputs()]
    observables = sorted({name.split("/")[0] for name in names if "/" in name})
    found = canopy.cluster(
        particles, definition["algorithm"], definition["radius"], recombination=definition["recombination"],
        recluster=settings.get("recluster"), min_pt=selection.get("minimumPt", 0),
        max_abs_rapidity=selection.get("maximumAbsRapidity"), trees=True, observables=observables,
    )
    jets = found[:, : selection.get("leading")]
    trees = ak.flatten(jets.tree)
    flat = ak.flatten(particles)
    arrays = {
        "node_momenta": momenta(trees),
        "node_children": np.stack([np.asarray(ak.flatten(trees[side])) for side in ("left", "right")], 1),
        "nodes_of_jet": ak.num(trees.left),
        "jet_momenta": momenta(jets),
        "jets_of_event": ak.num(jets),
        "particle_momenta": np.stack([np.asarray(flat[name]) for name in ("px", "py", "pz", "E")], 1),
        "particles_of_event": ak.num(particles),
        "particle_pdgid": flat.pdgid,
    } | {name: np.full(len(particles), value) for name, value in conditions.items()}
    for name in (name for name in names if "/" in name):
        observable, number = name.split("/")
        arrays[name] = ak.flatten(jets[observable][number.replace("-", "_")], axis=None)
    kinds = {"tensor(double)": np.float64, "tensor(int64)": np.int64}
    return {value.name: np.asarray(arrays[value.name], kinds[value.type]) for value in session.get_inputs()}, jets


if __name__ == "__main__":
    columns = ("px", "py", "pz", "E", "pdgid")
    lines = [json.loads(line) for line in open(sys.argv[2])]
    events = ak.Array([[dict(zip(columns, [*p, i])) for p, i in zip(e["particles"], e["pdgid"])] for e in lines])
    session = onnxruntime.InferenceSession(sys.argv[1])
    names = [value.name for value in session.get_outputs() if "/" in value.name]
    for name, values in zip(names, session.run(names, feed(session, events)[0])):
        print(name, values.ravel())

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


def feed(session, particles, conditions={}, fold=None):
    """Give the inputs of a graph for events of particles with px, py, pz, E and pdgid, and the jets that are its rows.

    The graph of a model of folds reads `fold`, a whole number of each event: that of `data.folds.by`, or else what
    `folds` gives. For events that the training had no part of, any will do.
    """
    settings = json.loads(session.get_modelmeta().custom_metadata_map["canopy.jets"])
    definition, selection = settings["definition"], settings["selection"]
    shapes = {value.name: value.shape for value in session.get_inputs()}
    observables = sorted({name.removeprefix("node/").split("/")[0] for name in shapes if "/" in name})
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
        "fold": fold,
    } | {name: np.full(len(particles), value) for name, value in conditions.items()}
    for name, shape in shapes.items():
        if name.startswith("particle."):
            arrays[name] = sums_over_leaves(particles[name.removeprefix("particle.")], jets)
        elif name.startswith("node/"):
            arrays[name] = of_nodes(*name.split("/")[1:], jets)
        elif "/" in name:
            observable, number = name.split("/")
            numbers = jets[observable][number]
            # Jets have the numbers of their event.
            arrays[name] = ak.fill_none(ak.firsts(numbers), np.nan) if shape[0] == "events" else ak.flatten(numbers)
    kinds = {"tensor(double)": np.float64, "tensor(int64)": np.int64}
    return {value.name: np.asarray(arrays[value.name], kinds[value.type]) for value in session.get_inputs()}, jets


def sums_over_leaves(column, jets):
    """Give each node the number of its particle, or the sum over its particles of those that are not NaN: `[nodes]`."""
    trees = ak.flatten(jets.tree)
    starts = np.repeat(np.cumsum(ak.num(trees.leaf)) - ak.num(trees.leaf), ak.num(trees.leaf))
    first = np.repeat(np.cumsum(ak.num(column)) - ak.num(column), ak.sum(ak.num(jets.tree.leaf, axis=-1), axis=-1))
    leaf, left, right = (np.asarray(ak.flatten(trees[name])) for name in ("leaf", "left", "right"))
    sums = np.asarray(ak.flatten(column), np.float32)[first + np.maximum(leaf, 0)]
    # Children come before parents.
    for node in np.flatnonzero(left >= 0):
        children = sums[starts[node] + [left[node], right[node]]]
        sums[node] = np.nan if np.isnan(children).all() else np.nansum(children)
    return sums


def of_nodes(observable, number, jets):
    """Give each node its number, or that of its jet or event; NaN where there is none: `[nodes]`."""
    is_leaf = jets.tree.left < 0
    for kind, has_one in (("splitting", ~is_leaf), ("constituent", is_leaf)):
        if kind in jets.fields and observable in jets[kind].fields:
            numbers = np.full(ak.count(is_leaf), np.nan)
            numbers[np.asarray(ak.flatten(has_one, axis=None))] = ak.flatten(jets[kind][observable][number], axis=None)
            return numbers
    return ak.flatten(ak.broadcast_arrays(jets[observable][number], is_leaf)[0], axis=None)


def folds(particles, count):
    """Give the fold of each event that follows from the momenta of its particles, for models without `data.folds.by`."""

    def mixed(bits):
        bits = bits + np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return bits ^ (bits >> np.uint64(31))

    flat = ak.flatten(particles)
    hashes = np.zeros(len(flat), np.uint64)
    for name in ("px", "py", "pz", "E"):
        hashes = mixed(hashes ^ (np.asarray(flat[name], np.float64) + 0).view(np.uint64))
    sums = ak.sum(ak.unflatten(hashes, ak.num(particles)), axis=1)
    return mixed(np.asarray(sums, np.uint64)) % np.uint64(count)


if __name__ == "__main__":
    columns = ("px", "py", "pz", "E", "pdgid")
    lines = [json.loads(line) for line in open(sys.argv[2])]
    events = ak.Array([[dict(zip(columns, [*p, i])) for p, i in zip(e["particles"], e["pdgid"])] for e in lines])
    session = onnxruntime.InferenceSession(sys.argv[1])
    names = [value.name for value in session.get_outputs() if "/" in value.name]
    for name, values in zip(names, session.run(names, feed(session, events)[0])):
        print(name, values.ravel())

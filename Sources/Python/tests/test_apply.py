# SPDX-License-Identifier: GPL-3.0-or-later
"""Particles that are multiplied by weights, against products in NumPy."""

import json
import pathlib
import shutil
import subprocess

import awkward as ak
import numpy as np
import pytest
from test_cluster import cartesian, sample
from test_model import command, root

import canopy


def events(scale: float = 1) -> ak.Array:
    """Events with tracks of the leading vertex, of others, and particles without a track."""
    particles = cartesian(sample(100))
    particles = ak.zip({name: scale * particles[name] for name in particles.fields})
    rng = np.random.default_rng(4)
    vertex = ak.unflatten(rng.integers(-1, 2, ak.sum(ak.num(particles))).astype(float), ak.num(particles))
    return ak.with_field(particles, vertex, "vertex")


def multiplied(particles: ak.Array, weights: ak.Array) -> ak.Array:
    """Particles times weights, without those of weight 0."""
    fields = {name: particles[name] * weights for name in ("px", "py", "pz", "E")}
    return ak.zip(fields | {"vertex": particles.vertex})[weights != 0]


def weights_of(particles: ak.Array) -> ak.Array:
    """PUPPI's weights, of the constituents of jets of another radius."""
    jets = canopy.cluster(particles, "kt", 1.0, observables=["puppi"])
    rows = []
    for event, count in zip(jets, ak.num(particles), strict=True):
        row = np.zeros(count)
        row[ak.flatten(event.constituents).to_numpy()] = ak.flatten(event.constituent.puppi.weight).to_numpy()
        rows.append(row)
    return ak.Array(rows)


def test_jets_are_those_of_products() -> None:
    particles = events()
    weights = weights_of(particles)
    assert ak.any(weights == 0)
    assert ak.any((weights > 0) & (weights < 1))
    found = canopy.cluster(particles, min_pt=5, apply="puppi")
    expected = canopy.cluster(multiplied(particles, weights), min_pt=5)
    assert found.pt.tolist() == expected.pt.tolist()
    assert ak.sum(ak.num(found)) > 50
    # Constituents are counted as particles are given.
    places = ak.local_index(particles)[weights != 0]
    kept = [[row[jet].tolist() for jet in event] for row, event in zip(places, expected.constituents, strict=True)]
    assert found.constituents.tolist() == kept
    assert canopy.cluster(particles, min_pt=5).pt.tolist() != found.pt.tolist()
    strict = canopy.cluster(particles, observables={"strict": {"plugin": "puppi", "central-pt": 9}}, apply="strict")
    assert ak.sum(strict.pt) < ak.sum(canopy.cluster(particles, apply="puppi").pt)


def test_models_read_products(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A folder of the name would go before the model.
    monkeypatch.chdir(tmp_path)
    # With jets that are hard enough for the model.
    particles = events(10)
    model = canopy.load_model("w-tagger")
    expected = model.classify(multiplied(particles, weights_of(particles)))
    found = model.classify(particles, apply="puppi")
    assert found.jets["w-tagger"].score.tolist() == expected.jets["w-tagger"].score.tolist()
    assert ak.sum(ak.num(found.jets)) != ak.sum(ak.num(model.classify(particles).jets))
    assert (
        model.embed(particles, apply="puppi").tolist()
        == model.embed(multiplied(particles, weights_of(particles))).tolist()
    )
    # A model that comes with Canopy, and its copy in a folder.
    shutil.copytree(root / "Resources" / "Models" / "pileup", tmp_path / "copy")
    particles = ak.with_field(particles, abs(particles.vertex), "charged")
    by_name = model.classify(particles, apply="pileup")
    assert by_name.tolist() == model.classify(particles, apply=tmp_path / "copy").tolist()
    assert by_name.tolist() != found.tolist()


def test_trainings_and_files(tmp_path: pathlib.Path) -> None:
    particles = events()
    file = tmp_path / "events.h5"
    canopy.write(file, ak.zip({"particles": particles, "label": np.arange(100) % 2}, depth_limit=1))
    read = canopy.read(file, apply="puppi").particles
    assert read.px.tolist() == multiplied(particles, weights_of(particles)).px.tolist()
    model = canopy.train(
        {
            "data": {"inputs": [str(file)], "apply": "puppi", "validation-fraction": 0.3},
            "jets": {"radius": 0.4, "min-pt": 5},
            "embedding": {"width": 3, "features": "lund"},
            "heads": {"w": {"plugin": "jet-tagger", "configuration": {"truth": "label", "classes": ["a", "b"]}}},
            "training": {"epochs": 1, "threads": 1},
        },
        output=tmp_path / "model",
        progress=False,
    )
    assert model.description["apply"]["observable"]["plugin"] == "puppi"
    assert model.classify(particles).tolist() == model.classify(particles, apply="puppi").tolist()
    assert model.classify(particles).tolist() != model.classify(particles, apply="none").tolist()
    # The command applies it as well, and evaluations do.
    text = subprocess.run(
        [command, "classify", file, "--model", model.path, "--format", "jsonl"],
        check=True,
        capture_output=True,
        text=True,
    )
    scores = [[jet["w"]["score"] for jet in json.loads(line)["jets"]] for line in text.stdout.splitlines()]
    assert ak.flatten(scores).tolist() == pytest.approx(ak.flatten(model.classify(particles).jets.w.score).tolist())
    evaluation = canopy.evaluate(model, file)
    assert evaluation.jets == ak.sum(ak.num(model.classify(particles).jets))
    assert canopy.evaluate(model, file, apply="none").jets != evaluation.jets


def test_what_cannot_be_applied() -> None:
    with pytest.raises(ValueError, match="no observable and no model"):
        canopy.cluster(events(), apply="pupi")
    with pytest.raises(TypeError, match="apply must be"):
        canopy.cluster(events(), apply=3)  # type: ignore[arg-type]
    with pytest.raises(canopy.InputError, match="vertex"):
        canopy.cluster(cartesian(sample(3)), apply="puppi")

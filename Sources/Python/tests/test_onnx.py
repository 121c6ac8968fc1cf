# SPDX-License-Identifier: GPL-3.0-or-later
"""Exported models in ONNX Runtime, fed from particles by the example, against the command."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import types

import awkward as ak
import numpy as np
import numpy.typing as npt
import pytest
from test_model import command, root

import canopy

onnxruntime = pytest.importorskip("onnxruntime", reason="exported models are run by the package onnxruntime")

samples = root / "Resources" / "Samples"
jets = samples / "w-vs-qcd-small.h5"
taus = samples / "ditau" / "tautau-mass-small.h5"
higgs = samples / "dihiggs" / "hh-vs-ttbar-small.h5"


def example() -> types.ModuleType:
    """Give the module of the example, under a name that no package has."""
    specification = importlib.util.spec_from_file_location("example", root / "Resources" / "Examples" / "onnx.py")
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def run(*arguments: object) -> str:
    """Run the command with this Python and give what it prints."""
    environment = os.environ | {"PYTHON": sys.executable}
    found = subprocess.run(
        [command, *map(str, arguments)], capture_output=True, text=True, env=environment, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


def numbers_of(line: dict, rows: str) -> list[dict]:
    """Give the records of an event that are rows of a head."""
    return line["jets"] if rows == "jets" else [line]


def compare(
    model: pathlib.Path | str, sample: pathlib.Path, folder: pathlib.Path, count: int, conditions: dict[str, float]
) -> None:
    """Compare what a graph gives out for some events with what the command does."""
    graph = folder / "model.onnx"
    run("export", model, "-o", graph)
    session = onnxruntime.InferenceSession(graph)
    events = canopy.read(sample, max_events=count)
    particles = events.particles
    folds = json.loads(session.get_modelmeta().custom_metadata_map.get("canopy.folds", "{}"))
    fold = events[folds["by"]] if "by" in folds else example().folds(particles, folds["count"]) if folds else None
    inputs, found = example().feed(session, particles, conditions, fold)
    options = [word for name, value in conditions.items() for word in ("--condition", f"{name}={value}")]
    limit = ("--max-events", count)
    lines = [
        json.loads(line)
        for line in run("classify", sample, "--model", model, *limit, "--format", "jsonl", *options).splitlines()
    ]
    assert ak.num(found).tolist() == [len(line["jets"]) for line in lines]
    outputs = [value for value in session.get_outputs() if "/" in value.name]
    assert outputs
    for value, own in zip(outputs, session.run([value.name for value in outputs], inputs), strict=True):
        head, output = value.name.split("/")
        rows = [row for line in lines for row in numbers_of(line, value.shape[0])]
        other: npt.NDArray[np.float64] = np.array([row[head][output] for row in rows], float).reshape(own.shape)
        assert len(other) > 10, value.name
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-5, err_msg=value.name)


@pytest.mark.parametrize(
    ("model", "sample", "conditions"),
    [
        ("w-tagger", jets, {}),
        ("fat-jet-mass", jets, {}),
        ("dihiggs", higgs, {"resonance_mass": 500.0}),
        ("ditau-mass", taus, {}),
    ],
)
def test_shipped_models(model: str, sample: pathlib.Path, conditions: dict[str, float], tmp_path: pathlib.Path) -> None:
    compare(root / "Resources" / "Models" / model, sample, tmp_path, 40, conditions)


TAGGER = {"w": {"plugin": "jet-tagger", "configuration": {"truth": "label", "classes": ["QCD", "W"]}}}


def trained(folder: pathlib.Path, sample: pathlib.Path, **sections: object) -> pathlib.Path:
    """Train a network for an epoch on a few events."""
    configuration = {
        "data": {"inputs": [str(sample)], "max-events": 60, "validation-fraction": 0.3, "stratify": "label"},
        "jets": {"algorithm": "antikt", "radius": 1.0, "min-pt": 50, "leading": 2},
        "heads": TAGGER,
        "training": {"epochs": 1, "batch-size": 10, "seed": 3, "threads": 1},
    }
    for name, section in sections.items():
        configuration[name] = section if name == "heads" else configuration.get(name, {}) | section  # type: ignore[operator]
    file = folder / "model.yaml"
    file.write_text(json.dumps(configuration))
    run("train", file, "-o", folder / "model")
    return folder / "model"


NODES = {
    "paper": ["paper"],
    "columns": ["lund", "particle.share", "paper"],
    "observables": ["lund", "lund/kt", "isolation/ln-isolation", "soft-drop/mass", "missing-momentum/pt"],
}


@pytest.mark.parametrize("name", NODES)
def test_features_of_nodes(name: str, tmp_path: pathlib.Path) -> None:
    events = canopy.read(jets, max_events=60)
    # Of some particles it is not known.
    share = ak.where(events.particles.E > 1, events.particles.E / 100, np.nan)
    events["particles"] = ak.with_field(events.particles, share, "share")
    file = tmp_path / "events.h5"
    canopy.write(file, events)
    model = trained(tmp_path, file, embedding={"width": 4, "features": NODES[name]})
    assert "differ by" in run("export", model, "-o", tmp_path / "checked.onnx", "--check", file)
    compare(model, file, tmp_path, 40, {})


READ = {
    "particles": {
        "reads": "particles",
        "momenta": "paper",
        "leading": 20,
        "inputs": {
            "missing-momentum": True,
            "scalar-sum": True,
            "item-count": True,
            "leptons": {"count": 2, "max-isolation": 1},
            "photons": {"count": 3, "min-pt": 2, "max-isolation": 0.5},
        },
    },
    "jets": {"bidirectional": True, "inputs": {"photons": {"count": 2}, "conditions": ["resonance_mass"]}},
}


@pytest.mark.parametrize("name", READ)
def test_embeddings_of_events(name: str, tmp_path: pathlib.Path) -> None:
    head = {"plugin": "event-classifier", "configuration": {"truth": "label", "classes": ["ttbar", "HH"]}}
    of_jets = {"embedding": {"width": 4, "features": "paper"}} if name == "jets" else {}
    model = trained(tmp_path, higgs, heads={"hh": head}, events={"width": 4} | READ[name], **of_jets)
    check = f"{{file: {higgs}, max-events: 60}}"
    assert "differ by" in run("export", model, "-o", tmp_path / "checked.onnx", "--check", check)
    compare(model, higgs, tmp_path, 40, {"resonance_mass": 600.0} if name == "jets" else {})


@pytest.mark.parametrize("by", [{}, {"by": "number"}], ids=["momenta", "number"])
def test_folds(by: dict[str, str], tmp_path: pathlib.Path) -> None:
    events = canopy.read(jets, max_events=60)
    events["number"] = np.arange(60)[::-1] * 7
    file = tmp_path / "events.h5"
    canopy.write(file, events)
    model = trained(tmp_path, file, data={"folds": {"count": 3} | by}, embedding={"width": 4, "features": "lund"})
    assert "differ by" in run("export", model, "-o", tmp_path / "checked.onnx", "--check", file)
    compare(model, file, tmp_path, 40, {})


def test_no_events_and_events_without_jets(tmp_path: pathlib.Path) -> None:
    run("export", root / "Resources" / "Models" / "dihiggs", "-o", tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    kinds = {"tensor(double)": np.float64, "tensor(int64)": np.int64}
    for count in (0, 2):
        sizes = {"events": count, "nodes": 0, "jets": 0, "particles": 0}
        inputs = {
            value.name: np.zeros([sizes.get(size, size) for size in value.shape], kinds[value.type])
            for value in session.get_inputs()
        }
        assert session.run(["dihiggs/score"], inputs)[0].shape == (count, 1)

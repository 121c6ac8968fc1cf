# SPDX-License-Identifier: GPL-3.0-or-later
"""Models in Python against the command, in several threads and processes."""

import concurrent.futures
import copy as copies
import json
import os
import pathlib
import pickle
import subprocess

import awkward as ak
import numpy as np
import pytest

import canopy

root = pathlib.Path(__file__).resolve().parents[3]
command = os.environ.get("CANOPY_COMMAND", str(root / ".build" / "release" / "canopy"))
events = root / "Resources" / "Samples" / "w-events.jsonl"


def particles() -> ak.Array:
    """The particles of the shipped sample."""
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    names = ("px", "py", "pz", "E", "pdgid")
    rows = [
        [
            dict(zip(names, [*row, pdgid], strict=True))
            for row, pdgid in zip(line["particles"], line["pdgid"], strict=True)
        ]
        for line in lines
    ]
    return ak.Array(rows)


def of_command(model: str, *options: str) -> list[dict]:
    path = root / "Resources" / "Models" / model
    text = subprocess.run(
        [command, "classify", str(events), "--model", str(path), "--format", "jsonl", *options],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [json.loads(line) for line in text.splitlines()]


def test_scores_are_those_of_the_command() -> None:
    found = canopy.load_model("w-tagger").classify(particles())
    expected = of_command("w-tagger")
    assert len(found) == len(expected) > 10
    for own, other in zip(found, expected, strict=True):
        assert len(own.jets) == len(other["jets"])
        for jet, its in zip(own.jets, other["jets"], strict=True):
            assert jet["w-tagger"].score == pytest.approx(its["w-tagger"]["score"], rel=1e-6)
            assert jet.pt == pytest.approx(its["pt"], rel=1e-12)


def test_one_event_and_constituents() -> None:
    model = canopy.load_model("w-tagger")
    given = particles()
    found = model.classify(given, constituents=True)
    assert ak.fields(model.classify(given).jets) == [name for name in ak.fields(found.jets) if name != "constituents"]
    assert model.classify(given[3], constituents=True).tolist() == found[3].tolist()
    assert model.classify(given[3]).jets["w-tagger"].tolist() == found[3].jets["w-tagger"].tolist()
    some = model.classify(ak.mask(given, np.arange(len(given)) != 2))
    assert some[2] is None
    masses = np.ma.array([500.0, 900.0], mask=[False, True])
    dihiggs = canopy.load_model("dihiggs")
    with pytest.raises(canopy.InputError, match="Event 1"):
        dihiggs.classify(given[:2], event={"resonance_mass": masses})


def test_events_and_conditions() -> None:
    model = canopy.load_model("dihiggs")
    given = particles()
    found = model.classify(given, conditions={"resonance_mass": 500})
    expected = [event["dihiggs"]["score"] for event in of_command("dihiggs", "--condition", "resonance_mass=500")]
    np.testing.assert_allclose(found["dihiggs"].score, expected, rtol=1e-6)
    columns = model.classify(given, event={"resonance_mass": np.full(len(given), 500.0)})
    assert columns["dihiggs"].score.tolist() == found["dihiggs"].score.tolist()
    with pytest.raises(canopy.InputError, match="resonance_mass") as caught:
        model.classify(given)
    assert caught.value.field == "resonance_mass"
    with pytest.raises(ValueError, match="reads no condition mass"):
        model.classify(given, conditions={"mass": 1})
    embedded = model.embed(given, conditions={"resonance_mass": 500})
    assert len(embedded.embedding[0]) > 10
    assert len(embedded.jets.embedding[0][0]) > 10


def test_a_model_is_copied_by_its_folder() -> None:
    model = canopy.load_model("w-tagger")
    copy = pickle.loads(pickle.dumps(model))
    assert copy == model
    assert hash(copy) == hash(model)
    assert model.outputs == ["w-tagger"]
    assert "w-tagger" in repr(model)
    assert "<table>" in model._repr_html_()
    assert copy is not model
    assert copies.copy(model) is copies.deepcopy(model) is model
    definition = {"algorithm": "antikt", "radius": 1, "recombination": "E"}
    assert model.jets == definition | {"recluster": "kt", "min_pt": 200, "leading": 1}
    shipped = canopy.models()
    assert shipped == sorted(shipped)
    assert {"dihiggs", "ditau-mass", "fat-jet-mass", "flavour-tagger", "pileup", "w-tagger"} <= set(shipped)
    with pytest.raises(canopy.InputError, match="no folder of a model") as caught:
        canopy.load_model("z-tagger")
    assert caught.value.file == "z-tagger"


def test_sixteen_threads_and_two_processes() -> None:
    model = canopy.load_model("w-tagger")
    given = particles()
    expected = model.classify(given, threads=1).jets["w-tagger"].score.tolist()

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for scores in pool.map(lambda _: model.classify(given, threads=1).jets["w-tagger"].score.tolist(), range(64)):
            assert scores == expected
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        futures = [pool.submit(_scores, model, given) for _ in range(4)]
        assert all(future.result() == expected for future in futures)


def _scores(model: canopy.Model, given: ak.Array) -> list[list[float]]:
    return model.classify(given).jets["w-tagger"].score.tolist()

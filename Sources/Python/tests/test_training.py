# SPDX-License-Identifier: GPL-3.0-or-later
"""Trainings in Python against the command, and evaluations against what it prints."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import awkward as ak
import numpy as np
import pytest
from test_model import command, root

import canopy

sample = root / "Resources" / "Samples" / "w-vs-qcd-small.h5"


def configuration(**training: object) -> dict[str, object]:
    return {
        "data": {"inputs": [str(sample)], "max-events": 60, "validation-fraction": 0.3},
        "jets": {"algorithm": "antikt", "radius": 1.0, "min-pt": 200, "leading": 1},
        "embedding": {"width": 4, "features": "lund"},
        "heads": {"w": {"plugin": "jet-tagger", "configuration": {"truth": "label", "classes": ["QCD", "W"]}}},
        "training": {"epochs": 2, "batch-size": 10, "learning-rate": 0.01, "seed": 3, "threads": 1} | training,
    }


def weights(folder: pathlib.Path) -> bytes:
    return (folder / "weights.safetensors").read_bytes()


def test_a_training_has_the_bits_of_the_command(tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(json.dumps(configuration()))
    subprocess.run([command, "train", file, "-o", tmp_path / "command"], check=True, capture_output=True)
    model = canopy.train(file, output=tmp_path / "python")
    assert model.outputs == ["w"]
    assert weights(tmp_path / "python") == weights(tmp_path / "command")
    assert "epoch 2/2" in capfd.readouterr().err
    # Events in memory, in two arrays, which a finished training knows again.
    events = canopy.read(sample, max_events=60)
    for _ in range(2):
        inputs = [events[:25], events[25:]]
        canopy.train(configuration(), inputs=inputs, output=tmp_path / "arrays", progress=False, resume=True)
    assert weights(tmp_path / "arrays") == weights(tmp_path / "command")
    assert not capfd.readouterr().err
    with pytest.raises(ValueError, match="holds a training already"):
        canopy.train(file, output=tmp_path / "python", progress=False)


def test_what_is_wrong_with_a_training(tmp_path: pathlib.Path) -> None:
    events = canopy.read(sample, max_events=60)
    events["label"] = np.full(60, 2)
    with pytest.raises(canopy.InputError, match="array 0, event"):
        canopy.train(configuration(), inputs=events, output=tmp_path / "model", progress=False)
    with pytest.raises(canopy.InputError, match="epoch"):
        canopy.train(configuration(epoch=3), output=tmp_path / "model")
    with pytest.raises(TypeError, match="mapping"):
        canopy.train(3, output=tmp_path / "model")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="inputs are files"):
        canopy.train(configuration(), inputs=[3], output=tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_ctrl_c_leaves_what_can_go_on(tmp_path: pathlib.Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(configuration(epochs=1000)))
    code = "import canopy, sys\ntry:\n canopy.train(*sys.argv[1:2], output=sys.argv[2], progress=False)\n"
    code += "except KeyboardInterrupt:\n print('stopped')"
    folder = tmp_path / "model"
    process = subprocess.Popen([sys.executable, "-c", code, config, folder], stdout=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 60
        while not (folder / "checkpoint.safetensors").exists() and time.monotonic() < end:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "stopped\n"
    finally:
        process.kill()
    assert canopy.load_model(folder).outputs == ["w"]
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def of_command(*arguments: str) -> dict[str, object]:
    text = subprocess.run(
        [
            command,
            "evaluate",
            sample,
            "--model",
            root / "Resources" / "Models" / "w-tagger",
            "--format",
            "json",
            *arguments,
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found: dict[str, object] = json.loads(text)
    return found


def test_an_evaluation_has_the_numbers_of_the_command() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    model = canopy.load_model("w-tagger")
    events = canopy.read(sample, max_events=60, skip_events=970, keep_invisible=True)
    expected = of_command("--max-events", "60", "--skip-events", "970")
    found = canopy.evaluate(model, events.particles, events.label)
    assert found.numbers == expected
    assert canopy.evaluate("w-tagger", sample, max_events=60, skip_events=970, threads=1).numbers == expected
    head = found["w-tagger"]
    scores = ak.flatten(model.classify(events.particles).jets["w-tagger"].score).to_numpy()
    np.testing.assert_array_equal(head.outputs["score"], scores)
    np.testing.assert_array_equal(head.classes, head.truth["label"])
    # The area by counting pairs.
    signal, background = scores[head.classes == 1], scores[head.classes == 0]
    pairs = np.sign(signal[:, None] - background[None, :])
    assert head.metrics["AUC"] is not None
    assert head.metrics["AUC"].value == pytest.approx(0.5 + pairs.mean() / 2, abs=1e-12)
    curve = head.classifiers[0].curve
    passing = (signal[:, None] >= curve["threshold"].astype(np.float32)).mean(axis=0)
    np.testing.assert_allclose(curve["signal_efficiency"], passing, atol=1e-12)
    assert set(head.working_points) == {0.1, 0.01}
    assert "AUC" in repr(found)
    for axes in (found.roc(), found.scores(), found.calibration()):
        assert len(axes.get_legend().get_texts()) >= 1
        pyplot.close(axes.figure)
    with pytest.raises(ValueError, match="predicts a quantity"):
        found.response()


def test_weights_and_what_is_wrong_with_an_evaluation() -> None:
    events = canopy.read(sample, max_events=60, skip_events=970)
    events["w"] = np.linspace(0.5, 2, 60)
    by_name = canopy.evaluate("w-tagger", events.particles, events, weights="w")
    by_number = canopy.evaluate("w-tagger", events.particles, {"label": events.label}, weights=events.w)
    assert by_name.numbers == by_number.numbers
    np.testing.assert_allclose(by_number["w-tagger"].weights.sum(), np.sum(events.w), rtol=1e-6)
    names = ["QCD" if label == 0 else "W" for label in events.label]
    assert canopy.evaluate("w-tagger", events.particles, names, weights=events.w).numbers == by_name.numbers
    with pytest.raises(canopy.InputError, match="label"):
        canopy.evaluate("w-tagger", events.particles)
    with pytest.raises(canopy.InputError, match="the events, event 3"):
        canopy.evaluate("w-tagger", events.particles, np.where(np.arange(60) == 3, 5, events.label))
    with pytest.raises(ValueError, match="60 events"):
        canopy.evaluate("w-tagger", events.particles, events.label[:5])
    with pytest.raises(ValueError, match="leave truth"):
        canopy.evaluate("w-tagger", sample, events.label)


def test_regressions() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    path = root / "Resources" / "Samples" / "ditau" / "tautau-mass-small.h5"
    found = canopy.evaluate("ditau-mass", path, max_events=60)
    head = found["ditau-mass"]
    assert head.classes is None
    assert head.metrics["resolution"] is not None
    assert len(head.truth["truth_mass"]) == len(head.outputs["mass"]) == 60
    axes = found.response("resolution")
    assert axes.get_ylabel() == "resolution"
    pyplot.close(axes.figure)
    with pytest.raises(ValueError, match="both among"):
        found.roc()

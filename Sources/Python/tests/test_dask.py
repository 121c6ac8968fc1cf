# SPDX-License-Identifier: GPL-3.0-or-later
"""Arrays of dask_awkward against the same arrays in memory and against the command."""

import json
import os
import pathlib
import subprocess
import sys

import awkward as ak
import numpy as np
import pytest

dask_awkward = pytest.importorskip("dask_awkward")
distributed = pytest.importorskip("distributed")

import canopy  # noqa: E402

root = pathlib.Path(__file__).resolve().parents[3]
command = os.environ.get("CANOPY_COMMAND", str(root / ".build" / "release" / "canopy"))
sample = root / "Resources" / "Samples" / "w-events.jsonl"


def particles() -> ak.Array:
    lines = [json.loads(line) for line in sample.read_text().splitlines()]
    momenta = ak.Array([line["particles"] for line in lines])
    names = ("px", "py", "pz", "E")
    fields = {name: momenta[:, :, place] for place, name in enumerate(names)}
    return ak.zip(fields | {"pdgid": ak.Array([line["pdgid"] for line in lines])})


def test_types_are_known_before_jets_are_found() -> None:
    given = particles()
    lazy = dask_awkward.from_awkward(given, 4)
    jets = canopy.cluster(lazy, min_pt=5, recluster="kt", observables=["soft-drop"])
    expected = canopy.cluster(given, min_pt=5, recluster="kt", observables=["soft-drop"])
    assert isinstance(jets, dask_awkward.Array)
    assert jets._meta.layout.form == expected.layout.form
    assert jets.divisions == lazy.divisions
    # Jets of one particle have no soft drop.
    assert ak.array_equal(jets.compute(), expected, equal_nan=True)
    assert canopy.cluster(lazy, min_pt=5).pt[:, :1].compute().tolist() == expected.pt[:, :1].tolist()
    some = ak.mask(given, np.arange(len(given)) % 3 != 1)
    found = canopy.cluster(dask_awkward.from_awkward(some, 3), min_pt=5)
    assert found._meta.layout.form == canopy.cluster(some, min_pt=5).layout.form
    assert found.compute().tolist() == canopy.cluster(some, min_pt=5).tolist()


def test_columns_that_are_not_needed_are_not_read(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pyarrow")
    given = particles()
    ak.to_parquet(ak.with_field(given, given.px, "charge"), tmp_path / "events.parquet")
    lazy = dask_awkward.from_parquet(tmp_path / "events.parquet")
    jets = canopy.cluster(lazy, min_pt=5)
    (columns,) = dask_awkward.necessary_columns(jets.pt).values()
    assert columns == {"px", "py", "pz", "E"}
    assert jets.compute().tolist() == canopy.cluster(given, min_pt=5).tolist()
    (columns,) = dask_awkward.necessary_columns(canopy.load_model("w-tagger").classify(lazy)).values()
    assert columns == {"px", "py", "pz", "E", "pdgid", "charge"}


def test_events_have_columns() -> None:
    given = particles()
    lazy = dask_awkward.from_awkward(given, 3)
    model = canopy.load_model("dihiggs")
    masses = np.linspace(300, 800, len(given))
    columns = dask_awkward.from_awkward(ak.Array({"resonance_mass": masses, "name": ["x"] * len(given)}), 3)
    expected = model.classify(given, event={"resonance_mass": masses})["dihiggs"].tolist()
    assert model.classify(lazy, event=columns)["dihiggs"].compute().tolist() == expected
    own = model.classify(lazy, event={"resonance_mass": columns.resonance_mass})
    assert own["dihiggs"].compute().tolist() == expected
    conditions = {"resonance_mass": 500}
    for name in ("embed", "classify"):
        found = getattr(model, name)(lazy, conditions=conditions)
        in_memory = getattr(model, name)(given, conditions=conditions)
        assert found._meta.layout.form == in_memory.layout.form
        assert found.compute().tolist() == in_memory.tolist()


def test_errors_come_before_work() -> None:
    lazy = dask_awkward.from_awkward(particles(), 2)
    with pytest.raises(ValueError, match="did you mean 'antikt'"):
        canopy.cluster(lazy, "antikta")
    with pytest.raises(canopy.InputError, match="make no momenta"):
        canopy.cluster(lazy[["px", "py"]])
    with pytest.raises(TypeError, match="list of records"):
        canopy.cluster(lazy[:, 0])
    model = canopy.load_model("dihiggs")
    with pytest.raises(TypeError, match=r"event\['resonance_mass'\] is in memory"):
        model.classify(lazy, event={"resonance_mass": np.ones(len(particles()))})
    with pytest.raises(TypeError, match="particles is in memory"):
        model.classify(particles(), event=lazy)


def test_two_workers_say_what_the_command_says() -> None:
    given = particles()
    model = canopy.load_model("w-tagger")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        lazy = dask_awkward.from_awkward(given, 8)
        scores = client.compute(model.classify(lazy).jets["w-tagger"].score).result()
        jets = client.compute(canopy.cluster(lazy, min_pt=5)).result()
        assert len({worker["pid"] for worker in client.run(_worker).values()}) == 2
    text = subprocess.run(
        [command, "classify", str(sample), "--model", model.path, "--format", "jsonl"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    expected = [[jet["w-tagger"]["score"] for jet in json.loads(line)["jets"]] for line in text.splitlines()]
    assert ak.num(scores).tolist() == [len(event) for event in expected]
    np.testing.assert_allclose(ak.flatten(scores), [score for event in expected for score in event], rtol=1e-6)
    assert scores.tolist() == model.classify(given, threads=1).jets["w-tagger"].score.tolist()
    assert jets.tolist() == canopy.cluster(given, min_pt=5).tolist()


def _worker() -> dict[str, int]:
    return {"pid": os.getpid()}


def test_processor_of_coffea(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("coffea")
    import uproot

    given = particles()
    given = ak.with_field(given[["px", "py", "pz", "E"]], given.pdgid, "pdgId")
    numbers = np.arange(len(given))
    with uproot.recreate(tmp_path / "events.root") as file:
        file["Events"] = {"run": numbers, "luminosityBlock": numbers, "event": numbers, "Particle": given}
    example = root / "Resources" / "Examples" / "coffea_processor.py"
    run = subprocess.run(
        [sys.executable, str(example), str(tmp_path / "events.root")], check=True, capture_output=True, text=True
    )
    scores = ak.flatten(canopy.load_model("w-tagger").classify(particles()).jets["w-tagger"].score)
    counts = np.histogram(np.asarray(scores), bins=10, range=(0, 1))[0]
    assert run.stdout.splitlines() == [
        f"{len(given)} events",
        f"jets in ten bins of the W score: {' '.join(map(str, counts))}",
    ]

# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of events against h5py, pyhepmc and json, and written again."""

import json
import pathlib

import awkward as ak
import h5py
import numpy as np
import pyhepmc
import pytest

import canopy

samples = pathlib.Path(__file__).resolve().parents[3] / "Resources" / "Samples"


def rich(count: int = 7) -> ak.Array:
    """Events with a column of each type."""
    generator = np.random.default_rng(1)
    counts = np.arange(count) % 4
    total = int(counts.sum())
    momenta = generator.normal(size=(3, total))
    particles = {
        **dict(zip(("px", "py", "pz"), momenta, strict=True)),
        "E": np.sqrt((momenta**2).sum(axis=0)) + 1,
        "pdgid": generator.choice([211, -211, 22], total).astype(np.int32),
        "d0": generator.normal(size=total).astype(np.float32),
        "hits": generator.integers(0, 9, total).astype(np.int32),
        "cov": generator.normal(size=(total, 2)),
    }
    records = ak.Array(particles)
    jets = ak.Array(
        [[{"pt": 30.5 + place, "flavour": place, "name": f"jet{place}"}] * (place % 3) for place in range(count)]
    )
    return ak.Array(
        {
            "particles": ak.unflatten(records, counts),
            "number": np.arange(count) + 2**60 + 1,
            "seed": np.arange(count, dtype=np.uint64) + 2**63,
            "label": (np.arange(count) % 2).astype(np.int32),
            "good": np.arange(count) % 3 == 0,
            "weights": generator.normal(size=(count, 3)),
            "process": [["ttbar", "Zh → ννbb", ""][place % 3] for place in range(count)],
            "jets": jets,
        }
    )


def assert_same(found: ak.Array, expected: ak.Array) -> None:
    assert set(found.fields) == set(expected.fields)
    for name in expected.fields:
        if name in ("particles", "jets"):
            assert set(found[name].fields) == set(expected[name].fields)
            for column in expected[name].fields:
                assert ak.to_list(found[name][column]) == ak.to_list(expected[name][column]), (name, column)
        else:
            assert ak.to_list(found[name]) == ak.to_list(expected[name]), name


@pytest.mark.parametrize("ending", ["h5", "jsonl"])
def test_what_is_written_is_read(ending: str, tmp_path: pathlib.Path) -> None:
    events = rich()
    path = tmp_path / f"events.{ending}"
    canopy.write(path, events)
    found = canopy.read(path)
    if ending == "jsonl":
        # JSON has no columns of several numbers of particles.
        parts = [ak.to_list(found.particles[f"cov.{place}"]) for place in range(2)]
        assert parts == [ak.to_list(events.particles.cov[..., place]) for place in range(2)]
        found["particles"] = found.particles[[name for name in found.particles.fields if "cov" not in name]]
        events["particles"] = events.particles[[name for name in events.particles.fields if name != "cov"]]
    assert_same(found, events)
    canopy.write(tmp_path / f"again.{ending}", found)
    assert_same(canopy.read(tmp_path / f"again.{ending}"), events)
    assert sorted(place.name for place in tmp_path.iterdir()) == [f"again.{ending}", f"events.{ending}"]


@pytest.mark.parametrize("ending", ["h5", "jsonl"])
def test_characters_that_c_lacks_are_refused(ending: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / f"events.{ending}"
    for name, values in {"process": ["t\0t"] * 7, "a\0b": np.arange(7)}.items():
        with pytest.raises(ValueError, match="no text in C"):
            canopy.write(path, ak.with_field(rich(), values, name))
    assert not path.exists()


@pytest.mark.parametrize("path", [None, 5, [None], {"a.h5": 1, 2: 3}])
def test_what_is_no_file(path: object) -> None:
    with pytest.raises(TypeError, match="path must be"):
        canopy.read(path)
    with pytest.raises(TypeError, match="path must be"):
        canopy.write(path, rich())
    with pytest.raises(ValueError, match="no text in C"):
        canopy.read("a\0b.root")


def test_parquet_is_written_and_read(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pyarrow")
    events = rich()
    path = tmp_path / "events.parquet"
    canopy.write(path, events)
    again = canopy.read(path)
    assert set(again.fields) == set(events.fields)
    assert again.particles.tolist() == events.particles.tolist()
    assert again.seed.tolist() == events.seed.tolist()
    assert again.jets.tolist() == events.jets.tolist()
    assert [len(some) for some in canopy.iterate(path, step_size=3, max_events=5)] == [3, 2]
    for count in (0, -1, 1.5, "x"):
        with pytest.raises((TypeError, ValueError), match="max_events"):
            canopy.read(path, max_events=count)
    for option, value in {"where": "number > 3", "units": "MeV", "keep_invisible": True}.items():
        with pytest.raises(ValueError, match=f"^{option} is not for files of a layout"):
            canopy.read(path, **{option: value})


def test_h5py_reads_what_is_written(tmp_path: pathlib.Path) -> None:
    events = rich()
    events["length"] = ak.with_parameter(ak.Array(np.arange(7.0)), "unit", "mm")
    canopy.write(tmp_path / "events.h5", events)
    with h5py.File(tmp_path / "events.h5") as file:
        assert file["event/offset"][:].tolist() == [0, *np.cumsum(ak.num(events.particles)).tolist()]
        for name in ("px", "py", "pz", "E", "pdgid", "hits", "d0"):
            assert file[f"particle/{name}"][:].tolist() == ak.flatten(events.particles[name]).tolist(), name
        assert file["particle/cov"].shape == (len(file["particle/px"]), 2)
        assert file["event/number"].dtype == np.int64
        assert file["event/seed"][:].tolist() == events.seed.tolist()
        assert file["event/label"].dtype == np.int32
        assert file["event/good"].dtype == np.bool_
        assert [text.decode() for text in file["event/process"][:]] == events.process.tolist()
        assert file["jet/flavour"][:].tolist() == ak.flatten(events.jets.flavour).tolist()
        assert file["jet/offset"][:].tolist() == [0, *np.cumsum(ak.num(events.jets)).tolist()]
        assert file["event/length"].attrs["unit"] in ("mm", b"mm")
    found = canopy.read(tmp_path / "events.h5")
    assert found.length.layout.parameter("unit") == "mm"


def test_hdf5_is_that_of_h5py() -> None:
    path = samples / "w-vs-qcd-small.h5"
    found = canopy.read(path, max_events=50, skip_events=10)
    with h5py.File(path) as file:
        offsets = file["event/offset"][10:61].astype(int)
        pt = file["particle/pt"][offsets[0] : offsets[-1]].astype(float)
        assert found.label.tolist() == file["event/label"][10:60].tolist()
    assert ak.num(found.particles).tolist() == np.diff(offsets).tolist()
    flat = ak.flatten(found.particles)
    np.testing.assert_allclose(np.hypot(flat.px, flat.py), pt, rtol=1e-12)
    assert found.number.tolist() == list(range(10, 60))
    steps = list(canopy.iterate(path, max_events=50, skip_events=10, step_size=20))
    assert [len(step) for step in steps] == [20, 20, 10]
    assert_same(ak.concatenate(steps), found)


def test_hepmc_is_that_of_pyhepmc() -> None:
    path = samples / "w-events-v2.hepmc.gz"
    found = canopy.read(path, keep_invisible=True, max_events=5)
    with pyhepmc.open(str(path)) as file:
        for event, expected in zip(found, file, strict=False):
            stable = [particle for particle in expected.particles if particle.status == 1]
            assert event.particles.pdgid.tolist() == [particle.pid for particle in stable]
            np.testing.assert_allclose(event.particles.px, [particle.momentum.px for particle in stable], rtol=1e-12)
            np.testing.assert_allclose(event.particles.E, [particle.momentum.e for particle in stable], rtol=1e-12)
    visible = canopy.read(path, max_events=5)
    assert ak.sum(ak.num(visible.particles)) <= ak.sum(ak.num(found.particles))
    assert not ak.any(abs(visible.particles.pdgid) == 12)


def test_options() -> None:
    path = samples / "w-vs-qcd-small.h5"
    found = canopy.read(
        path,
        max_events=40,
        where=["label == 1", "ht > 0"],
        define={"ht": "sum(particle.pt)"},
        particles="pt > 1",
    )
    pt = np.hypot(found.particles.px, found.particles.py)
    assert ak.all(pt > 1)
    assert set(found.label.tolist()) == {1}
    np.testing.assert_allclose(found.ht, ak.sum(pt, axis=1), rtol=1e-12)
    jets = canopy.read(
        path, max_events=5, define={"lead": "max(jet.pt)"}, jets={"algorithm": "antikt", "radius": 1.0, "min-pt": 20}
    )
    expected = canopy.cluster(jets.particles, radius=1.0, min_pt=20)
    np.testing.assert_allclose(jets.lead, expected.pt[:, 0], rtol=1e-12)
    with pytest.warns(UserWarning, match="none of 3 meets"):
        assert len(canopy.read(path, where={"label": 7}, max_events=3)) == 0
    with pytest.raises(TypeError, match="colour"):
        list(canopy.iterate(path, colour="red"))
    with pytest.raises(ValueError, match="max-events"):
        canopy.read(path, max_events=-1)


def test_several_files_and_bad_events(tmp_path: pathlib.Path) -> None:
    lines = [
        {"particles": [[1, 0, 0, 2]], "pdgid": [22], "run": 7, "kind": "a"},
        {"particles": [[0, 1, 0, 2]], "run": 2**60 + 1, "x": 0.5},
    ]
    for place, line in enumerate(lines):
        (tmp_path / f"{place}.jsonl").write_text(json.dumps(line) + "\n")
    found = canopy.read(tmp_path / "?.jsonl")
    assert found.run.tolist() == [7, 2**60 + 1]
    assert np.isnan(found.x[0])
    assert found.kind.tolist() == ["a", ""]
    assert found.particles.pdgid.tolist() == [[22], [0]]
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"particles": [[1, 0, 0, 1]]}\n{"particles": [[1, 0, 0, -1]]}\n')
    with pytest.raises(canopy.InputError, match="event 1") as caught:
        canopy.read(bad)
    assert (caught.value.file, caught.value.event) == (str(bad), 1)
    with pytest.warns(UserWarning, match="bad event was left out"):
        assert len(canopy.read(bad, skip_bad_events=True)) == 1
    with pytest.raises(canopy.InputError, match="does not exist") as caught:
        canopy.read("/no/such.h5")
    assert caught.value.file == "/no/such.h5"


def test_sentences_speak_of_parameters(tmp_path: pathlib.Path) -> None:
    for content, options, sentence in [
        (b"hello world\n", {}, "or name its format with format$"),
        (b"<?xml version='1.0'?>\n<a/>\n", {}, "give format='lhe'$"),
        (b"root", {}, "is a ROOT file; read it by canopy.read, and give its events$"),
        (b"HepMC::Version 3\nHepMC::Asciiv3-START_EVENT_LISTING\n", {"units": "MeV"}, "leave out units$"),
        (b"HepMC::Version 3\nHepMC::Asciiv3-START_EVENT_LISTING\nE 0 0 1\n" + b"x" * (1 << 17), {"max_memory": 1},
         "raise max_memory"),
    ]:  # fmt: skip
        (tmp_path / "events").write_bytes(content)
        with pytest.raises(canopy.InputError, match=sentence):
            canopy.read(tmp_path / "events", **options)


def test_what_cannot_be_written(tmp_path: pathlib.Path) -> None:
    events = rich()
    with pytest.raises(ValueError, match=r"\.h5"):
        canopy.write(tmp_path / "events.root", events)
    with pytest.raises(ValueError, match="does not exist"):
        canopy.write(tmp_path / "no" / "events.h5", events)
    with pytest.raises(TypeError, match="awkward array"):
        canopy.write(tmp_path / "events.h5", 3)
    with pytest.raises(canopy.InputError, match="particles"):
        canopy.write(tmp_path / "events.h5", events[["label"]])
    events["lists"] = ak.Array([[1], [1, 2], [], [], [], [], []])
    with pytest.raises(TypeError, match="lists"):
        canopy.write(tmp_path / "events.h5", events)
    events = rich()
    with pytest.raises(canopy.InputError, match="event 2") as caught:
        canopy.write(tmp_path / "events.h5", ak.mask(events, np.arange(7) != 2))
    assert caught.value.event == 2
    energy = ak.Array([[-1.0] * len(event.particles) for event in events])
    events["particles"] = ak.with_field(events.particles, energy, "E")
    with pytest.raises(canopy.InputError, match="usable E") as caught:
        canopy.write(tmp_path / "events.h5", events)
    assert (caught.value.event, caught.value.field) == (1, "E")
    assert not list(tmp_path.iterdir())

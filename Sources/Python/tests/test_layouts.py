# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of ROOT files and public datasets against the numbers that were written.

The files are written here with the branches that each layout documents; those of real files are compared by
Resources/Checks/root.py.
"""

import itertools
import pathlib

import awkward as ak
import h5py
import numpy as np
import pandas
import pytest
import uproot

import canopy
from canopy import _branches, _layouts

counts = [2, 0, 3, 1]


def lists(
    seed: int, low: float = 1, high: float = 50, kind: type = np.float32, lengths: list[int] = counts
) -> ak.Array:
    """Random numbers, a list for each event."""
    numbers = np.random.default_rng(seed).uniform(low, high, sum(lengths)).astype(kind)
    return ak.unflatten(ak.Array(numbers), lengths)


def write(path: pathlib.Path, tree: str, columns: dict, kind: str = "mktree") -> None:
    with uproot.recreate(path) as file:
        if kind == "mkrntuple":
            file.mkrntuple(tree, columns)
            return
        content = {name: ak.type(values).content for name, values in columns.items()}
        getattr(file, kind)(tree, content).extend(columns)


def nanoaod() -> dict:
    columns = {f"PFCands_{name}": lists(place) for place, name in enumerate(("pt", "eta", "phi", "mass", "d0"))}
    columns |= {
        f"Jet_{name}": lists(place + 10, lengths=[1, 0, 2, 0]) for place, name in enumerate(("pt", "eta", "phi"))
    }
    columns["Jet_mass"] = lists(14, lengths=[1, 0, 2, 0])
    columns["PFCands_pdgId"] = lists(5, kind=np.int32)
    columns["GenPart_status"] = ak.Array([[1, 2], [], [1, 1, 3], [2]])
    columns["GenPart_pdgId"] = columns["PFCands_pdgId"]
    columns |= {f"GenPart_{name}": lists(place + 20) for place, name in enumerate(("pt", "eta", "phi", "mass"))}
    # Particle 1 of event 0 is in jet 0, and particles 0 and 2 of event 2 in jet 1.
    columns["JetPFCands_pFCandsIdx"] = ak.Array([[1], [], [0, 2, -1], []])
    columns["JetPFCands_jetIdx"] = ak.Array([[0], [], [1, 1, 0], []])
    events = {"run": np.uint32, "luminosityBlock": np.uint32, "event": np.uint64, "genWeight": np.float32}
    return columns | {name: ak.Array(np.arange(4).astype(kind)) for name, kind in events.items()}


@pytest.mark.parametrize("kind", ["mktree", "mkrntuple"])
def test_nanoaod(tmp_path: pathlib.Path, kind: str) -> None:
    columns = nanoaod()
    write(tmp_path / "nano.root", "Events", columns, kind)
    events = canopy.read(tmp_path / "nano.root")
    for field in ("pt", "eta", "phi", "mass", "d0"):
        assert events.particles[field].tolist() == columns[f"PFCands_{field}"].tolist()
        assert "float32" in str(events.particles[field].type)
    assert events.particles.pdgid.tolist() == columns["PFCands_pdgId"].tolist()
    assert events.particles.jet.tolist() == [[-1, 0], [], [1, -1, 1], [-1]]
    assert events.jets.mass.tolist() == columns["Jet_mass"].tolist()
    assert events.number.tolist() == events.weight.tolist() == events.luminosity_block.tolist() == [0, 1, 2, 3]
    generated = canopy.read(tmp_path / "nano.root", collection="generator")
    stable = columns["GenPart_status"] == 1
    assert generated.particles.pt.tolist() == columns["GenPart_pt"][stable].tolist()
    with pytest.raises(ValueError, match=r"no particles tracks; name one of candidates, generator"):
        canopy.read(tmp_path / "nano.root", collection="tracks")


def test_only_needed_branches_are_opened(tmp_path: pathlib.Path) -> None:
    columns = nanoaod() | {f"other{place}": lists(place) for place in range(20)}
    write(tmp_path / "nano.root", "Events", columns)
    whole = uproot.open(tmp_path / "nano.root")["Events"]
    # The leaf that counts is of a branch that is passed over.
    file = _branches.open_file(uproot, tmp_path / "nano.root", ["PFCands_pt", "run", "x" * 300])
    tree = file["Events"]
    assert sorted(tree.keys()) == ["PFCands_pt", "run"]
    assert tree.num_entries == whole.num_entries
    for name in tree.keys():  # noqa: SIM118
        assert tree[name].array().tolist() == whole[name].array().tolist() == columns[name].tolist()
    events = canopy.read(tmp_path / "nano.root")
    assert events.particles.pt.tolist() == columns["PFCands_pt"].tolist()


def test_physlite_is_in_gev(tmp_path: pathlib.Path) -> None:
    track = {"theta": lists(0, 0.1, 3), "qOverP": lists(1, -1e-3, 1e-3), "phi": lists(2, -3, 3), "d0": lists(3)}
    track["z0"] = lists(4)
    columns = {f"InDetTrackParticlesAuxDyn.{name}": values for name, values in track.items()}
    columns |= {f"AnalysisJetsAuxDyn.{name}": lists(5, 1e4, 1e5) for name in ("pt", "eta", "phi", "m")}
    scalars = ("runNumber", "lumiBlock", "eventNumber")
    columns |= {f"EventInfoAuxDyn.{name}": ak.Array([7, 8, 9, 10]) for name in scalars}
    columns["EventInfoAuxDyn.mcEventWeights"] = ak.Array([[0.5, 2], [1.5, 3], [2.5, 4], [3.5, 5]])
    write(tmp_path / "physlite.root", "CollectionTree", columns)
    events = canopy.read(tmp_path / "physlite.root")
    theta, ratio = (np.float64(ak.flatten(track[name])) for name in ("theta", "qOverP"))
    np.testing.assert_allclose(ak.flatten(events.particles.pt), np.sin(theta) / abs(ratio) / 1000, rtol=1e-14)
    np.testing.assert_allclose(np.tanh(ak.flatten(events.particles.eta)), np.cos(theta), rtol=0, atol=1e-14)
    assert ak.flatten(events.particles.charge).tolist() == np.sign(ratio).tolist()
    assert ak.flatten(events.particles.mass)[0] == pytest.approx(0.13957039, rel=1e-15)
    assert events.jets.pt[0, 0] == pytest.approx(float(columns["AnalysisJetsAuxDyn.pt"][0, 0]) / 1000, rel=1e-15)
    assert events.weight.tolist() == [0.5, 1.5, 2.5, 3.5]


def test_delphes_joins_tracks_photons_and_hadrons(tmp_path: pathlib.Path) -> None:
    names = {"EFlowTrack": ("PT", "Eta", "Phi", "PID", "Charge", "D0", "DZ")}
    names |= {"EFlowPhoton": ("ET", "Eta", "Phi"), "EFlowNeutralHadron": ("ET", "Eta", "Phi")}
    names |= {"Jet": ("PT", "Eta", "Phi", "Mass", "Flavor", "BTag")}
    columns = {
        f"{name}.{branch}": lists(seed, kind=np.int32 if branch in ("PID", "Charge", "Flavor", "BTag") else np.float32)
        for seed, (name, branch) in enumerate((name, branch) for name, all in names.items() for branch in all)
    }
    columns["Event.Weight"] = ak.Array([[1.0], [2.0], [3.0], [4.0]])
    write(tmp_path / "delphes.root", "Delphes", columns)
    events = canopy.read(tmp_path / "delphes.root")
    parts = [columns["EFlowTrack.PT"], columns["EFlowPhoton.ET"], columns["EFlowNeutralHadron.ET"]]
    assert events.particles.pt.tolist() == ak.concatenate(parts, axis=1).tolist()
    assert events.particles[0].pdgid.tolist() == [*columns["EFlowTrack.PID"][0].tolist(), 22, 22, 0, 0]
    assert events.particles[0].d0[2:].tolist() == [0] * 4
    assert ak.all(events.particles.mass == 0)
    assert events.jets.b_tag.tolist() == columns["Jet.BTag"].tolist()
    assert events.weight.tolist() == [1, 2, 3, 4]


def test_edm4hep(tmp_path: pathlib.Path) -> None:
    names = ("momentum.x", "momentum.y", "momentum.z", "energy", "charge")
    columns = {f"ReconstructedParticles.{name}": lists(place) for place, name in enumerate(names)}
    columns["ReconstructedParticles.PDG"] = lists(5, kind=np.int32)
    columns |= {f"Jet.{name}": lists(place + 6) for place, name in enumerate(names[:4])}
    write(tmp_path / "edm.root", "events", columns)
    events = canopy.read(tmp_path / "edm.root")
    for field, name in zip(("px", "py", "pz", "E"), names, strict=False):
        assert events.particles[field].tolist() == columns[f"ReconstructedParticles.{name}"].tolist()
    x, y, z = (np.float64(columns[f"Jet.momentum.{axis}"][0, 0]) for axis in "xyz")
    assert events.jets.pt[0, 0] == pytest.approx(np.hypot(x, y), rel=1e-14)
    assert np.tanh(events.jets.eta[0, 0]) == pytest.approx(z / np.sqrt(x**2 + y**2 + z**2), rel=1e-14)


def test_jetclass_has_a_jet_an_event(tmp_path: pathlib.Path) -> None:
    classes = ["QCD", "Hbb", "Hcc", "Hgg", "H4q", "Hqql", "Zqq", "Wqq", "Tbqq", "Tbl"]
    columns = {
        f"part_{name}": lists(place) for place, name in enumerate(("px", "py", "pz", "energy", "charge", "d0val"))
    }
    columns |= {f"jet_{name}": ak.Array(np.arange(4.0) + 500) for name in ("pt", "eta", "phi", "energy")}
    columns |= {f"label_{name}": ak.Array(np.array([0, 3, 9, 8]) == place) for place, name in enumerate(classes)}
    columns["label_QCD"] = ak.values_astype(columns["label_QCD"], np.float32)
    write(tmp_path / "jetclass.root", "tree", columns)
    events = canopy.read(tmp_path / "jetclass.root")
    assert events.label.tolist() == [0, 3, 9, 8]
    assert events.jets.pt.tolist() == [[500], [501], [502], [503]]
    assert events.particles.E.tolist() == columns["part_energy"].tolist()
    assert events.particles.d0.tolist() == columns["part_d0val"].tolist()


def test_toptagging(tmp_path: pathlib.Path) -> None:
    numbers = np.random.default_rng(1).uniform(1, 50, (5, 3, 4)).astype(np.float32)
    numbers[1, 1:] = 0
    table = {
        f"{name}_{i}": numbers[:, i, place] for i in range(3) for place, name in enumerate(("E", "PX", "PY", "PZ"))
    }
    table |= {"truthE": np.zeros(5), "ttv": np.arange(5), "is_signal_new": np.array([0, 1, 0, 1, 1])}
    pandas.DataFrame(table).to_hdf(tmp_path / "top.h5", key="table", format="table")
    events = _layouts.read(tmp_path / "top.h5", layout="toptagging")
    assert ak.num(events.particles).tolist() == [3, 1, 3, 3, 3]
    assert events.particles.py[2].tolist() == numbers[2, :, 2].tolist()
    assert events.label.tolist() == [0, 1, 0, 1, 1]
    assert list(_layouts.iterate(tmp_path / "top.h5", step_size=2))[2].label.tolist() == [1]


def test_jetnet(tmp_path: pathlib.Path) -> None:
    particles = np.random.default_rng(2).uniform(0, 0.2, (3, 4, 4)).astype(np.float32)
    particles[..., 3] = [[1, 1, 1, 0], [1, 0, 0, 0], [1, 1, 1, 1]]
    jets = np.array([[1000, 0.5, 80, 3], [900, -1, 90, 1], [1100, 0, 170, 4]], np.float32)
    with h5py.File(tmp_path / "t.hdf5", "w") as file:
        file["particle_features"], file["jet_features"] = particles, jets
    events = _layouts.read(tmp_path / "t.hdf5")
    assert ak.num(events.particles).tolist() == [3, 1, 4]
    eta, phi, pt = (np.float64(particles[1, 0, place]) for place in range(3))
    assert events.particles[1, 0].tolist() == {"pt": 900 * pt, "eta": eta - 1, "phi": np.float32(phi), "mass": 0}
    assert events.jets.mass.tolist() == [[80], [90], [170]]


def test_energyflow_has_masses_and_rapidities(tmp_path: pathlib.Path) -> None:
    jets = np.array([[[10, 0.5, 1, 211], [5, -1, 2, 22]], [[3, 2, 0, -2212], [0, 0, 0, 0]]], np.float64)
    np.savez(tmp_path / "qg.npz", X=jets, y=np.array([1.0, 0.0]))
    events = canopy.read(tmp_path / "qg.npz")
    assert events.particles.mass.tolist() == [[0.13957, 0], [0.93827]]
    assert events.particles.rapidity.tolist() == [[0.5, -1], [2]]
    assert events.particles.pdgid.tolist() == [[211, 22], [-2212]]
    assert "int32" in str(events.particles.pdgid.type)
    assert events.label.tolist() == [1, 0]
    jet = canopy.cluster(events.particles[1], radius=0.4)[0]
    assert (jet.pt, jet.rapidity, jet.mass) == pytest.approx((3, 2, 0.93827), rel=1e-12)


def salt(path: pathlib.Path, group: str, fields: dict[str, np.ndarray], jets: dict[str, np.ndarray]) -> np.ndarray:
    """Write records as salt reads them, and give which constituents are there."""

    def records(columns: dict[str, np.ndarray]) -> np.ndarray:
        first = next(iter(columns.values()))
        table = np.zeros(first.shape, [(name, values.dtype) for name, values in columns.items()])
        for name, values in columns.items():
            table[name] = values
        return table

    valid = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 1, 0]], dtype=bool)
    with h5py.File(path, "a") as file:
        if "jets" not in file:
            file["jets"] = records(jets)
        file[group] = records(fields | {"valid": valid})
    return valid


def test_salt_has_a_jet_an_event(tmp_path: pathlib.Path) -> None:
    rng = np.random.default_rng(5)
    jets = {"pt_btagJes": np.array([4e4, 9e4, 1e6], np.float32), "eta_btagJes": np.array([0.5, -1, 2], np.float32)}
    jets |= {"HadronConeExclTruthLabelID": np.array([5, 0, 4], np.int32), "flavour_label": np.array([2, 0, 1])}
    tracks = {"qOverP": (rng.uniform(1e-5, 1e-3, (3, 4)) * rng.choice([-1, 1], (3, 4))).astype(np.float32)}
    tracks |= {name: rng.normal(0, 0.1, (3, 4)).astype(np.float16) for name in ("deta", "dphi", "d0")}
    tracks["numberOfPixelHits"] = rng.integers(0, 5, (3, 4)).astype(np.uint8)
    there = salt(tmp_path / "a.h5", "tracks", tracks, jets)
    events = _layouts.read(tmp_path / "a.h5", layout="salt")
    assert ak.num(events.particles).tolist() == [3, 0, 2]
    eta = np.float64(jets["eta_btagJes"])[:, np.newaxis] + np.float64(tracks["deta"])
    pt = 1 / np.abs(np.float64(tracks["qOverP"])) / np.cosh(eta) / 1000
    np.testing.assert_allclose(ak.flatten(events.particles.pt), pt[there], rtol=1e-12)
    np.testing.assert_allclose(ak.flatten(events.particles.eta), eta[there], rtol=1e-12)
    assert ak.flatten(events.particles.phi).tolist() == tracks["dphi"][there].astype(np.float32).tolist()
    assert ak.flatten(events.particles.mass)[0] == pytest.approx(0.13957039)
    assert ak.flatten(events.particles.numberOfPixelHits).tolist() == tracks["numberOfPixelHits"][there].tolist()
    assert {"d0", "qOverP", "deta", "dphi"} <= set(events.particles.fields)
    assert events.HadronConeExclTruthLabelID.tolist() == [5, 0, 4]
    assert events.flavour_label.tolist() == [2, 0, 1]
    assert events.pt_btagJes.tolist() == [4e4, 9e4, 1e6]
    assert events.jets.pt.tolist() == [[40], [90], [1000]]
    parts = list(_layouts.iterate(tmp_path / "a.h5", layout="salt", step_size=2))
    assert ak.concatenate(parts).tolist() == events.tolist()
    # Constituents with momenta of their own, of which the file may have another collection too.
    flows = {name: rng.uniform(1e3, 1e4, (3, 4)) for name in ("pt", "energy")}
    flows |= {name: rng.normal(0, 0.1, (3, 4)) for name in ("eta", "phi")}
    flows["energy"] += flows["pt"] * np.cosh(flows["eta"])
    salt(tmp_path / "a.h5", "flows_loose", flows, {})
    assert _layouts.read(tmp_path / "a.h5").particles.fields == events.particles.fields
    others = _layouts.read(tmp_path / "a.h5", collection="flows_loose")
    assert others.particles.fields == ["pt", "eta", "phi", "E"]
    assert ak.flatten(others.particles.E).tolist() == (flows["energy"][there] * 1e-3).tolist()
    consts = {name: flows[name] for name in ("pt", "eta", "phi")} | {"mass": np.full((3, 4), 500.0)}
    salt(tmp_path / "b.h5", "consts", consts, {"label": np.array([1, 0, 1])})
    events = _layouts.read(tmp_path / "b.h5", layout="salt")
    energy = np.hypot(consts["pt"] * np.cosh(consts["eta"]), 500)[there] / 1000
    np.testing.assert_allclose(ak.flatten(events.particles.E), energy, rtol=1e-12)
    assert events.fields == ["particles", "label"]
    with pytest.raises(ValueError, match="has no particles tracks; name one of consts"):
        _layouts.read(tmp_path / "b.h5", collection="tracks")


def test_rest_of_branches_by_a_star(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "nano.root", "Events", nanoaod())
    mapping = tmp_path / "rest.yaml"
    mapping.write_text("""
layout: nanoaod
particles: {pt: PFCands_pt, eta: PFCands_eta, phi: PFCands_phi, mass: PFCands_mass, "*": "PFCands_*"}
jets: {pt: Jet_pt, "*": "Jet_*"}
""")
    events = canopy.read(tmp_path / "nano.root", layout=mapping)
    assert set(events.particles.fields) == {"pt", "eta", "phi", "mass", "d0", "pdgId"}
    assert set(events.jets.fields) == {"pt", "eta", "phi", "mass"}
    mapping.write_text('particles: {px: a, "*": "b"}')
    with pytest.raises(canopy.InputError, match=r"\* is b; write the beginning"):
        canopy.read(tmp_path / "nano.root", layout=mapping)


def test_files_of_several_kinds(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "a.root", "Events", nanoaod())
    data = nanoaod()
    del data["genWeight"]
    write(tmp_path / "b.root", "Events", data)
    columns = {f"part_{name}": lists(place) for place, name in enumerate(("px", "py", "pz", "energy"))}
    columns |= {f"jet_{name}": ak.Array(np.arange(4.0) + 500) for name in ("pt", "eta", "phi", "energy")}
    write(tmp_path / "c.root", "tree", columns)
    for files, sentence in {"ab": "b.root has no event weight, which .*a.root has", "ba": "b.root has no event weight",
                            "ac": "c.root has the layout jetclass, but .*a.root has pfnano"}.items():  # fmt: skip
        with pytest.raises(canopy.InputError, match=sentence):
            canopy.read([tmp_path / f"{name}.root" for name in files])


def test_mapping_file(tmp_path: pathlib.Path) -> None:
    columns = {"px": lists(0), "momentum.y": lists(1), "pz": lists(2), "m": lists(3), "ok": lists(4, 0, 2, np.int32)}
    columns |= {"w": ak.Array([1.0, 2.0, 3.0, 4.0]), "jet[pt]": ak.Array([9.0, 8.0, 7.0, 6.0])}
    write(tmp_path / "own.root", "own", columns)
    mapping = tmp_path / "own.yaml"
    mapping.write_text("""
unit: MeV
particles:
  px: [nothing, px]
  py: momentum.y * 2 - 1
  pz: pz
  mass: m
  q?: nothing
  where: ok == 1
jets: {pt: "jet[pt]", eta: 0}
event: {weight: w / (w + 1)}
""")
    events = canopy.read(tmp_path / "own.root", layout=str(mapping))
    chosen = columns["ok"] == 1
    assert events.particles.fields == ["px", "py", "pz", "mass"]
    expected = (ak.values_astype(columns["momentum.y"], np.float64) * 2 - 1)[chosen] * 1e-3
    assert events.particles.py.tolist() == expected.tolist()
    assert events.jets.pt.tolist() == [[number * 1e-3] for number in (9, 8, 7, 6)]
    assert events.weight.tolist() == [1 / 2, 2 / 3, 3 / 4, 4 / 5]
    for text, sentence in {
        "particles: {px: py.z}": "has no py.z",
        "particles: {px: system(1)}": "make an expression",
        "particles: 3": "particles are missing",
        "particles: {px: 3}": "read no branch",
        "particles: {px: px}\nunits: MeV": "units is no key",
        "layout: nothing": "there is no layout nothing",
        "[": "is no mapping file",
        "particles: {px: px, py: jets}\nevent: {a: px}": "has no jets",
        "particles: {px: px}\nevent: {a: px}": "has more numbers for some events",
    }.items():
        mapping.write_text(text)
        with pytest.raises(canopy.InputError, match=sentence):
            canopy.read(tmp_path / "own.root", layout=str(mapping))


def test_parts_are_the_whole(tmp_path: pathlib.Path) -> None:
    columns = nanoaod()
    for name in ("a.root", "b.root"):
        write(tmp_path / name, "Events", columns)
    whole = canopy.read(tmp_path / "*.root")
    assert len(whole) == 8
    for step_size, max_events in itertools.product((1, 3, 100), (None, 1, 6)):
        parts = list(canopy.iterate(tmp_path / "*.root", step_size=step_size, max_events=max_events))
        assert ak.concatenate(parts).tolist() == whole[:max_events].tolist()


def test_parquet_of_a_layout_and_of_events(tmp_path: pathlib.Path) -> None:
    columns = {f"part_{name}": lists(place) for place, name in enumerate(("px", "py", "pz", "energy"))}
    columns |= {f"jet_{name}": ak.Array(np.arange(4.0) + 500) for name in ("pt", "eta", "phi", "energy")}
    columns["label"] = ak.Array([0, 1, 1, 0])
    ak.to_parquet(ak.zip(columns, depth_limit=1), tmp_path / "jets.parquet", row_group_size=3)
    events = canopy.read(tmp_path / "jets.parquet")
    assert events.particles.px.tolist() == columns["part_px"].tolist()
    assert events.label.tolist() == [0, 1, 1, 0]
    ak.to_parquet(events, tmp_path / "events.parquet", row_group_size=3)
    parts = list(canopy.iterate(tmp_path / "events.parquet", step_size=2))
    assert ak.concatenate(parts).tolist() == events.tolist()


def test_damaged_and_foreign_files(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "good.root", "Events", nanoaod())
    content = (tmp_path / "good.root").read_bytes()
    write(tmp_path / "other.root", "numbers", {"x": ak.Array([1.0])})
    with uproot.recreate(tmp_path / "histogram.root") as file:
        file["h"] = np.histogram([1.0])
    files = {
        "absent.root": (None, "does not exist"),
        "empty.root": (b"", "is empty"),
        "text.root": (b"1 2 3 4\n", "is no ROOT, Parquet, HDF5 or npz file"),
        "start.root": (content[:100], "cannot be read"),
        "noise.root": (b"root" + np.random.default_rng(3).bytes(2000), "cannot be read"),
        "noise.parquet": (b"PAR1" + bytes(100), "cannot be read"),
        "noise.npz": (b"PK\x03\x04" + bytes(100), "cannot be read"),
        "other.root": (None, "has none of the layouts"),
        "histogram.root": (None, "has no TTree and no RNTuple"),
    }
    for name, (damaged, sentence) in files.items():
        if damaged is not None:
            (tmp_path / name).write_bytes(damaged)
        with pytest.raises(canopy.InputError, match=sentence) as caught:
            canopy.read(tmp_path / name)
        assert name in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(canopy.InputError, match="no file fits this pattern"):
        canopy.read(tmp_path / "nothing-*.root")
    for length in range(200, len(content), len(content) // 15):
        (tmp_path / "cut.root").write_bytes(content[:length])
        with pytest.raises(canopy.InputError):
            canopy.read(tmp_path / "cut.root")

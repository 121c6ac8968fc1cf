# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of the package on ROOT and Parquet files, against h5py and the native command."""

import functools
import http.server
import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

import awkward as ak
import h5py
import numpy as np
import pytest
import uproot

import canopy
from canopy import _convert

root = pathlib.Path(__file__).resolve().parents[3]
native = os.environ.get("CANOPY_COMMAND", str(root / ".build" / "release" / "canopy"))
program = [sys.executable, "-c", "from canopy._command import main; main()"]


def run(*words: object, **options: object) -> subprocess.CompletedProcess:
    environment = {**os.environ, "CANOPY_COMMAND": native}
    return subprocess.run([*program, *map(str, words)], capture_output=True, text=True, env=environment, **options)


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> pathlib.Path:
    """A ROOT file of jets as JetClass has them, with momenta in single precision."""
    generator = np.random.default_rng(4)
    lengths = [5, 1, 0, 7, 3]
    momenta = generator.uniform(-50, 50, (3, sum(lengths))).astype(np.float32)
    columns = {f"part_{name}": ak.unflatten(momenta[place], lengths) for place, name in enumerate(("px", "py", "pz"))}
    energies = np.sqrt(np.sum(momenta.astype(np.float64) ** 2, axis=0) + 1).astype(np.float32)
    columns["part_energy"] = ak.unflatten(energies, lengths)
    columns |= {f"jet_{name}": ak.Array(np.arange(5.0)) for name in ("pt", "eta", "phi", "energy")}
    columns["label"] = ak.Array(np.arange(5) % 2)
    path = tmp_path / "jets.root"
    with uproot.recreate(path) as file:
        file.mktree("tree", {name: ak.type(values).content for name, values in columns.items()}).extend(columns)
    return path


def test_hdf5_has_what_the_tree_has(tree: pathlib.Path) -> None:
    output = tree.parent / "events.h5"
    done = run("convert", tree, tree, "-o", output)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    branches = uproot.open(tree)["tree"]
    with h5py.File(output) as file:
        assert file["event/offset"][:].tolist() == [0, 5, 6, 6, 13, 16, 21, 22, 22, 29, 32]
        for name, branch in {"px": "part_px", "E": "part_energy"}.items():
            assert file[f"particle/{name}"].dtype == np.float32
            assert file[f"particle/{name}"][:16].tolist() == ak.flatten(branches[branch].array()).tolist()
        assert file["event/label"][:].tolist() == [0, 1, 0, 1, 0] * 2
        assert file["jet/offset"][:].tolist() == list(range(11))
    assert sorted(os.listdir(tree.parent)) == ["events.h5", "jets.root"]


def test_parquet_is_the_same(tree: pathlib.Path) -> None:
    output = tree.parent / "events.parquet"
    assert run("convert", tree, "-o", output, "--max-events", 4).returncode == 0
    assert canopy.read(output).tolist() == canopy.read(tree)[:4].tolist()


def test_native_command_takes_root_and_parquet(tree: pathlib.Path) -> None:
    for name in ("events.h5", "events.parquet"):
        assert run("convert", tree, "-o", tree.parent / name).returncode == 0
    words = ("--min-pt", 1, "--constituents", "--format", "jsonl")
    expected = run("cluster", tree.parent / "events.h5", *words).stdout
    assert len(expected.splitlines()) == 5
    assert run("cluster", tree, *words).stdout == expected
    assert run("cluster", tree.parent / "events.parquet", *words).stdout == expected
    jets = canopy.cluster(canopy.read(tree).particles, radius=0.4, min_pt=1)
    for line, own in zip(expected.splitlines(), jets, strict=True):
        assert [jet["constituents"] for jet in json.loads(line)["jets"]] == [jet.constituents.tolist() for jet in own]
    assert run("inspect", tree).stdout.splitlines()[0].endswith(str(tree))


def test_statuses_and_messages(tree: pathlib.Path, capsys: pytest.CaptureFixture) -> None:
    cut = tree.parent / "cut.root"
    cut.write_bytes(tree.read_bytes()[:500])
    output = tree.parent / "out.h5"
    for status, sentence, words in [
        (64, "the following arguments are required: -o/--output", (tree,)),
        (64, "ends in none of .h5, .hdf5, .parquet", (tree, "-o", "out.txt")),
        (64, "there is no folder", (tree, "-o", tree.parent / "no" / "out.h5")),
        (64, "has no place for it", (tree, "-o", "/proc/out.h5")),
        (64, "is a folder; name a file in it", (tree, "-o", tree.parent / "folder.h5")),
        (65, "is a folder; name the files in it", (tree.parent, "-o", output)),
        (64, "is one of the inputs", (tree, output.with_suffix(".parquet"), "-o", output.with_suffix(".parquet"))),
        (64, "there is no layout nothing", (tree, "-o", output, "--layout", "nothing")),
        (64, "give 1 or more", (tree, "-o", output, "--max-events", "0")),
        (65, f"{cut} cannot be read", (cut, "-o", output)),
        (65, f"{cut} cannot be read", (tree, cut, "-o", output)),
        (0, "--collection", ("--help",)),
    ]:
        output.with_suffix(".parquet").touch()
        (tree.parent / "folder.h5").mkdir(exist_ok=True)
        try:
            found = _convert.run([str(word) for word in words])
        except SystemExit as exit:
            found = exit.code
        said = "".join(capsys.readouterr())
        assert (found, sentence in said) == (status, True), (words, said)
        assert not output.exists()
        assert not any(name.endswith(".partial") for name in os.listdir(tree.parent))


def test_native_statuses_and_messages(tree: pathlib.Path) -> None:
    cut = tree.parent / "cut.root"
    cut.write_bytes(tree.read_bytes()[:500])
    for status, sentence, words in [
        (65, f"{cut} cannot be read", ("cluster", cut)),
        (64, "radius", ("cluster", tree, "--radius", "-1")),
        (65, f'{tree}, where "nothing > 1" is wrong', ("cluster", tree, "--where", "nothing > 1")),
    ]:
        done = run(*words)
        assert (done.returncode, sentence in done.stderr) == (status, True), (words, done.stderr)


class _Parts(http.server.SimpleHTTPRequestHandler):
    """Serves the parts of files that are asked for, as uproot needs."""

    def do_GET(self) -> None:
        content = pathlib.Path(self.translate_path(self.path)).read_bytes()
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        part = content[int(first) : int(last or len(content)) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def log_message(self, format: str, *values: object) -> None:
        pass


def test_addresses(tree: pathlib.Path) -> None:
    pytest.importorskip("aiohttp")
    handler = functools.partial(_Parts, directory=tree.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/jets.root"
        words = ("--min-pt", 1, "--format", "jsonl")
        done = run("cluster", address, *words)
        assert (done.returncode, done.stdout) == (0, run("cluster", tree, *words).stdout), done.stderr
        server.shutdown()


@pytest.mark.skipif(importlib.util.find_spec("fsspec_xrootd") is not None, reason="it is installed")
def test_addresses_say_what_is_missing(tmp_path: pathlib.Path) -> None:
    address = "root://localhost//events.root"
    done = run("convert", address, "-o", tmp_path / "events.h5")
    assert done.returncode == 1
    assert f"{address} is read by packages that are not installed; pip install xrootd fsspec-xrootd" in done.stderr


def test_samples_are_converted(tree: pathlib.Path) -> None:
    own = tree.parent / "events.h5"
    assert run("convert", tree, "-o", own).returncode == 0
    words = ("--min-pt", 1, "--format", "jsonl")
    expected = run("cluster", own, own, own, *words).stdout
    assert len(expected.splitlines()) == 15
    for name in ("a.root", "b.root"):
        (tree.parent / name).write_bytes(tree.read_bytes())
    samples = tree.parent / "samples.yaml"
    samples.write_text(f"- {{file: '{tree.parent}/{{a,b}}.root', label: 1}}\n- {own}\n")
    assert run("cluster", samples, *words).stdout == expected
    found = run("cluster", f"{{file: '{tree.parent}/[ab].root', label: 1}}", own, *words)
    assert found.stdout == expected
    for text, sentence in {
        f"{{file: '{tree.parent}/{{jets.root,events.h5}}'}}": "is read as it is, beside files that are converted",
        f"{{file: '{tree.parent}/x*.root'}}": "no file fits this pattern",
        f"{{file: '{tree}', weight: -1}}": "weight",
        f"{{file: '{tree}', colour: red}}": "colour",
    }.items():
        done = run("cluster", text, *words)
        assert (done.returncode in (64, 65), sentence in done.stderr, done.stdout) == (True, True, ""), done.stderr


def test_training_on_root_files_is_refused(tree: pathlib.Path) -> None:
    configuration = tree.parent / "training.yaml"
    configuration.write_text(f"""
data: {{inputs: [{tree}], validation-fraction: 0.2}}
jets: {{radius: 1.0}}
embedding: {{width: 4}}
heads: {{tagger: {{plugin: jet-tagger, configuration: {{truth: label, classes: [QCD, W]}}}}}}
training: {{epochs: 1}}
""")
    done = run("train", configuration, "-o", tree.parent / "model")
    assert done.returncode == 65
    assert f"{tree} is a ROOT file; type canopy convert {tree} -o jets.h5" in done.stderr
    with pytest.raises(canopy.InputError, match=r"is a ROOT file; read it by canopy.read"):
        canopy.train(configuration, output=tree.parent / "model", progress=False)


def test_native_command_takes_public_datasets(tree: pathlib.Path) -> None:
    jets = np.array([[[10, 0.5, 1, 211], [5, -1, 2, 22]], [[3, 2, 0, -2212], [0, 0, 0, 0]]], np.float64)
    np.savez(tree.parent / "qg.npz", X=jets, y=np.array([1.0, 0.0]))
    particles = np.array([[[0.1, 0.2, 0.5, 1], [0, 0, 0.4, 1]], [[0, 0, 1, 1], [9, 9, 9, 0]]], np.float32)
    with h5py.File(tree.parent / "t.hdf5", "w") as file:
        file["particle_features"] = particles
        file["jet_features"] = np.array([[1000, 0.5, 80, 2], [900, -1, 90, 1]], np.float32)
    with h5py.File(tree.parent / "salt.h5", "w") as file:
        file["jets"] = np.array([(4e4, 0.5, 5), (9e4, -1, 0)], [("pt", "f4"), ("eta", "f4"), ("label", "i4")])
        constituent = [("deta", "f2"), ("dphi", "f2"), ("pt", "f4"), ("valid", "?")]
        file["consts"] = np.array(
            [[(0.1, 0, 3e4, True), (0, 0.1, 2e4, True)], [(0, 0, 9e4, True), (0,) * 4]], constituent
        )
    own = tree.parent / "own.h5"
    assert run("convert", tree, "-o", own).returncode == 0
    words = ("--min-pt", 1, "--constituents", "--format", "jsonl")
    for name, layout in {"qg.npz": "energyflow", "t.hdf5": "jetnet", "salt.h5": "salt"}.items():
        path = tree.parent / name
        assert run("convert", path, "-o", tree.parent / "copy.h5", "--layout", layout).returncode == 0
        # Canopy's own file stays one beside another that has the layout.
        expected = run("cluster", own, tree.parent / "copy.h5", *words).stdout
        assert len(expected.splitlines()) == 7
        assert run("cluster", own, path, *words, "--layout", layout).stdout == expected
        assert run("cluster", own, f"{{file: '{path}', label: 1}}", *words, "--layout", layout).stdout == expected


def test_results_in_a_root_file(tree: pathlib.Path) -> None:
    words = ("cluster", tree, "--min-pt", 1, "--observable", "soft-drop", "--constituents", "-o")
    assert run(*words, tree.parent / "jets.h5").returncode == 0
    with h5py.File(tree.parent / "jets.h5") as file:
        expected = {name: file[f"jet/{name}"][:].tolist() for name in ("pt", "soft-drop/mass")}
        counts = np.diff(file["jet/offset"][:].astype(int)).tolist()
    for kind, flag in {"TTree": (), "ROOT::RNTuple": ("--rntuple",)}.items():
        output = tree.parent / "scores.root"
        done = run(*words, output, *flag)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        file = uproot.open(output)
        assert file.classnames(cycle=False) == {"scores": kind}
        prefix = "jets." if flag else "jets_"
        for name, values in expected.items():
            column = file["scores"][prefix + name.replace("-", "_").replace("/", "_")].array()
            assert ak.num(column).tolist() == counts
            assert ak.flatten(column).tolist() == values
        assert file["scores"]["number"].array().tolist() == [0, 1, 2, 3, 4]
        assert output.stat().st_mode & 0o777 == 0o666 & ~current_umask()
    before = tree.read_bytes()
    for sentence, more in {
        "is one of the inputs": ("cluster", tree, "-o", tree),
        "leave out --format": (*words, "x.root", "--format", "jsonl"),
        "there is no folder": (*words, tree.parent / "no" / "x.root"),
        "is no file": (*words, tree.parent / "folder.root"),
        "which inspect does not write": ("inspect", tree, "-o", "x.root"),
        "name one by -o scores.root": ("cluster", tree, "--rntuple"),
    }.items():
        (tree.parent / "folder.root").mkdir(exist_ok=True)
        done = run(*more)
        assert (done.returncode, sentence in done.stderr) == (64, True), done.stderr
    assert tree.read_bytes() == before


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_interruption_of_imports_says_nothing(tree: pathlib.Path) -> None:
    # A module of this name stands for an import that takes long.
    (tree.parent / "awkward.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    environment = {**os.environ, "PYTHONPATH": f"{tree.parent}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run([*program, "convert", tree, "-o", "x.h5"], capture_output=True, env=environment)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")


def test_nothing_is_left_of_a_killed_conversion(tree: pathlib.Path) -> None:
    many = [str(tree)] * 2000
    process = subprocess.Popen([*program, "convert", *many, "-o", str(tree.parent / "out.h5")])
    deadline = time.monotonic() + 60
    while not any(name.endswith(".partial") for name in os.listdir(tree.parent)) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == -signal.SIGTERM
    assert os.listdir(tree.parent) == ["jets.root"]


def test_without_foreign_files_awkward_is_not_imported() -> None:
    code = "import sys, canopy._command; print('awkward' in sys.modules, 'cffi' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False False\n"
    assert run("--version").stdout == subprocess.run([native, "--version"], capture_output=True, text=True).stdout


@pytest.mark.parametrize("kind", ["ttree", "rntuple"])
def test_friend_has_an_entry_an_event(tree: pathlib.Path, kind: str) -> None:
    scores = ak.Array(
        [
            {"jets": [{"pt": 1.0, "my-tagger": {"score": 0.5}, "constituents": [1]}], "head": {"score": 0.1}},
            {"jets": [], "head": {"score": 0.2}},
            None,
            {"jets": [{"pt": n + 1.0, "my-tagger": {"score": n / 4}, "constituents": []} for n in (1, 2)],
             "head": {"score": 0.3}},
            {"jets": [], "head": {"score": 0.4}},
        ]
    )  # fmt: skip
    path = tree.parent / "friend.root"
    canopy.write_friend(path, scores, kind=kind, friend_of=tree)
    found = uproot.open(path)["scores"]
    assert found.num_entries == uproot.open(tree)["tree"].num_entries
    jets = "jets." if kind == "rntuple" else "jets_"
    assert found[f"{jets}my_tagger_score"].array().tolist() == [[0.5], [], [], [0.25, 0.5], []]
    heads = found["head_score"].array()
    assert np.isnan(heads[2])
    assert heads[[0, 1, 3, 4]].tolist() == [0.1, 0.2, 0.3, 0.4]
    if kind == "ttree":
        assert found["njets"].array().tolist() == [1, 0, 0, 2, 0]
    with pytest.raises(canopy.InputError, match=r"jets.root has other numbers of entries \(tree 5\) than the 4 scores"):
        canopy.write_friend(path, scores[:4], friend_of=tree)
    with pytest.raises(canopy.InputError, match="no numbers"):
        canopy.write_friend(path, ak.Array([{"jets": []}]))
    before = tree.read_bytes()
    with pytest.raises(ValueError, match="which the scores would replace"):
        canopy.write_friend(tree, scores, friend_of=tree)
    assert tree.read_bytes() == before
    with pytest.raises(ValueError, match="is no file"):
        canopy.write_friend(tree.parent, scores)

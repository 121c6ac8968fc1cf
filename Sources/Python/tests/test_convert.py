# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of the package on ROOT and Parquet files, against h5py and the native command."""

import json
import os
import pathlib
import signal
import subprocess
import sys
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
        (64, "cannot be a file", (tree, "-o", tree.parent / "no" / "out.h5")),
        (64, "is one of the inputs", (tree, output.with_suffix(".parquet"), "-o", output.with_suffix(".parquet"))),
        (64, "there is no layout nothing", (tree, "-o", output, "--layout", "nothing")),
        (64, "give 1 or more", (tree, "-o", output, "--max-events", "0")),
        (65, f"{cut} cannot be read", (cut, "-o", output)),
        (65, f"{cut} cannot be read", (tree, cut, "-o", output)),
        (0, "--collection", ("--help",)),
    ]:
        output.with_suffix(".parquet").touch()
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

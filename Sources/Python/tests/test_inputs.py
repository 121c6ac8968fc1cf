# SPDX-License-Identifier: GPL-3.0-or-later
"""Forms of particles against FastJet's own Python interface on the same particles, and what is refused."""

import pathlib
import tracemalloc
from collections.abc import Callable
from typing import Any

import awkward as ak
import fastjet
import numpy as np
import pytest
import vector
from test_cluster import cartesian, reference, sample

import canopy

ANTIKT = fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)
NAMES = ("px", "py", "pz", "E")
vector.register_awkward()


def scattered(particles: ak.Array) -> ak.Array:
    """The same lists, with other particles between them."""
    twice = ak.concatenate([particles, particles[::-1]], axis=1)
    counts = ak.num(particles).to_numpy()
    layout = twice.layout.to_ListOffsetArray64(True)
    starts = np.asarray(layout.offsets)[:-1]
    return ak.Array(ak.contents.ListArray(ak.index.Index64(starts), ak.index.Index64(starts + counts), layout.content))


def virtual(particles: ak.Array) -> ak.Array:
    """The same arrays, each made when it is read."""
    form, length, buffers = ak.to_buffers(particles)
    return ak.from_buffers(form, length, {key: lambda buffer=buffer: buffer for key, buffer in buffers.items()})


FORMS: dict[str, Callable[[ak.Array], Any]] = {
    "slice": lambda given: given[15:55],
    "slice with a step": lambda given: given[50:3:-2],
    "mask": lambda given: given[np.arange(len(given)) % 3 != 1],
    "order": lambda given: given[np.random.default_rng(2).permutation(len(given))],
    "mask of particles": lambda given: given[given.E > 2],
    "particles in another order": lambda given: given[ak.argsort(given.E)],
    "slice of particles": lambda given: given[:, 2:-3],
    "masks of both": lambda given: given[given.pz > 0][::2],
    "scattered": scattered,
    "virtual": virtual,
    "single precision": lambda given: ak.values_astype(given, np.float32),
    "half of single precision": lambda given: ak.values_astype(given, np.float32)[30:],
    "whole numbers": lambda given: ak.zip(
        # In MeV, so that no two are the same, and none is faster than light.
        {name: ak.values_astype(given[name] * 1000 + (3000 if name == "E" else 0), np.int64) for name in NAMES}
    ),
    "packed": ak.to_packed,
    "no particles in most": lambda given: given[given.E > 60],
    "options without None": lambda given: ak.mask(given, np.ones(len(given), bool)),
    "regular": lambda given: ak.to_regular(given[ak.num(given) > 9][:, :9]),
    "behaviours": lambda given: ak.with_name(given, "Momentum4D"),
    "with other columns": lambda given: ak.with_field(ak.with_field(given, 1, "charge"), "name", "text"),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_give_the_jets_of_fastjet(form: str) -> None:
    given = FORMS[form](cartesian(sample(60)))
    jets = canopy.cluster(given, min_pt=2)
    assert len(jets) == len(given)
    found = 0
    for event, own in zip(given, jets, strict=True):
        expected = reference(event, ANTIKT, 2)
        assert own.constituents.tolist() == [members for _, members in expected]
        np.testing.assert_allclose(own.pt, [pt for pt, _ in expected], rtol=1e-9)
        found += len(expected)
    assert found > 20


def test_files_of_parquet(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pyarrow")
    given = cartesian(sample(60))
    ak.to_parquet(ak.with_field(given, given.E > 3, "is_hard"), tmp_path / "events.parquet")
    read = ak.from_parquet(tmp_path / "events.parquet")
    expected = canopy.cluster(given, min_pt=2)
    assert ak.drop_none(canopy.cluster(read, min_pt=2)).tolist() == expected.tolist()
    assert canopy.cluster(read[10:20], min_pt=2).constituents.tolist() == expected[10:20].constituents.tolist()


@pytest.mark.parametrize(
    "coordinates",
    [("rho", "phi", "theta", "tau"), ("x", "y", "z", "tau"), ("pt", "phi", "pz", "E"), ("px", "py", "eta", "mass")],
)
def test_coordinates_of_vector(coordinates: tuple[str, ...]) -> None:
    given = ak.with_name(cartesian(sample(60)), "Momentum4D")
    same = vector.zip({name: getattr(given, name) for name in coordinates})
    expected = canopy.cluster(given, min_pt=2)
    found = canopy.cluster(same, min_pt=2)
    assert found.constituents.tolist() == expected.constituents.tolist()
    np.testing.assert_allclose(ak.flatten(found.pt), ak.flatten(expected.pt), rtol=1e-6)


def test_numpy_forms() -> None:
    given = cartesian(sample(1, seed=4))[0]
    expected = canopy.cluster(given, min_pt=2).tolist()
    swapped = np.zeros(len(given), [(name, ">f8") for name in NAMES])
    for name in NAMES:
        swapped[name] = given[name]
    assert canopy.cluster(swapped, min_pt=2).tolist() == expected
    # A particle is there if all of its numbers are.
    padded: dict[str, Any] = {name: np.append(given[name].to_numpy(), [0.0, 0.0])[np.newaxis] for name in NAMES}
    padded["E"] = np.ma.masked_array(padded["E"], np.arange(len(given) + 2)[np.newaxis] >= len(given))
    assert canopy.cluster(padded, min_pt=2).tolist() == [expected]


def test_doubles_are_read_where_they_are() -> None:
    given = cartesian(sample(3000))

    def copied(events: ak.Array) -> float:
        """The bytes that a call without jets needs for a number of the particles."""
        canopy.cluster(events, min_pt=1e9)
        tracemalloc.start()
        canopy.cluster(events, min_pt=1e9)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / (4 * ak.count(given.px))

    assert copied(given) < 0.5
    assert copied(ak.with_field(given, 1.0, "charge")[20:]) < 0.5
    assert copied(ak.values_astype(given, np.float32)) > 7
    # What lies outside of a slice is not looked at.
    assert copied(ak.values_astype(given, np.float32)[100:200]) < 0.5


SETTINGS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"radius": None}, TypeError, "^radius must be a number, not None.$"),
    ({"radius": "0.4"}, TypeError, "^radius must be a number, not '0.4'.$"),
    ({"radius": float("nan")}, ValueError, "^radius must be finite, not nan.$"),
    ({"algorithm": None}, TypeError, "^algorithm must be text, not None.$"),
    ({"algorithm": b"antikt"}, TypeError, "^algorithm must be text, not b'antikt'.$"),
    ({"algorithm": "anti\0kt"}, ValueError, "no text in C"),
    ({"recombination": 3}, TypeError, "^recombination must be text"),
    ({"exclusive_jets": 2.5}, TypeError, "^exclusive_jets must be a whole number, not 2.5.$"),
    ({"exclusive_jets": 0}, ValueError, "^exclusive_jets must be 1 or more.$"),
    ({"exclusive_jets": 2, "min_pt": 5}, ValueError, "^min_pt is for inclusive jets"),
    ({"exclusive_jets": 2, "exclusive_dcut": 5}, ValueError, "^exclusive_dcut excludes exclusive_jets"),
    ({"algorithm": "genkt"}, ValueError, "^algorithm is genkt, which needs a power"),
    ({"power": 1}, ValueError, "^power means nothing for antikt"),
    ({"max_abs_rapidity": True}, TypeError, "^max_abs_rapidity must be a number, not True.$"),
    ({"trees": 1}, TypeError, "^trees must be True or False, not 1.$"),
    ({"constituents": "no"}, TypeError, "^constituents must be True or False"),
    ({"threads": "2"}, TypeError, "^threads must be a whole number"),
    ({"observables": None}, TypeError, "^observables must be names"),
    ({"observables": b"soft-drop"}, TypeError, "^observables must be names"),
    ({"observables": [3]}, TypeError, "^a name in observables must be text, not 3.$"),
    ({"observables": {"a": "soft-drop"}}, TypeError, r"^observables\['a'\] must be a mapping"),
    ({"observables": ["xyz"]}, ValueError, r"^There is no observable .*canopy.load_plugins\(PATH\)"),
    ({"observables": {"a": {"plugin": "soft-drop", "z-cut": b"1"}}}, TypeError, "a setting must be a number, text"),
]


@pytest.mark.parametrize(("settings", "kind", "sentence"), SETTINGS)
def test_settings_are_refused_by_one_sentence(settings: dict[str, Any], kind: type[Exception], sentence: str) -> None:
    with pytest.raises(kind, match=sentence) as caught:
        canopy.cluster(cartesian(sample(3)), **settings)
    assert len(str(caught.value).splitlines()) == 1


def test_particles_are_refused_by_one_sentence() -> None:
    given = cartesian(sample(3))
    polar = sample(3)
    texts = ak.Array([["x"] * len(event) for event in given])
    refused: list[tuple[Any, type[Exception], str]] = [
        (None, TypeError, "must be an array of records"),
        ("events.root", TypeError, "must be an array of records, as ak.zip gives them, not str"),
        (object(), TypeError, "make no array of records"),
        (given.px, TypeError, "need fields"),
        (given[np.newaxis], TypeError, "a list of records for each event"),
        (ak.concatenate([given, polar]), TypeError, "several types"),
        (ak.with_field(given, texts, "px"), canopy.InputError, "the field px of the particles is string"),
        ([{name: given[name][0].tolist() for name in NAMES}], canopy.InputError, "zip fields of lists by ak.zip"),
        ([{"particles": given[0].tolist(), "weight": 1.0}], canopy.InputError, "give the field particles alone"),
        (dict.fromkeys(NAMES, 1.0), TypeError, "make no array of records"),
    ]
    for particles, kind, sentence in refused:
        with pytest.raises(kind, match=sentence) as caught:
            canopy.cluster(particles)
        assert len(str(caught.value).splitlines()) == 1
    # Names and identifiers count where columns are read.
    for name in ("a\0b", "a\ud800", ""):
        column = ak.with_field(given, given.px, name)
        assert canopy.cluster(column).tolist() == canopy.cluster(given).tolist()
        with pytest.raises(ValueError, match=r"character that no text in C has|empty name"):
            canopy.cluster(column, observables=["soft-drop"])
    numbers = ak.Array([[1.0] * len(given[0]), [1.0] * len(given[1]), [0.5] * len(given[2])])
    with pytest.raises(canopy.InputError, match=r"Event 2 has no usable pdgid: 0\.5 is no identifier") as error:
        canopy.cluster(ak.with_field(given, numbers, "pdgid"), observables=["soft-drop"])
    assert (error.value.event, error.value.field) == (2, "pdgid")


def test_columns_of_events_are_refused_by_one_sentence() -> None:
    given = ak.with_field(cartesian(sample(3)), 211, "pdgid")
    model = canopy.load_model("dihiggs")
    refused: list[tuple[Any, type[Exception], str]] = [
        ([500, 600, 700], TypeError, "event must be a mapping"),
        ("mass", TypeError, "event must be a mapping"),
        ({"resonance_mass": None}, TypeError, r"event\['resonance_mass'\] must be numbers.* not None"),
        ({"resonance_mass": ["a", "b", "c"]}, TypeError, r"event\['resonance_mass'\] must be numbers"),
        ({"resonance_mass": [b"1", b"2", b"3"]}, TypeError, r"event\['resonance_mass'\] must be numbers"),
        ({"resonance_mass": [[1.0], [1.0, 2.0], []]}, TypeError, r"event\['resonance_mass'\] must be numbers"),
        ({"resonance_mass": [500.0]}, ValueError, "has the length 1 for 3 events"),
        ({"resonance\0mass": 500}, ValueError, "no text in C"),
        ({3: 500}, TypeError, "a name in event must be text"),
        ({"resonance_mass": [500, None, 600]}, canopy.InputError, "Event 1: resonance_mass is nan"),
        (None, canopy.InputError, r"conditions=\{'resonance_mass': VALUE\}"),
    ]
    for event, kind, sentence in refused:
        with pytest.raises(kind, match=sentence) as caught:
            model.classify(given, event=event)
        assert len(str(caught.value).splitlines()) == 1
    for conditions, kind, sentence in [
        ([500], TypeError, "^conditions must be a mapping"),
        ({"resonance_mass": "500"}, TypeError, r"^conditions\['resonance_mass'\] must be a number"),
        ({"resonance_mass": float("inf")}, ValueError, r"^conditions\['resonance_mass'\] must be finite"),
    ]:
        with pytest.raises(kind, match=sentence):
            model.classify(given, conditions=conditions)


def test_records_of_events_have_what_is_no_number_too() -> None:
    given = ak.with_field(cartesian(sample(4)), 211, "pdgid")
    model = canopy.load_model("dihiggs")
    masses = [400.0, 500.0, 600.0, 700.0]
    expected = model.classify(given, event={"resonance_mass": masses})
    events = ak.zip({"particles": given, "resonance_mass": masses, "process": ["a", "b", "c", "d"]}, depth_limit=1)
    assert model.classify(events.particles, event=events).tolist() == expected.tolist()
    one = model.classify(events[2].particles, event=events[2][["resonance_mass"]])
    assert one.tolist() == expected[2].tolist()
    # An event that is None need not have its columns.
    some = ak.mask(events, [True, False, True, True])
    found = model.classify(some.particles, event=some)
    assert found.tolist() == [expected[0].tolist(), None, *expected[2:].tolist()]
    masses[3] = float("nan")
    with pytest.raises(canopy.InputError, match="Event 3") as caught:
        model.classify(some.particles, event={"resonance_mass": masses})
    assert caught.value.event == 3

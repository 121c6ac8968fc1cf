# SPDX-License-Identifier: GPL-3.0-or-later
"""Jets against FastJet's own Python interface, in all forms in which particles come."""

import gc
import pickle

import awkward as ak
import fastjet
import numpy as np
import pytest
import vector

import canopy


def sample(events: int = 200, seed: int = 1) -> ak.Array:
    """Events of up to 60 particles, some without any, around a few axes."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 60, events)
    total = counts.sum()
    axes = rng.integers(0, 3, total)
    pt = rng.exponential(5, total) + 0.1
    eta = np.array([-1.5, 0.0, 2.0])[axes] + rng.normal(0, 0.4, total)
    phi = np.array([0.1, 2.0, 4.5])[axes] + rng.normal(0, 0.4, total)
    mass = np.full(total, 0.13957)
    return ak.unflatten(ak.zip({"pt": pt, "eta": eta, "phi": phi, "mass": mass}), counts)


def cartesian(particles: ak.Array) -> ak.Array:
    px, py = particles.pt * np.cos(particles.phi), particles.pt * np.sin(particles.phi)
    pz = particles.pt * np.sinh(particles.eta)
    return ak.zip({"px": px, "py": py, "pz": pz, "E": np.sqrt(px**2 + py**2 + pz**2 + particles.mass**2)})


DEFINITIONS = [
    ("antikt", 0.4, None, fastjet.JetDefinition(fastjet.antikt_algorithm, 0.4)),
    ("kt", 0.7, None, fastjet.JetDefinition(fastjet.kt_algorithm, 0.7)),
    ("cambridge", 1.0, None, fastjet.JetDefinition(fastjet.cambridge_algorithm, 1.0)),
    ("genkt", 0.5, -0.5, fastjet.JetDefinition(fastjet.genkt_algorithm, 0.5, -0.5)),
    ("ee-genkt", 0.8, -1.0, fastjet.JetDefinition(fastjet.ee_genkt_algorithm, 0.8, -1.0)),
]
SCHEMES = {
    "E": fastjet.E_scheme,
    "pt": fastjet.pt_scheme,
    "pt2": fastjet.pt2_scheme,
    "Et": fastjet.Et_scheme,
    "Et2": fastjet.Et2_scheme,
    "BIpt": fastjet.BIpt_scheme,
    "BIpt2": fastjet.BIpt2_scheme,
    "WTA-pt": fastjet.WTA_pt_scheme,
    "WTA-modp": fastjet.WTA_modp_scheme,
}


def reference(event: ak.Array, definition: fastjet.JetDefinition, least: float) -> list[tuple[float, list[int]]]:
    """The pT and the constituents of an event's jets, by FastJet one event at a time."""
    particles = [fastjet.PseudoJet(*map(float, row)) for row in zip(event.px, event.py, event.pz, event.E, strict=True)]
    for index, particle in enumerate(particles):
        particle.set_user_index(index)
    if not particles:
        return []
    sequence = fastjet.ClusterSequence(particles, definition)
    found = fastjet.sorted_by_pt(sequence.inclusive_jets(least))
    return [(jet.pt(), sorted(particle.user_index() for particle in jet.constituents())) for jet in found]


def compare(jets: ak.Array, particles: ak.Array, definition: fastjet.JetDefinition, least: float) -> None:
    compared = 0
    for event, found in zip(particles, jets, strict=True):
        expected = reference(event, definition, least)
        own = sorted(zip(found.pt.tolist(), found.constituents.tolist(), strict=True), reverse=True)
        assert [members for _, members in own] == [members for _, members in expected]
        np.testing.assert_allclose([pt for pt, _ in own], [pt for pt, _ in expected], rtol=1e-9)
        compared += len(expected)
    assert compared > 100


@pytest.mark.parametrize(("algorithm", "radius", "power", "definition"), DEFINITIONS)
def test_algorithms(algorithm: str, radius: float, power: float | None, definition: fastjet.JetDefinition) -> None:
    particles = cartesian(sample())
    jets = canopy.cluster(particles, algorithm, radius, power=power, min_pt=5, threads=2)
    compare(jets, particles, definition, 5)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes(scheme: str) -> None:
    particles = cartesian(sample(100))
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, 0.6, SCHEMES[scheme])
    compare(canopy.cluster(particles, radius=0.6, recombination=scheme, min_pt=3), particles, definition, 3)


def test_exclusive_jets() -> None:
    particles = cartesian(sample(50))
    particles = particles[ak.num(particles) > 4]
    jets = canopy.cluster(particles, "kt", 0.6, exclusive_jets=3)
    assert ak.all(ak.num(jets) == 3)
    for event, found in zip(particles, jets, strict=True):
        sequence = fastjet.ClusterSequence(
            [fastjet.PseudoJet(*map(float, row)) for row in zip(event.px, event.py, event.pz, event.E, strict=True)],
            fastjet.JetDefinition(fastjet.kt_algorithm, 0.6),
        )
        expected = sorted((jet.pt() for jet in sequence.exclusive_jets(3)), reverse=True)
        np.testing.assert_allclose(found.pt, expected, rtol=1e-9)


def same(one: ak.Array, other: ak.Array, rtol: float = 1e-9) -> None:
    assert one.constituents.tolist() == other.constituents.tolist()
    np.testing.assert_allclose(ak.flatten(one.pt, axis=None), ak.flatten(other.pt, axis=None), rtol=rtol)


def test_names_of_momenta() -> None:
    polar = sample(60)
    expected = canopy.cluster(cartesian(polar), min_pt=2)
    momenta = cartesian(polar)
    same(canopy.cluster(polar, min_pt=2), expected)
    same(
        canopy.cluster(ak.zip({"x": momenta.px, "y": momenta.py, "z": momenta.pz, "t": momenta.E}), min_pt=2), expected
    )
    same(
        canopy.cluster(ak.zip({"px": momenta.px, "py": momenta.py, "pz": momenta.pz, "m": polar.mass}), min_pt=2),
        expected,
    )
    energy = ak.zip({"pt": polar.pt, "eta": polar.eta, "phi": polar.phi, "energy": momenta.E})
    same(canopy.cluster(energy, min_pt=2), expected, 1e-6)
    rapidity = np.arctanh(momenta.pz / momenta.E)
    same(
        canopy.cluster(ak.zip({"pt": polar.pt, "rapidity": rapidity, "phi": polar.phi, "mass": polar.mass}), min_pt=2),
        expected,
        1e-6,
    )
    vector.register_awkward()
    same(canopy.cluster(ak.with_name(momenta, "Momentum4D"), min_pt=2), expected)


def test_forms_of_arrays() -> None:
    particles = cartesian(sample(120))
    expected = canopy.cluster(particles, min_pt=2)
    same(canopy.cluster(particles[20:70], min_pt=2), expected[20:70])
    same(canopy.cluster(particles[::-3], min_pt=2), expected[::-3])
    mask = np.arange(120) % 7 == 2
    same(canopy.cluster(particles[mask], min_pt=2), expected[mask])
    order = np.random.default_rng(3).permutation(120)
    same(canopy.cluster(particles[order], min_pt=2), expected[order])
    same(canopy.cluster(ak.values_astype(particles, np.float32), min_pt=2), expected, 1e-4)
    same(canopy.cluster(ak.from_buffers(*ak.to_buffers(particles)), min_pt=2), expected)
    same(canopy.cluster(ak.to_packed(particles), min_pt=2), expected)
    # One event, and an event as a list.
    same(canopy.cluster(particles[5], min_pt=2)[np.newaxis], expected[5:6])
    same(canopy.cluster(particles.tolist()[:9], min_pt=2), expected[:9])


def test_none() -> None:
    particles = cartesian(sample(80))
    expected = canopy.cluster(particles, min_pt=2)
    # An event that is None has None for its jets.
    keep = np.arange(80) % 3 != 1
    found = canopy.cluster(ak.mask(particles, keep), min_pt=2)
    assert ak.is_none(found).tolist() == (~keep).tolist()
    same(ak.drop_none(found), expected[keep])
    # A particle that is None is passed over, and the others keep their places.
    hard = particles.E > 3
    found = canopy.cluster(ak.mask(particles, hard), min_pt=2, trees=True)
    dropped = canopy.cluster(particles[hard], min_pt=2)
    np.testing.assert_array_equal(ak.flatten(found.pt), ak.flatten(dropped.pt))
    places = ak.local_index(particles)[hard]
    for own, other, of_event in zip(found, dropped, places, strict=True):
        assert own.constituents.tolist() == [[of_event[index] for index in jet] for jet in other.constituents]
        for jet in own:
            assert [leaf for leaf in jet.tree.leaf if leaf >= 0] == jet.constituents.tolist()
    assert canopy.cluster(ak.mask(particles, hard)[5], min_pt=2).tolist() == found[5][ak.fields(dropped)].tolist()
    both = canopy.cluster(ak.mask(ak.mask(particles, hard), keep), min_pt=2)
    assert ak.drop_none(both).constituents.tolist() == found[keep].constituents.tolist()


def test_numpy() -> None:
    particles = cartesian(sample(40))
    expected = canopy.cluster(particles, min_pt=2)
    largest = int(ak.max(ak.num(particles)))
    padded = np.zeros((40, largest), dtype=[("px", "f8"), ("py", "f8"), ("pz", "f8"), ("E", "f8")])
    mask = np.ones((40, largest), dtype=bool)
    for event, rows in enumerate(particles):
        for name in padded.dtype.names:
            padded[name][event, : len(rows)] = rows[name]
        mask[event, : len(rows)] = False
    full_mask = np.zeros(mask.shape, dtype=[(name, bool) for name in padded.dtype.names])
    for name in padded.dtype.names:
        full_mask[name] = mask
    same(canopy.cluster(np.ma.MaskedArray(padded, full_mask), min_pt=2), expected)
    same(canopy.cluster(padded[7][~mask[7]], min_pt=2)[np.newaxis], expected[7:8])


def test_observables_without_constituents() -> None:
    particles = cartesian(sample(20))
    with_all = canopy.cluster(particles, min_pt=5, observables=["lund"], threads=np.int64(1))
    without = canopy.cluster(particles, min_pt=5, observables=["lund"], constituents=False)
    assert "constituents" not in ak.fields(without)
    assert ak.num(without.splitting, axis=2).tolist() == (ak.num(with_all.constituents, axis=2) - 1).tolist()


def test_fields_of_several_numbers_are_left_out() -> None:
    rows = [(10, 2, 3, 50, (1, 2, 3)), (20, 1, 1, 60, (1, 2, 3))]
    array = np.array(rows, [("px", "f8"), ("py", "f8"), ("pz", "f8"), ("E", "f8"), ("cov", "f8", (3,))])
    assert canopy.cluster(array, radius=1.0).constituents.tolist() == [[0, 1]]


def test_no_events_and_no_particles() -> None:
    assert len(canopy.cluster(ak.Array([]))) == 0
    assert canopy.cluster(ak.Array([[], []]), trees=True, observables=["soft-drop"]).tolist() == [[], []]
    particles = cartesian(sample(30))
    assert canopy.cluster(particles[:0]).tolist() == []
    assert canopy.cluster(particles[particles.E < 0]).tolist() == [[]] * 30


def test_trees() -> None:
    particles = cartesian(sample(40))
    jets = canopy.cluster(particles, radius=0.8, min_pt=10, recluster="cambridge", trees=True)
    seen = 0
    for event, found in zip(particles, jets, strict=True):
        for jet in found:
            tree, count = jet.tree, len(jet.constituents)
            assert len(tree) == 2 * count - 1
            assert tree.leaf.tolist() == jet.constituents.tolist() + [-1] * (count - 1)
            np.testing.assert_allclose(tree.pt[-1], jet.pt, rtol=1e-9)
            pts = np.hypot(event.px, event.py)
            np.testing.assert_allclose(tree.pt[:count], pts[jet.constituents], rtol=1e-12)
            for node in range(count, 2 * count - 1):
                left, right = tree.left[node], tree.right[node]
                assert tree.pt[left] >= tree.pt[right]
                delta_phi = (tree.phi[left] - tree.phi[right] + np.pi) % (2 * np.pi) - np.pi
                delta_r = np.hypot(tree.rapidity[left] - tree.rapidity[right], delta_phi)
                np.testing.assert_allclose(tree.delta_r[node], delta_r, atol=1e-9)
                np.testing.assert_allclose(tree.kt[node], tree.pt[right] * delta_r, atol=1e-8)
                np.testing.assert_allclose(tree.z[node], tree.pt[right] / (tree.pt[left] + tree.pt[right]), rtol=1e-9)
                seen += 1
    assert seen > 200


def test_many_events_are_clustered_in_parts() -> None:
    few = cartesian(sample(50))
    many = ak.concatenate([few] * 700)
    jets = canopy.cluster(many, min_pt=2, trees=True)
    expected = canopy.cluster(few, min_pt=2, trees=True)
    assert len(jets) == 35_000
    for first in (0, 16_350, 34_950):
        same(jets[first : first + 50], expected, 0)
        assert jets[first : first + 50].tree.left.tolist() == expected.tree.left.tolist()
    bad = ak.concatenate([many, ak.Array([[{"px": 1.0, "py": float("inf"), "pz": 0.0, "E": 2.0}]])])
    with pytest.raises(canopy.InputError, match="35000") as caught:
        canopy.cluster(bad)
    assert caught.value.event == 35_000
    assert caught.value.field == "py"
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (str(copy), copy.event, copy.field) == (str(caught.value), 35_000, "py")


def test_errors() -> None:
    particles = cartesian(sample(3))
    with pytest.raises(ValueError, match="did you mean 'antikt'"):
        canopy.cluster(particles, "antikta")
    with pytest.raises(ValueError, match="radius must lie between"):
        canopy.cluster(particles, radius=-1)
    with pytest.raises(ValueError, match="soft-drop"):
        canopy.cluster(particles, observables=["soft-drip"])
    with pytest.raises(canopy.InputError, match="make no momenta"):
        canopy.cluster(particles[["px", "py"]])
    with pytest.raises(TypeError, match="fields"):
        canopy.cluster(particles.px)
    with pytest.raises(canopy.InputError, match="no library"):
        canopy.load_plugins(__file__)


def test_memory_does_not_grow() -> None:
    import resource

    particles = cartesian(sample(5))
    for _ in range(300):
        canopy.cluster(particles, threads=1)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3000):
        canopy.cluster(particles, threads=1)
    # KiB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096

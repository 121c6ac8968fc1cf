# SPDX-License-Identifier: GPL-3.0-or-later
"""Jets against FastJet's own Python interface, in all forms in which particles come."""

import gc
import pickle

import awkward as ak
import fastjet
import numpy as np
import pytest
import vector
from definitions import ALGORITHMS, SCHEMES, definition

import canopy
from canopy import _particles


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


def reference(
    event: ak.Array, definition: fastjet.JetDefinition, least: float = 0.0, *, exclusive: int | None = None
) -> list[tuple[float, list[int]]]:
    """The pT and the constituents of an event's jets, by FastJet one event at a time, in the order of Canopy's."""
    rows = zip(*(event[name].tolist() for name in ("px", "py", "pz", "E")), strict=True)
    particles = [fastjet.PseudoJet(*row) for row in rows]
    for index, particle in enumerate(particles):
        particle.set_user_index(index)
    if not particles:
        return []
    sequence = fastjet.ClusterSequence(particles, definition)
    found = sequence.inclusive_jets(least) if exclusive is None else sequence.exclusive_jets(exclusive)
    is_spherical = definition.jet_algorithm() in (fastjet.ee_kt_algorithm, fastjet.ee_genkt_algorithm)
    found = (fastjet.sorted_by_E if is_spherical else fastjet.sorted_by_pt)(found)
    return [(jet.pt(), sorted(particle.user_index() for particle in jet.constituents())) for jet in found]


def compare(jets: ak.Array, expected: list[list[tuple[float, list[int]]]]) -> None:
    assert jets.constituents.tolist() == [[members for _, members in event] for event in expected]
    pt = [pt for event in expected for pt, _ in event]
    np.testing.assert_allclose(ak.flatten(jets.pt), pt, rtol=1e-9)
    assert len(pt) > 100


def jet_events(algorithm: str, **options: object) -> ak.Array:
    radius, power, _ = ALGORITHMS[algorithm]
    return canopy.cluster(options.pop("particles"), algorithm, radius or 0.4, power=power, **options)


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "ee-kt"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_algorithms_and_schemes(algorithm: str, scheme: str) -> None:
    particles = cartesian(sample(60))
    jets = jet_events(algorithm, particles=particles, recombination=scheme, min_pt=3, threads=2)
    compare(jets, [reference(event, definition(algorithm, scheme), 3.0) for event in particles])


@pytest.mark.parametrize("algorithm", ["kt", "ee-kt", "ee-genkt"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_exclusive_jets(algorithm: str, scheme: str) -> None:
    particles = cartesian(sample(50))
    particles = particles[ak.num(particles) > 4]
    jets = jet_events(algorithm, particles=particles, recombination=scheme, exclusive_jets=3)
    compare(jets, [reference(event, definition(algorithm, scheme), exclusive=3) for event in particles])


@pytest.mark.parametrize("radius", [0.8, 3.0, np.pi, 7.0])
def test_jets_of_electrons_and_positrons_come_by_energy(radius: float) -> None:
    """Beside FastJet's interface for arrays: the same jets, which there come in no order."""
    particles = cartesian(sample(60))
    jets = canopy.cluster(particles, "ee-genkt", radius, power=1)
    energies = [
        [float(ak.sum(event.E[jet])) for jet in found]
        for event, found in zip(particles, jets.constituents, strict=True)
    ]
    assert all(found == sorted(found, reverse=True) for found in energies)
    if radius < 3:
        assert any(found != sorted(found, reverse=True) for found in jets.pt.tolist())
    sequence = fastjet.ClusterSequence(particles, fastjet.JetDefinition(fastjet.ee_genkt_algorithm, radius, 1.0))
    expected = sequence.constituent_index(0)
    for found, others in zip(jets.constituents.tolist(), expected.tolist(), strict=True):
        assert sorted(found) == sorted(sorted(jet) for jet in others)


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


def test_which_columns_are_not_copied() -> None:
    particles = cartesian(sample(100))
    fields = [np.asarray(ak.flatten(particles[name])) for name in particles.fields]
    with_column = ak.with_field(particles, ak.values_astype(particles.E, np.float32), "x")
    for form in (particles, particles[10:40], particles[np.arange(100) < 50], particles[7], with_column,
                 ak.with_name(particles, "Momentum4D")):  # fmt: skip
        components = _particles.read(form).components
        assert all(np.shares_memory(one, other) for one, other in zip(components, fields, strict=True))
    for form in (particles[::2], particles[::-1], particles[particles.E > 5], ak.values_astype(particles, np.float32)):
        components = _particles.read(form).components
        assert not any(np.shares_memory(one, other) for one, other in zip(components, fields, strict=True))


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


def test_mass_below_zero_is_a_negative_square() -> None:
    particles = ak.zip({"pt": [[20.0, 10.0]], "eta": [[0.5, -2.0]], "phi": [[0.0, 3.0]], "mass": [[-5.0, -0.1]]})
    vectors = vector.zip({name: particles[name] for name in particles.fields})
    momenta = ak.zip({name: getattr(vectors, name) for name in ("px", "py", "pz", "E")})
    jets = canopy.cluster(particles)
    same(jets, canopy.cluster(momenta), 1e-12)
    np.testing.assert_allclose(jets.mass, [[-5.0, -0.1]], rtol=1e-9)


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

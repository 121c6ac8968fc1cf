#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a hundred events by the options of generate.py that measure particles, overlay pile-up on events or jets, or identify particles, and looks
at what comes out.

Needs what generate.py needs. Usage: Resources/Checks/samples.py, or make samples
"""

import pathlib
import subprocess
import sys
import tempfile

import fastjet
import h5py
import numpy as np
import pythia8mc

GENERATE = pathlib.Path(__file__).parent.parent / "Samples" / "generate.py"
EVENTS = 100


def check(condition, text):
    if not condition:
        sys.exit(f"{text}.")


class Sample:
    """The arrays of a file, and its particles by event."""

    def __init__(self, folder, option, *settings):
        self.path = path = folder / f"{option}-{len(settings)}.h5"
        subprocess.run(
            [sys.executable, GENERATE, option, "-o", path, "--events", str(EVENTS), "--workers", "1", *settings],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with h5py.File(path) as file:
            self.arrays = {}
            file.visititems(
                lambda name, item: self.arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None)
        offset = self["event/offset"].astype(int)
        self.events = [slice(a, b) for a, b in zip(offset, offset[1:])]
        check(len(self.events) == EVENTS, f"{option} makes {len(self.events)} events instead of {EVENTS}")

    def __getitem__(self, name):
        return self.arrays[name]

    def momenta(self):
        pt, eta, phi, mass = (self["particle/" + name].astype(float) for name in ("pt", "eta", "phi", "mass"))
        return np.stack((pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), np.hypot(pt * np.cosh(eta), mass)), 1)


def check_particles(sample, least=0.5, largest=0.75):
    """Particles are those that a detector tells apart, and the share of tracks is about that of charged hadrons."""
    pt, eta, identity = (sample["particle/" + name] for name in ("pt", "eta", "pdgid"))
    check(set(np.unique(identity)) <= {-211, 211, -13, 13, -11, 11, 22, 130}, "A particle is none that is measured")
    check((pt >= 0.499).all() and (abs(eta) <= 5.001).all(), "A particle lies outside of the acceptance")
    charged = np.isin(abs(identity), (11, 13, 211))
    check((charged == (sample["particle/charged"] == 1)).all(), "The flag of charged particles is wrong")
    check((abs(eta[charged]) < 2.501).all(), "A track lies outside of the tracker")
    central = abs(eta) < 2.4
    check(least < charged[central].mean() < largest, f"{charged[central].mean():.2f} of the particles are tracks")


def check_jets(sample):
    """The jets of particles are what the measured particles around them are, less what calorimeters lose."""
    momenta = sample.momenta()
    offset = sample["jet/offset"].astype(int)
    responses = {True: [], False: []}
    for event, (a, b) in zip(sample.events, zip(offset, offset[1:])):
        eta, phi = sample["particle/eta"][event], sample["particle/phi"][event]
        for jet in range(a, b):
            if sample["jet/pt"][jet] < 40:
                continue
            distance = np.hypot(
                eta - sample["jet/eta"][jet], (phi - sample["jet/phi"][jet] + np.pi) % (2 * np.pi) - np.pi)
            around = momenta[event][distance < 0.4].sum(0)
            size = abs(sample["jet/eta"][jet])
            if size < 2 or 2.9 < size < 4.2:
                responses[size < 2].append(np.hypot(*around[:2]) / sample["jet/pt"][jet])
    central, forward = np.median(responses[True]), np.median(responses[False])
    check(0.85 < central < 1, f"The median response of central jets is {central:.3f}")
    check(0.65 < forward < central, f"The median response of forward jets is {forward:.3f}, of central ones {central:.3f}")
    mass = sample["jet/mass"].astype(float)
    energy = np.hypot(sample["jet/pt"] * np.cosh(sample["jet/eta"].astype(float)), mass)
    check(np.allclose(energy, sample["jet/energy"], rtol=1e-4), "The energies of jets are not those of their momenta")


def check_neutrinos(sample):
    px, py, pz, energy = (sample["event/neutrino_" + name].astype(float) for name in ("px", "py", "pz", "energy"))
    check(np.allclose(energy, np.sqrt(px**2 + py**2 + pz**2), rtol=1e-5), "A neutrino has a mass")
    eta = np.arcsinh(pz / np.hypot(px, py))
    check(np.allclose(eta, sample["event/neutrino_eta"], atol=1e-4), "The pseudorapidity is not that of the momentum")
    momenta, masses, missing = sample.momenta(), [], []
    for number, event in enumerate(sample.events):
        missing.append(-momenta[event].sum(0)[:2] - (px[number], py[number]))
        lepton = np.isin(abs(sample["particle/pdgid"][event]), (11, 13)) & (sample["particle/pt"][event] > 18)
        if lepton.any():
            both = momenta[event][lepton][0] + (px[number], py[number], pz[number], energy[number])
            masses.append(np.sqrt(max(0, both[3] ** 2 - (both[:3] ** 2).sum())))
    check(len(masses) > 0.85 * EVENTS, f"{len(masses)} of {EVENTS} events have a lepton")
    check(abs(np.median(masses) - 80) < 2, f"Lepton and neutrino have a median mass of {np.median(masses):.1f} GeV")
    check(np.std(missing) < 20, f"The missing momentum is {np.std(missing):.1f} GeV from the neutrino's")


def check_flavours(sample):
    """Tracks of b jets are displaced more than those of c jets, and these more than those of light jets and gluons."""
    # Of hard jets more photons lie above the threshold.
    check_particles(sample, 0.4, 0.6)
    flavours = sample["event/flavour"]
    check((np.bincount(flavours) == EVENTS / 4).all(), "The flavours are not equally many")
    momenta = np.array([sample.momenta()[event].sum(0) for event in sample.events])
    pt = np.hypot(momenta[:, 0], momenta[:, 1])
    check((pt > 19.9).all() and (pt < 200.1).all(), "A jet lies outside of the range of pT")
    for flavour in range(4):
        # Two of the five intervals of ln pT.
        low = (pt[flavours == flavour] < 20 * 10**0.4).mean()
        check(0.35 < low < 0.45, f"{low:.2f} of flavour {flavour} lie below 50 GeV instead of 0.4")
    charged = sample["particle/charged"] == 1
    pt, eta = (sample["particle/" + name].astype(float) for name in ("pt", "eta"))
    for name, constant, scattering, power in (("d0", 0.011, 0.075, 0.5), ("dz", 0.030, 0.095, 1.5)):
        value, significance = sample[f"particle/{name}"], sample[f"particle/{name}_significance"]
        check((value[~charged] == 0).all() and (significance[~charged] == 0).all(), f"{name} is known without a track")
        width = np.hypot(constant, scattering * pt**-0.75 * np.cosh(eta) ** power)
        check(np.allclose(value[charged], (significance * width)[charged], rtol=2e-3), f"{name} has another resolution")
        logarithm = np.sign(significance) * np.log1p(abs(significance))
        check(np.allclose(logarithm, sample[f"particle/{name}_log_significance"], atol=1e-5), f"The logarithm of {name} is wrong")
    check((sample["particle/displaced"] == (sample["particle/d0_significance"] > 3)).all(), "Displaced tracks are others")
    second = np.array([
        np.sort(sample["particle/d0_significance"][event])[-2:-1].sum().clip(-5, 20) for event in sample.events])
    b, c, light, gluon = (second[flavours == flavour].mean() for flavour in range(4))
    check(
        b > 2 * c and c > 1.3 * max(light, gluon) and min(light, gluon) > 0,
        f"The second largest significances are {b:.2f} for b, {c:.2f} for c, {light:.2f} for light jets, {gluon:.2f} for gluons")


def minimum_bias_multiplicities(count):
    """How many particles that a detector may see Pythia itself has in minimum-bias interactions: `[interactions]`."""
    pythia = pythia8mc.Pythia("", False)
    for setting in ("Print:quiet = on", "Random:setSeed = on", "Random:seed = 4711", "Beams:eCM = 14000",
                    "SoftQCD:nonDiffractive = on"):
        check(pythia.readString(setting), f"Pythia does not know the setting {setting}")
    check(pythia.init(), "Pythia could not start")
    multiplicities = []
    while len(multiplicities) < count:
        if pythia.next():
            multiplicities.append(
                sum(p.isFinal() and p.isVisible() and p.pT() > 0.5 and abs(p.eta()) < 5 for p in pythia.event))
    return np.array(multiplicities)


def check_pileup(sample, mean):
    """Pile-up is what Pythia records of as many interactions, and everything else is that of the hard one."""
    interactions, pileup = sample["event/interactions"], sample["particle/is_pileup"] == 1
    check(
        abs(interactions.mean() - mean) < 4 * np.sqrt(mean / EVENTS),
        f"{interactions.mean():.1f} interactions are added instead of {mean}")
    check(0.5 < interactions.var() / mean < 1.7, "The number of interactions is not Poisson distributed")
    own = minimum_bias_multiplicities(400)
    added = pileup.sum() / interactions.sum()
    # The pool has twenty interactions for each event.
    error = own.std() * np.sqrt(1 / len(own) + 1 / (20 * EVENTS))
    check(
        abs(added - own.mean()) < 4 * error,
        f"An interaction adds {added:.1f} particles, of Pythia's record {own.mean():.1f} ± {error:.1f}")
    counts = np.array([pileup[event].sum() for event in sample.events])
    check(np.corrcoef(counts, interactions)[0, 1] > 0.5, "Particles from pile-up do not go with the interactions")
    pt, eta, phi = (sample["particle/" + name] for name in ("pt", "eta", "phi"))
    check(abs(np.mean(eta[pileup] > 0) - 0.5) < 0.02, "Pile-up has a side")
    check(abs(phi).max() < 3.1421 and abs(np.mean(np.exp(1j * phi[pileup]))) < 0.02, "Pile-up has a direction")
    check(all((np.diff(pt[event]) <= 0).all() for event in sample.events), "Particles do not fall in pT")
    tracks = (sample["particle/charged"] == 1) & (abs(eta) < 2.5)
    check((sample["particle/vertex"] == np.where(tracks, np.where(pileup, -1, 1), 0)).all(), "A vertex is wrong")
    momenta, offset = sample.momenta(), sample["jet/offset"].astype(int)
    definition, missing = fastjet.JetDefinition(fastjet.antikt_algorithm, 0.8), []
    for number, event in enumerate(sample.events):
        hard = momenta[event][~pileup[event]]
        clustering = fastjet.ClusterSequence([fastjet.PseudoJet(*p) for p in hard.tolist()], definition)
        found = np.array([(j.pt(), j.m()) for j in fastjet.sorted_by_pt(clustering.inclusive_jets(21))])
        given = np.stack([sample["jet/" + name][offset[number]:offset[number] + len(found)] for name in ("pt", "mass")], 1)
        # Momenta are rounded, which may turn what is soft into another jet.
        check(np.allclose(found[:1], given[:1], rtol=0.02, atol=1), "The hardest given jet is not that of the hard interaction")
        missing.append(-hard.sum(0)[:2] - [sample["event/true_missing_" + name][number] for name in ("px", "py")])
    check(np.std(missing) < 20, f"The missing momentum is {np.std(missing):.1f} GeV from that of the neutrinos")
    true = np.hypot(sample["event/true_missing_px"], sample["event/true_missing_py"])
    check(np.median(true[sample["event/label"] == 1]) > 200, "Neutrinos of the Z boson are missing")


def check_pileup_jets(sample, jets, most):
    """Jets among pile-up are the ones without it and what lies over them."""
    interactions, pileup = sample["event/interactions"], sample["particle/is_pileup"] == 1
    # Of numbers that are all as probable.
    deviation = np.sqrt(((most + 1) ** 2 - 1) / 12)
    check(
        abs(interactions.mean() - most / 2) < 4 * deviation / np.sqrt(EVENTS) and 0 <= interactions.min()
        and interactions.max() <= most, f"{interactions.mean():.1f} interactions are added instead of {most / 2}")
    check((sample["event/label"] == jets["event/label"]).all(), "The labels are not those of the jets")
    check((sample["particle/vertex"] >= 0).all(), "A track of pile-up is left")
    tracks = (sample["particle/charged"] == 1) & (abs(sample["particle/eta"]) < 2.5)
    check((sample["particle/vertex"][tracks] == 1).all() and not pileup[tracks].any(), "A vertex is wrong")
    check(all((np.diff(sample["particle/pt"][event]) <= 0).all() for event in sample.events), "Particles do not fall in pT")
    momenta, plain = sample.momenta(), jets.momenta()
    shares, added, definition = [], [], fastjet.JetDefinition(fastjet.antikt_algorithm, 1.0)
    for number, (event, own) in enumerate(zip(sample.events, jets.events)):
        whole, hard = momenta[event].sum(0), momenta[event][~pileup[event]].sum(0)
        clustering = fastjet.ClusterSequence([fastjet.PseudoJet(*p) for p in momenta[event].tolist()], definition)
        share = max(jet.pt() for jet in clustering.inclusive_jets()) / np.hypot(*whole[:2])
        check(abs(share - 1) < 0.01, f"The particles of event {number} are no jet")
        shares.append(np.hypot(*hard[:2]) / np.hypot(*plain[own].sum(0)[:2]))
        added.append(np.hypot(*whole[:2]) - np.hypot(*hard[:2]))
        check(interactions[number] > 0 or abs(shares[-1] - 1) < 1e-3, "A jet without pile-up is another")
    check(np.median(shares) > 0.97, f"{np.median(shares):.2f} of the jet is left among pile-up")
    check(np.corrcoef(added, interactions)[0, 1] > 0.7, "What lies over a jet does not go with the interactions")


def check_identity(sample):
    """What the toy detector says of tracks and showers is what their species leave."""
    identity, species = abs(sample["particle/pdgid"]), sample["particle/species"]
    order = ((211,), (321,), (2212,), (11,), (22,), (130, 2112))
    check(
        all(np.isin(identity[species == number], known).all() for number, known in enumerate(order)),
        "A species is not that of its particle")
    tracks = species < 4
    check(((sample["particle/charged"] == 1) == tracks).all(), "The flag of charged particles is wrong")
    check((abs(sample["particle/mass"] - np.where(tracks, 0.13957, 0)) < 1e-5).all(), "The mass tells the species")
    for name in ("dedx", "inverse_beta", "e_over_p"):
        check((np.isfinite(sample["particle/" + name]) == tracks).all(), f"{name} is not that of tracks")
    pt, eta = (sample["particle/" + name].astype(float) for name in ("pt", "eta"))
    momentum = pt * np.cosh(eta)
    for number, mass in enumerate((0.13957, 0.49368, 0.93827)):
        rows = species == number
        pull = (sample["particle/inverse_beta"] - np.sqrt(1 + (mass / momentum) ** 2))[rows] * 1.5 * np.cosh(eta[rows]) / 0.009
        check(abs(np.mean(pull)) < 0.2 and abs(np.std(pull) - 1) < 0.1, f"The time of flight of {order[number]} is wrong")
    slow = rows & (momentum < 0.8)
    check(np.median(sample["particle/dedx"][slow]) > 1.5, "Slow protons lose too little energy")
    least = (species == 0) & (momentum > 0.4) & (momentum < 0.7)
    check(abs(np.median(sample["particle/dedx"][least]) - 1) < 0.05, "Pions of βγ = 4 do not lose the least energy")
    check(abs(np.median(sample["particle/e_over_p"][species == 3]) - 1) < 0.05, "Electrons do not leave their energy")
    width = sample["particle/shower_width"]
    check(abs(np.median(width[species == 4]) - 1) < 0.03 and np.median(width[species == 5]) > 1.7, "Widths of showers are wrong")


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        jets = Sample(folder, "jet-response")
        check_particles(jets)
        check_jets(jets)
        again = Sample(folder, "jet-response", "--seed", "1")
        check(
            all(np.array_equal(values, again[name]) for name, values in jets.arrays.items()),
            "The same seed gives other events")
        events = Sample(folder, "w-lnu")
        check_particles(events)
        check_neutrinos(events)
        check_flavours(Sample(folder, "flavour-jets"))
        check_pileup(Sample(folder, "pileup", "--mean", "20"), 20)
        jets = Sample(folder, "jets")
        check_pileup_jets(Sample(folder, "pileup-jets", jets.path, "--most", "60"), jets, 60)
        check_identity(Sample(folder, "particle-id"))
    print("the samples are what they should be")


if __name__ == "__main__":
    main()

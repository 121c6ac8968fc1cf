#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generates Canopy's samples with Pythia 8: boosted W bosons or top quarks (label 1) among QCD dijets (label 0), pairs
of Higgs bosons (label 1) among pairs of top quarks (label 0), Higgs bosons of many masses that decay to τ leptons, and, as a
simple detector measures them, jets of any transverse momentum with what they were, W bosons with their neutrino, and jets of
known flavour with the impact parameters of their tracks; events with pile-up, whose particles know whether they come from it; jets
of another sample among pile-up; and particles with what a toy detector says of their kind.

Needs: pip install pythia8mc fastjet pyhepmc h5py numpy backports.zstd

The same seed gives the same file for any number of workers.
"""

import argparse
import gzip
import itertools
import json
import multiprocessing
import os
import sys
import typing

import fastjet
import h5py
import numpy as np
import pyhepmc
import pythia8mc

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMMON = "Print:quiet = on; Random:setSeed = on; Beams:eCM = 14000"
# Jets are softer and come without other interactions of the protons, which would take thrice the time.
FLAT_FLAVOURS = (
    "; PartonLevel:MPI = off; PhaseSpace:pTHatMin = 20; PhaseSpace:pTHatMax = 250"
    "; PhaseSpace:bias2Selection = on; PhaseSpace:bias2SelectionPow = 4.5; PhaseSpace:bias2SelectionRef = 100")
PROCESSES = {
    "wprime-w": COMMON + "; NewGaugeBoson:ffbar2Wprime = on; Wprime:coup2WZ = 1.0; 34:m0 = 700"
    "; 34:onMode = off; 34:onIfAll = 24 23; 23:onMode = off; 23:onIfAny = 12 14 16"
    "; 24:onMode = off; 24:onIfAny = 1 2 3 4 5",
    "qcd-w": COMMON + "; HardQCD:all = on; PhaseSpace:pTHatMin = 235; PhaseSpace:pTHatMax = 330",
    "hh": COMMON + "; ExtraDimensionsG*:gg2G* = on; ExtraDimensionsG*:ffbar2G* = on"
    "; ExtraDimensionsG*:SMinBulk = on; ExtraDimensionsG*:VLVL = on; 5100039:m0 = 500"
    "; 5100039:onMode = off; 5100039:onIfMatch = 25 25; 25:onMode = off; 25:onIfMatch = 5 -5"
    "; 25:onIfMatch = 24 -24; 24:onMode = off; 24:onIfAny = 11 13",
    "htautau": COMMON + "; HiggsSM:gg2H = on; 25:onMode = off; 25:onIfMatch = 15 -15",
    "top": COMMON + "; Top:gg2ttbar = on; Top:qqbar2ttbar = on; PhaseSpace:pTHatMin = 530; PhaseSpace:pTHatMax = 700"
    "; 24:onMode = off; 24:onIfAny = 1 2 3 4 5",
    "qcd-top": COMMON + "; HardQCD:all = on; PhaseSpace:pTHatMin = 530; PhaseSpace:pTHatMax = 700",
    # A bias that makes pT fall about as 1/pT, so that jets of every pT are there to learn from; its weights are not kept.
    "qcd-flat": COMMON + "; HardQCD:all = on; PhaseSpace:pTHatMin = 15; PhaseSpace:pTHatMax = 1000"
    "; PhaseSpace:bias2Selection = on; PhaseSpace:bias2SelectionPow = 4.5; PhaseSpace:bias2SelectionRef = 100",
    # What jets of each flavour are taken from, with the same bias.
    "bb": COMMON + "; HardQCD:hardbbbar = on" + FLAT_FLAVOURS,
    "cc": COMMON + "; HardQCD:hardccbar = on" + FLAT_FLAVOURS,
    "qcd-uds": COMMON + "; HardQCD:all = on" + FLAT_FLAVOURS,
    "qcd-g": COMMON + "; HardQCD:all = on" + FLAT_FLAVOURS,
    "wlnu": COMMON + "; WeakSingleBoson:ffbar2W = on; 24:onMode = off; 24:onIfAny = 11 13",
    # The same bias, without the softest jets.
    "dijets": COMMON + "; HardQCD:all = on; PhaseSpace:pTHatMin = 60; PhaseSpace:pTHatMax = 1000"
    "; PhaseSpace:bias2Selection = on; PhaseSpace:bias2SelectionPow = 4.5; PhaseSpace:bias2SelectionRef = 100",
    "minimum-bias": COMMON + "; SoftQCD:nonDiffractive = on",
    "ttbar-ll": COMMON + "; Top:gg2ttbar = on; Top:qqbar2ttbar = on; 24:onMode = off; 24:onIfAny = 11 13",
}
# Whole events of the process, in which a W boson of some 300 GeV recoils against neutrinos.
PROCESSES["wz-nunu"] = PROCESSES["wprime-w"]
# Dijets whose particles are to be told apart.
PROCESSES["dijets-id"] = PROCESSES["dijets"]
# Signal and, where there is any, background of each training sample.
SAMPLES = {
    "jets": ("wprime-w", "qcd-w"), "top-jets": ("top", "qcd-top"), "dihiggs": ("hh", "ttbar-ll"),
    "ditau": ("htautau",), "jet-response": ("qcd-flat",), "w-lnu": ("wlnu",),
    "flavour-jets": ("bb", "cc", "qcd-uds", "qcd-g"),
    "pileup": ("wz-nunu", "dijets"), "particle-id": ("dijets-id",),
}
# The flavour of the jets that are taken from a process, by its number in `event/flavour`.
FLAVOURS = {"bb": 0, "cc": 1, "qcd-uds": 2, "qcd-g": 3}
# The processes whose particles a simple detector measures: see `measured`.
MEASURED = ("qcd-flat", "wlnu", *FLAVOURS)
# The identities of what has a track.
TRACKS = (11, 13, 211)
# Those that lie over each other, see `overlaid`, and those whose particles are told apart, see `identified`.
OVERLAID = SAMPLES["pileup"] + ("minimum-bias",)
IDENTIFIED = SAMPLES["particle-id"]

# What a detector may see of a particle, and up to where it has tracks.
MAX_ABS_ETA = 5.0
MAX_ABS_ETA_OF_TRACKS = 2.5
MIN_PT = 0.5
# Minimum-bias interactions that pile-up is drawn from, for each event up to the most.
POOL_PER_EVENT, MOST_IN_POOL = 20, 20_000

class JetSelection(typing.NamedTuple):
    """What is asked of the leading anti-kT jet of the visible particles: ranges in GeV, and the largest |η|."""

    radius: float
    pt: tuple[float, float]
    mass: tuple[float, float] = (0.0, float("inf"))
    max_abs_eta: float = float("inf")

    @property
    def definition(self):
        return fastjet.JetDefinition(fastjet.antikt_algorithm, self.radius)


# The jets of all particles that a detector is to find again, which files have as given jets.
PARTICLE_JETS = JetSelection(0.4, (10.0, float("inf")))
# Those of the hard interaction that are to be found again among pile-up.
HARD_JETS = JetSelection(0.8, (20.0, float("inf")))

# The jets of measured particles whose flavour is to be told.
FLAVOUR_JETS = JetSelection(0.4, (20.0, 200.0), max_abs_eta=2.5)
# A run takes equally many of each bin, so that neither pT nor |η| tells the flavour.
FLAVOUR_BINS = (np.geomspace(*FLAVOUR_JETS.pt, 6), np.linspace(0, FLAVOUR_JETS.max_abs_eta, 6))

# As in arXiv:1702.00748, and close to arXiv:1902.09914.
W_JETS = JetSelection(1.0, (250.0, 300.0), mass=(50.0, 110.0))
TOP_JETS = JetSelection(0.8, (550.0, 650.0), max_abs_eta=2.0)
# Of other processes whole events are kept.
JET_SELECTIONS = {"wprime-w": W_JETS, "qcd-w": W_JETS, "top": TOP_JETS, "qcd-top": TOP_JETS}

GRAVITON = 5100039
HIGGS = 25
# The resonances whose mass is set, and their masses in GeV.
RESONANCES = {
    "hh": (GRAVITON, (300, 400, 500, 650, 800)),
    "htautau": (HIGGS, tuple(m + 0.5 for m in range(60, 200))),
}

# The particle that the signal of a sample of jets comes from, and the least truth of a regression in GeV.
PARTICLES = {"wprime-w": 24, "top": 6}
LEAST_TRUTH_MASS = 5.0

INVISIBLE = (12, 14, 16)
# Digits after the first of a momentum in a HepMC file.
PRECISION = 5
# Accepted events from one run of Pythia; each run has a seed of its own.
RUN_LENGTH = 250
# The same of minimum bias, which is made faster than Pythia starts.
POOL_RUN_LENGTH = 2500
RUNS_PER_SEED = 10_000


def pythia_version():
    return f"{pythia8mc.Pythia('', False).parm('Pythia:versionNumber'):.3f}"


class PythiaError(Exception):
    """Pythia refuses a setting, or cannot start."""


class Run(typing.NamedTuple):
    """One run of Pythia: so many accepted events of a process, with a resonance of this mass where given, and settings
    that come after those of the process."""

    process: str
    seed: int
    events: int
    mass: float | None = None
    settings: tuple[str, ...] = ()

    @property
    def label(self):
        return int(any(self.process == sample[0] for sample in SAMPLES.values()))

    @property
    def is_whole_event(self):
        return self.process not in JET_SELECTIONS


class OneToEach(pythia8mc.UserHooks):
    """Leaves events out, before their partons shower, unless one Higgs boson decays to b quarks, one to W bosons."""

    def canVetoProcessLevel(self):
        return True

    def doVetoProcessLevel(self, process):
        decays = [sorted(process[i].idAbs() for i in p.daughterList()) for p in process if p.id() == 25]
        return sorted(decays) != [[5, 5], [24, 24]]


# Pythia does not keep its hooks alive.
ONE_TO_EACH = OneToEach()


def leading_jet(record, selection):
    """The indices of the leading jet's particles by falling pT, or None where the jet is not selected."""
    particles = []
    for p in record:
        if p.isFinal() and p.isVisible() and abs(p.eta()) < MAX_ABS_ETA:
            particle = fastjet.PseudoJet(p.px(), p.py(), p.pz(), p.e())
            particle.set_user_index(p.index())
            particles.append(particle)
    clustering = fastjet.ClusterSequence(particles, selection.definition)
    jets = fastjet.sorted_by_pt(clustering.inclusive_jets(selection.pt[0]))
    if not jets:
        return None
    jet = jets[0]
    if not (
        selection.pt[0] < jet.pt() < selection.pt[1] and selection.mass[0] < jet.m() < selection.mass[1]
        and abs(jet.eta()) < selection.max_abs_eta
    ):
        return None
    return [c.user_index() for c in fastjet.sorted_by_pt(jet.constituents())]


def visible_particles(record):
    """The indices of all particles that a detector may see, in the order of the record."""
    return [
        p.index() for p in record
        if p.isFinal() and p.isVisible() and p.pT() > MIN_PT and abs(p.eta()) < MAX_ABS_ETA
    ]


def measured(pt, eta, phi, mass, pdgid, is_charged, generator):
    """What a simple detector makes of visible particles: the same quantities of what it sees, and the numbers of these among
    all, `[particles seen]` each.

    Charged particles within |η| < 2.5 are tracked with an efficiency of 95 % and σ(pT)/pT = 1 % ⊕ 0.02 % pT/GeV. All
    others but muons lie in calorimeters: photons and electrons with σ(E)/E = 10 %/√E ⊕ 1 %; hadrons with a mean response
    of 1 − 0.4 E^−0.15 (D. E. Groom, NIM A 572 (2007) 633), σ(E)/E = 70 %/√E ⊕ 5 % and at least 2 GeV, which both smear the
    direction. There is no pile-up and no magnetic field.
    """
    identity = np.abs(pdgid)
    tracked = is_charged & (np.abs(eta) < 2.5) & (generator.random(len(pt)) < 0.95)
    electromagnetic = ~tracked & np.isin(identity, (11, 22))
    hadronic = ~tracked & ~electromagnetic & (identity != 13)

    def smeared(values, widths):
        return values * (1 + widths * generator.standard_normal(len(values)))

    energy = np.hypot(pt * np.cosh(eta), mass)
    track_pt = smeared(pt, np.hypot(0.01, 2e-4 * pt))
    photon_energy = smeared(energy, np.hypot(0.1 / np.sqrt(energy), 0.01))
    response = 1 - 0.4 * np.maximum(energy, 1) ** -0.15
    hadron_energy = smeared(energy, np.hypot(0.7 / np.sqrt(energy), 0.05)) * response
    spread = np.where(tracked, 0, np.where(electromagnetic, 0.01, 0.03))
    eta = eta + spread * generator.standard_normal(len(pt))
    phi = phi + spread * generator.standard_normal(len(pt))
    cell_energy = np.where(electromagnetic, photon_energy, hadron_energy)
    pt = np.where(tracked, track_pt, cell_energy / np.cosh(eta))
    seen = (tracked | electromagnetic | hadronic & (hadron_energy > 2)) & (pt > MIN_PT) & (np.abs(eta) < MAX_ABS_ETA)
    # A cell has no mass, a track that of a pion unless it is a lepton, and hadrons are known by their charge alone.
    lepton = np.isin(identity, (11, 13))
    charge = np.sign(pdgid) * np.where(lepton, -1, 1)
    track_id = np.where(lepton, pdgid, 211 * charge)
    seen_id = np.where(tracked, track_id, np.where(electromagnetic, 22, 130))
    seen_mass = np.where(tracked, np.where(lepton, mass, 0.13957), 0)
    return (*(values[seen] for values in (pt, eta, phi, seen_mass, seen_id)), np.flatnonzero(seen))


def impact_parameters(pt, eta, phi, vertex, jet_eta, jet_phi, generator):
    """The impact parameters of tracks as a tracker measures them, in mm, with the signs that a jet gives, and their
    significances: d0, dz, d0 / σ(d0), dz / σ(dz), `[tracks]` each.

    Tracks are straight lines from their vertices (x, y, z in mm, `[tracks × 3]`), and the collision is at the origin. d0 is
    the distance of closest approach in the transverse plane, dz the z that the track has there. d0 is positive if the track
    crosses the jet's axis in front of the collision, sin(φ_jet − φ) d0 > 0, dz if (η_jet − η) dz > 0, as in
    ATL-PHYS-PUB-2015-022. The resolutions σ(d0) = 11 µm ⊕ 75 µm pT^−0.75 √cosh η and
    σ(dz) = 30 µm ⊕ 95 µm pT^−0.75 (cosh η)^1.5, pT in GeV, follow figure 15 of arXiv:1405.6569 to some 20 %; of one track in
    twenty, which the significance does not know, the error is three times as large.
    """
    x, y, z = vertex.T
    d0 = y * np.cos(phi) - x * np.sin(phi)
    dz = z - (x * np.cos(phi) + y * np.sin(phi)) * np.sinh(eta)
    scattering = pt ** -0.75
    tail = np.where(generator.random(len(pt)) < 0.05, 3, 1)
    d0_width = np.hypot(0.011, 0.075 * scattering * np.cosh(eta) ** 0.5)
    dz_width = np.hypot(0.030, 0.095 * scattering * np.cosh(eta) ** 1.5)
    d0 = d0 + tail * d0_width * generator.standard_normal(len(pt))
    dz = dz + tail * dz_width * generator.standard_normal(len(pt))
    d0 = abs(d0) * np.sign(np.sin(jet_phi - phi) * d0)
    dz = abs(dz) * np.sign((jet_eta - eta) * dz)
    return d0, dz, d0 / d0_width, dz / dz_width


# The species that are told apart, by the PDG identifiers of their particles; others are left out of the sample.
SPECIES = {"pion": (211,), "kaon": (321,), "proton": (2212,), "electron": (11,), "photon": (22,), "neutral-hadron": (130, 2112)}
SPECIES_OF = {identity: number for number, identities in enumerate(SPECIES.values()) for identity in identities}


def identified(pt, eta, mass, identity, generator):
    """What a toy detector says of the kind of particles, `[particles]` each, NaN for what a particle has not.

    - `dedx`: the energy loss of tracks over that of a minimum-ionising particle, by Bethe's formula for argon with a
      logarithmic rise that saturates at βγ = 300, smeared by 7 %.
    - `inverse_beta`: 1/β of tracks by the time of flight to a cylinder of 1.5 m, smeared by 30 ps, without a magnetic field.
    - `e_over_p`: the energy in the electromagnetic calorimeter over the momentum of the track: 1 ± 10 %/√E ⊕ 2 % for electrons;
      for hadrons what a minimum-ionising particle leaves, 0.3 GeV, for 40 % of them, and else a Beta(1.5, 3) share of E.
    - `shower_width`: of what reaches that calorimeter, in units of the mean width of photons: log-normal with the widths 0.15
      for electrons and photons, and 0.5 around 2 for hadrons.
    """
    count = len(pt)
    momentum = pt * np.cosh(eta)
    beta_gamma = momentum / np.maximum(mass, 1e-6)
    beta = beta_gamma / np.hypot(1, beta_gamma)
    # 2 m_e / I of argon, whose mean excitation energy I is 188 eV.
    rise = np.log(2 * 0.511e6 / 188 * np.minimum(beta_gamma, 300) ** 2)

    def loss(beta, rise):
        return (rise - beta**2) / beta**2

    least = 3.5
    minimum = loss(least / np.hypot(1, least), np.log(2 * 0.511e6 / 188 * least**2))
    charged = np.isin(identity, (11, 211, 321, 2212))
    electromagnetic = np.isin(identity, (11, 22))
    energy = np.hypot(momentum, mass)
    normal = generator.standard_normal((4, count))
    shares = np.where(generator.random(count) < 0.4, 0.3 / energy, generator.beta(1.5, 3, count))
    deposit = np.where(electromagnetic, 1 + np.hypot(0.1 / np.sqrt(energy), 0.02) * normal[2], np.minimum(shares, 1))
    return {
        "dedx": np.where(charged, loss(beta, rise) / minimum * (1 + 0.07 * normal[0]), np.nan),
        # 30 ps are 9 mm of the way, which is 1.5 m at right angles to the beam.
        "inverse_beta": np.where(charged, 1 / beta + 0.009 / (1.5 * np.cosh(eta)) * normal[1], np.nan),
        "e_over_p": np.where(charged, deposit * energy / momentum, np.nan),
        "shower_width": np.exp(np.where(electromagnetic, 0.15 * normal[3], np.log(2) + 0.5 * normal[3])),
    }


def particle_jets(particles, selection):
    """pT, rapidity, pseudorapidity, azimuth, mass and energy of the jets of Pythia's particles: `[jets × 6]`."""
    momenta = [fastjet.PseudoJet(p.px(), p.py(), p.pz(), p.e()) for p in particles]
    clustering = fastjet.ClusterSequence(momenta, selection.definition)
    jets = fastjet.sorted_by_pt(clustering.inclusive_jets(selection.pt[0]))
    return [(j.pt(), j.rap(), j.eta(), j.phi(), j.m(), j.e()) for j in jets]


def decay_of_w(record):
    """The final charged lepton and neutrino of the W boson of an event."""
    w = next(p for p in record if p.idAbs() == 24 and p.iBotCopyId() == p.index())
    final = [record[i] for i in w.daughterListRecursive() if record[i].isFinal()]
    return next(p for p in final if p.idAbs() in (11, 13)), next(p for p in final if p.idAbs() in INVISIBLE)


def has_lepton(record):
    """Whether the charged lepton of the W boson is one that a trigger takes."""
    lepton, _ = decay_of_w(record)
    return lepton.pT() > 20 and abs(lepton.eta()) < 2.4


def started(run):
    """Pythia, ready for the events of a run."""
    pythia = pythia8mc.Pythia("", False)
    settings = PROCESSES[run.process].split("; ") + [f"Random:seed = {run.seed}"]
    if run.mass is not None:
        settings.append(f"{RESONANCES[run.process][0]}:m0 = {run.mass}")
    for setting in (*settings, *run.settings):
        if not pythia.readString(setting):
            raise PythiaError(f"Pythia does not know the setting '{setting}', or refuses its value.")
    if run.process == "hh":
        pythia.setUserHooksPtr(ONE_TO_EACH)
    if not pythia.init():
        raise PythiaError("Pythia could not start; its messages are above.")
    return pythia


def selected_events(run):
    """Yields (pythia, the indices of the particles that are kept) for each event of a run."""
    pythia = started(run)
    accepted = 0
    while accepted < run.events:
        if not pythia.next() or run.process == "wlnu" and not has_lepton(pythia.event):
            continue
        kept = (
            visible_particles(pythia.event) if run.is_whole_event
            else leading_jet(pythia.event, JET_SELECTIONS[run.process]))
        if kept is not None:
            accepted += 1
            yield pythia, kept


def flavour(record, eta, phi):
    """The flavour of a jet in this direction: 0 if a hadron with a b quark and pT > 5 GeV is within ΔR = 0.3 of it, else 1 if one
    with a c quark is, else by the parton of largest pT within ΔR = 0.4, 2 for u, d and s quarks and 3 for gluons; None for
    others.
    """

    def is_near(p, radius):
        return np.hypot(p.eta() - eta, (p.phi() - phi + np.pi) % (2 * np.pi) - np.pi) < radius

    hadrons = (p for p in record if p.idAbs() > 400 and p.isHadron() and p.pT() > 5)
    heaviest = {p.particleDataEntry().heaviestQuark(p.id()) for p in hadrons if is_near(p, 0.3)}
    heaviest = max(map(abs, heaviest), default=0)
    if heaviest >= 4:
        return {5: 0, 4: 1}[heaviest]
    # Outgoing ones of the hard process, of other interactions and of showers.
    outgoing = (23, 33, 43, 44, 51, 52)
    partons = (p for p in record if p.statusAbs() in outgoing and (p.isGluon() or p.isQuark()))
    hardest = max((p for p in partons if is_near(p, 0.4)), key=lambda p: p.pT(), default=None)
    if hardest is None:
        return None
    return 3 if hardest.isGluon() else 2 if hardest.idAbs() <= 3 else None


def flavour_jets(run, generator):
    """Yields the particles of each jet of a run as a detector measures them: pT, η, φ, mass, identity, d0, dz and the
    significances of both, `[particles]` each, which are 0 for those without a track.

    A particle that comes from more than 25 mm off the beam leaves no track. Each run has equally many jets of each bin of pT
    and |η|, to one.
    """
    pythia = started(run)
    bins = tuple(len(edges) - 1 for edges in FLAVOUR_BINS)
    room = np.full(bins, -(-run.events // np.prod(bins)))
    accepted = 0
    while accepted < run.events:
        if not pythia.next():
            continue
        record = pythia.event
        rows = [
            (p.pT(), p.eta(), p.phi(), p.m0(), p.id(), p.isCharged(), p.xProd(), p.yProd(), p.zProd())
            for p in map(record.__getitem__, visible_particles(record))]
        *truth, is_charged, x, y, z = (np.array(column) for column in zip(*rows))
        *particles, seen = measured(*truth, is_charged & (np.hypot(x, y) < 25), generator)
        vertices = np.stack((x, y, z), axis=1)[seen]
        pt, eta, phi, mass, _ = particles
        momenta = np.stack(
            (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), np.hypot(pt * np.cosh(eta), mass)), axis=1)
        inputs = [fastjet.PseudoJet(*p) for p in momenta.tolist()]
        for i, p in enumerate(inputs):
            p.set_user_index(i)
        clustering = fastjet.ClusterSequence(inputs, FLAVOUR_JETS.definition)
        for jet in fastjet.sorted_by_pt(clustering.inclusive_jets(FLAVOUR_JETS.pt[0])):
            place = tuple(
                int(np.searchsorted(edges, value)) - 1 for edges, value in zip(FLAVOUR_BINS, (jet.pt(), abs(jet.eta()))))
            if (
                accepted == run.events or any(i >= n for i, n in zip(place, bins)) or not room[place]
                or flavour(record, jet.eta(), jet.phi_std()) != FLAVOURS[run.process]
            ):
                continue
            room[place] -= 1
            accepted += 1
            own = [c.user_index() for c in fastjet.sorted_by_pt(jet.constituents())]
            event = [values[own] for values in particles]
            has_track = np.isin(np.abs(event[4]), TRACKS)
            impact = impact_parameters(*event[:3], vertices[own], jet.eta(), jet.phi_std(), generator)
            yield (*event, *(np.where(has_track, values, 0) for values in impact))


def runs(process, seed, count, mass=None, length=RUN_LENGTH, settings=()):
    """The runs, of up to `length` events each, that together make `count` events."""
    starts = range(0, count, length)
    # Runs of different masses have different seeds too.
    masses = RESONANCES[process][1] if mass else (None,)
    room = RUNS_PER_SEED // len(masses)
    first = seed * RUNS_PER_SEED + masses.index(mass) * room
    if not 0 < seed < 90_000 or len(starts) > room:
        sys.exit(f"The seed must lie between 1 and 89999, and the events of a process below {room * length:,}.")
    return [Run(process, first + i, min(length, count - start), mass, settings) for i, start in enumerate(starts)]


def runs_of_sample(sample, seed, count, settings=()):
    """The runs of a training sample: an equal share of signal and background, and of each mass."""
    made = []
    for i, process in enumerate(SAMPLES[sample]):
        share = (count + len(SAMPLES[sample]) - 1 - i) // len(SAMPLES[sample])
        masses = RESONANCES.get(process, (None, (None,)))[1]
        for j, mass in enumerate(masses):
            made += runs(process, seed, (share + j) // len(masses), mass, settings=settings)
    return made


class Content(typing.NamedTuple):
    """What the events of one run are written as: particles of each event, and their quantities; the same of given jets,
    which may be none, and columns of events."""

    run: Run
    lengths: list
    particles: dict
    jet_lengths: list
    jets: dict
    columns: dict


def recorded(run, pt, eta, phi, mass, pdgid):
    """The quantities of particles as files have them, by their names."""
    fraction, exponent = np.frexp(pt)
    quantities = {
        # As a detector would: 13 bits after the leading one of pT, and steps of 1/2048 in η and φ.
        "pt": np.ldexp(np.round(fraction * 2**14) / 2**14, exponent).astype("f4"),
        "eta": (np.round(eta * 2048) / 2048).astype("f4"),
        "phi": (np.round(phi * 2048) / 2048).astype("f4"),
        "mass": mass.astype("f4"),
        "pdgid": pdgid.astype("i4"),
    }
    if run.process in MEASURED:
        # What particle flow tells apart, as numbers that a network can add up.
        quantities["charged"] = np.isin(np.abs(pdgid), TRACKS).astype("i1")
        quantities["neutral_hadron"] = (pdgid == 130).astype("i1")
    return quantities


def jets_of_run(run):
    """The content of the jets of one run of known flavour, an event each."""
    jets = list(flavour_jets(run, np.random.default_rng(run.seed)))
    *particles, d0, dz, d0_significance, dz_significance = (np.concatenate(column) for column in zip(*jets))
    quantities = recorded(run, *particles)
    pdgid = quantities["pdgid"]
    quantities["lepton"] = np.isin(np.abs(pdgid), (11, 13)).astype("i1")
    quantities["charge"] = (quantities["charged"] * np.sign(pdgid) * np.where(quantities["lepton"], -1, 1)).astype("i1")
    quantities |= {"d0": d0.astype("f4"), "dz": dz.astype("f4")}
    for name, values in (("d0", d0_significance), ("dz", dz_significance)):
        quantities[f"{name}_significance"] = values.astype("f4")
        # Of numbers that lie between −10 and 1000, whose sum over particles one of them would rule.
        quantities[f"{name}_log_significance"] = (np.sign(values) * np.log1p(np.abs(values))).astype("f4")
    quantities["displaced"] = (quantities["d0_significance"] > 3).astype("i1")
    columns = {"flavour": np.full(len(jets), FLAVOURS[run.process], "i4")}
    return Content(run, [len(jet[0]) for jet in jets], quantities, [], {}, columns)


def events_of_run(run):
    """The content of the events of one run."""
    if run.process in FLAVOURS:
        return jets_of_run(run)
    generator = np.random.default_rng(run.seed)
    lengths, parts, jet_lengths, jets, neutrinos, missing = [], [], [], [], [], []
    for pythia, kept in selected_events(run):
        record = pythia.event
        particles = [record[i] for i in kept]
        if run.process in IDENTIFIED:
            particles = [p for p in particles if abs(p.eta()) < MAX_ABS_ETA_OF_TRACKS and p.idAbs() in SPECIES_OF]
        rows = [(p.pT(), p.eta(), p.phi(), p.m0(), p.id(), p.isCharged()) for p in particles]
        # A minimum-bias interaction may leave nothing.
        *event, is_charged = (np.array(column) for column in (zip(*rows) if rows else [[]] * 6))
        if run.process in MEASURED:
            *event, _ = measured(*event, is_charged, generator)
        lengths.append(len(event[0]))
        parts.append(event)
        if run.process == "qcd-flat":
            found = particle_jets([p for p in record if p.isFinal() and p.isVisible() and abs(p.eta()) < MAX_ABS_ETA],
                                  PARTICLE_JETS)
            jet_lengths.append(len(found))
            jets += found
        elif run.process in SAMPLES["pileup"]:
            found = particle_jets(particles, HARD_JETS)
            jet_lengths.append(len(found))
            jets += found
            invisible = [p for p in record if p.isFinal() and not p.isVisible()]
            missing.append((sum(p.px() for p in invisible), sum(p.py() for p in invisible)))
        elif run.process == "wlnu":
            _, p = decay_of_w(record)
            neutrinos.append((p.px(), p.py(), p.pz(), p.e(), p.eta()))
        if run.process in OVERLAID + IDENTIFIED:
            event.append(is_charged)
    pt, eta, phi, mass, pdgid, *charged = (np.concatenate(column) for column in zip(*parts))
    quantities = recorded(run, pt, eta, phi, mass, pdgid)
    for values in charged:
        quantities["charged"] = values.astype("i1")
    if run.process in IDENTIFIED:
        # The mass would tell the species: tracks have that of a pion, and others none.
        quantities["mass"] = np.where(quantities["charged"] == 1, 0.13957, 0).astype("f4")
        quantities["species"] = np.array([SPECIES_OF[identity] for identity in abs(pdgid)], "i1")
        quantities |= {name: values.astype("f4") for name, values in
                       identified(pt, eta, mass, abs(pdgid), generator).items()}
    names = ("pt", "rapidity", "eta", "phi", "mass", "energy") if jet_lengths else ()
    given = {name: np.array([jet[i] for jet in jets], "f4") for i, name in enumerate(names)}
    names = ("px", "py", "pz", "energy", "eta") if neutrinos else ()
    columns = {f"neutrino_{name}": np.array([p[i] for p in neutrinos], "f4") for i, name in enumerate(names)}
    columns |= {f"true_missing_{name}": np.array([p[i] for p in missing], "f4")
                for i, name in enumerate(("px", "py") if missing else ())}
    return Content(run, lengths, quantities, jet_lengths, given, columns)


def reordered(lengths, arrays, order):
    """Lists of `lengths` in another order: the offsets, and for each name the elements of all lists."""
    lengths = np.array(lengths, int)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    rows = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in order])
    offsets = np.concatenate(([0], np.cumsum(lengths[order]))).astype("u8")
    return offsets, {name: np.concatenate(parts)[rows] for name, parts in arrays.items()}


def contents_of_runs(made, title, workers):
    """The contents of runs, in their order."""
    contents, count = [], sum(run.events for run in made)
    with multiprocessing.Pool(workers) as pool:
        for content in pool.imap(events_of_run, made):
            contents.append(content)
            done = sum(len(content.lengths) for content in contents)
            print(f"\r{title}: {done} of {count} events", end="", file=sys.stderr)
    print(file=sys.stderr)
    return contents


def joined(contents, name):
    """The lists `name` of all runs one after another, or for each name of their dictionaries all arrays."""
    values = [getattr(content, name) for content in contents]
    if isinstance(values[0], list):
        return list(itertools.chain.from_iterable(values))
    return {key: [arrays[key] for arrays in values] for key in values[0]}


def vertices(particles):
    """1 for tracks of the hard interaction, -1 for those of others, and 0 for particles without a track, whose interaction a
    detector does not know."""
    has_track = (particles["charged"] == 1) & (abs(particles["eta"]) < MAX_ABS_ETA_OF_TRACKS)
    return np.where(has_track, 1 - 2 * particles["is_pileup"], 0).astype("i1")


def jet_among_pileup(particles):
    """The rows, by falling pT, of the anti-kT R = 1 jet nearest to what is not from pile-up, all tracks of pile-up left out."""
    pt, eta, phi, mass = (particles[name].astype(float) for name in ("pt", "eta", "phi", "mass"))
    momenta = np.stack((pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), np.hypot(pt * np.cosh(eta), mass)), 1)
    hard = fastjet.PseudoJet(*momenta[particles["is_pileup"] == 0].sum(0).tolist())
    # What is further away has no influence on the jet.
    distance = np.hypot(eta - hard.eta(), (phi - hard.phi() + np.pi) % (2 * np.pi) - np.pi)
    rows = np.flatnonzero((vertices(particles) >= 0) & (distance < 4 * W_JETS.radius))
    inputs = []
    for row, momentum in zip(rows.tolist(), momenta[rows].tolist()):
        inputs.append(fastjet.PseudoJet(*momentum))
        inputs[-1].set_user_index(row)
    # Jets are those of the clustering, which must live as long.
    clustering = fastjet.ClusterSequence(inputs, W_JETS.definition)
    jet = min(clustering.inclusive_jets(W_JETS.pt[0] / 2), key=hard.delta_R)
    return [c.user_index() for c in fastjet.sorted_by_pt(jet.constituents())]


def overlaid(
        offset, particles, draw, seed, workers, settings=(), rows=lambda event: np.argsort(-event["pt"], kind="stable")):
    """Events of one interaction with pile-up: new offsets, the particles of each event, and how many interactions are added to each
    event.

    `draw` gives the numbers of interactions, and `rows` which particles of an event are kept, all by falling pT unless given. Each
    interaction is drawn from a pool of minimum-bias interactions of Pythia, turned in azimuth by any angle, and mirrored along the
    beam or not, so that one that is drawn again is another. The last fifth of the events draws from the last fifth of the pool, so
    that a test on these sees no interaction of the training. `settings` of Pythia come after those of the pool.

    `is_pileup` says for each particle whether it is of an added interaction; `vertex` is that of `vertices`.
    """
    generator = np.random.default_rng((seed, RUNS_PER_SEED))
    events = len(offset) - 1
    size = max(min(POOL_PER_EVENT * events, MOST_IN_POOL), 10)
    pool = contents_of_runs(
        runs("minimum-bias", seed, size, length=POOL_RUN_LENGTH, settings=settings), "minimum-bias interactions", workers)
    ends = np.cumsum(joined(pool, "lengths"))
    starts = np.concatenate(([0], ends[:-1]))
    pool = {name: np.concatenate(parts) for name, parts in joined(pool, "particles").items()}
    counts = draw(generator, events)
    lengths, parts = [], {name: [] for name in (*particles, "is_pileup")}
    for event, count in enumerate(counts):
        of_test = event >= events * 4 // 5
        drawn = generator.integers(*((size * 4 // 5, size) if of_test else (0, size * 4 // 5)), count)
        drawn_rows = np.concatenate([np.arange(starts[i], ends[i]) for i in drawn] or [np.zeros(0, int)])
        interactions = np.repeat(np.arange(count), (ends - starts)[drawn])
        added = {name: values[drawn_rows] for name, values in pool.items()}
        added["eta"] = added["eta"] * generator.choice(np.array((-1, 1), "f4"), count)[interactions]
        turned = added["phi"] + generator.uniform(0, 2 * np.pi, count)[interactions]
        added["phi"] = (np.round(((turned + np.pi) % (2 * np.pi) - np.pi) * 2048) / 2048).astype("f4")
        hard = {name: values[offset[event]:offset[event + 1]] for name, values in particles.items()}
        both = {name: np.concatenate((values, added[name])) for name, values in hard.items()}
        both["is_pileup"] = np.repeat(np.array((0, 1), "i1"), (len(hard["pt"]), len(drawn_rows)))
        order = rows(both)
        lengths.append(len(order))
        for name, values in both.items():
            parts[name].append(values[order])
    made = {name: np.concatenate(values) for name, values in parts.items()}
    made["vertex"] = vertices(made)
    return np.concatenate(([0], np.cumsum(lengths))).astype("u8"), made, counts.astype("i4")


def write_compressed(file, name, values):
    """Writes the quantities of particles or jets."""
    file.create_dataset(
        name, data=values, chunks=(min(65536, max(1, len(values))),), compression="gzip", compression_opts=9, shuffle=True)


def write_sample(path, sample, count, seed, workers, mean=0, settings=()):
    """A training sample: the particles that are kept of each event, signal and background shuffled, those of `pileup` with
    that of `mean` interactions; `settings` of Pythia come after those of the processes."""
    contents = contents_of_runs(runs_of_sample(sample, seed, count, settings), path, workers)
    labels = [content.run.label for content in contents for _ in content.lengths]
    masses = [content.run.mass for content in contents for _ in content.lengths]
    generator = np.random.default_rng(seed)
    order = generator.permutation(count)
    with h5py.File(path + ".partial", "w") as file:
        file.attrs["generator"] = "Pythia " + pythia_version()
        file.attrs["processes"] = "\n".join(f"{name}: {PROCESSES[name]}" for name in SAMPLES[sample])
        if sample == "pileup":
            file.attrs["processes"] += "\nminimum-bias: " + PROCESSES["minimum-bias"]
        if settings:
            file.attrs["settings"] = "; ".join(settings)
        file.attrs["seed"] = seed
        file.attrs["units"] = "GeV"

        def write(name, values):
            write_compressed(file, name, values)

        offset, particles = reordered(joined(contents, "lengths"), joined(contents, "particles"), order)
        if sample == "pileup":
            offset, particles, file["event/interactions"] = overlaid(
                offset, particles, lambda generator, events: generator.poisson(mean, events), seed, workers, settings)
        file["event/offset"] = offset
        if sample != "flavour-jets":
            file["event/label"] = np.array(labels)[order].astype("i4")
        if sample == "dihiggs":
            # Background has no mass of its own: it is put to the same hypotheses as the signal.
            hypotheses = [mass or generator.choice(RESONANCES["hh"][1]) for mass in masses]
            file["event/resonance_mass"] = np.array(hypotheses)[order].astype("f4")
        elif sample == "ditau":
            file["event/truth_mass"] = np.array(masses)[order].astype("f4")
        for name, parts in joined(contents, "columns").items():
            file["event/" + name] = np.concatenate(parts)[order]
        for name, values in particles.items():
            write("particle/" + name, values)
        if contents[0].jet_lengths:
            file["jet/offset"], jets = reordered(joined(contents, "jet_lengths"), joined(contents, "jets"), order)
            for name, values in jets.items():
                write("jet/" + name, values)
    os.replace(path + ".partial", path)


def hepmc_event(pythia, final, number, run_info):
    """Beams, the colourless resonances of the hard process where there are any, and the particles `final`."""
    record = pythia.event
    resonances = [p for p in record if p.idAbs() in (23, 24, 25, GRAVITON) and p.iBotCopyId() == p.index()]
    # The record has a resonance before those that it decays to: the last one is the closest.
    source = {i: r.index() for r in resonances for i in r.daughterListRecursive()}

    def particle(p, status):
        made = pyhepmc.GenParticle((p.px(), p.py(), p.pz(), p.e()), p.id(), status)
        made.generated_mass = p.m()
        return made

    event = pyhepmc.GenEvent(pyhepmc.Units.GEV, pyhepmc.Units.MM)
    event.event_number = number
    event.run_info = run_info
    event.weights = [1.0]
    collision = pyhepmc.GenVertex()
    vertices = {None: collision}
    for i in (1, 2):
        collision.add_particle_in(particle(record[i], 4))
    for resonance in resonances:
        made = particle(resonance, 2)
        vertices[source.get(resonance.index())].add_particle_out(made)
        decay = vertices[resonance.index()] = pyhepmc.GenVertex()
        decay.add_particle_in(made)
    for p in final:
        vertices[source.get(p.index())].add_particle_out(particle(p, 1))
    for vertex in vertices.values():
        event.add_vertex(vertex)
    return event


def write_events(path, process, count, seed, settings=()):
    """Events as HepMC3 ASCII, compressed: whole, or what is kept of them and the invisible particles."""
    run_info = pyhepmc.GenRunInfo()
    run_info.tools = [("Pythia", pythia_version(), "; ".join((PROCESSES[process], *settings)))]
    run_info.weight_names = ["nominal"]
    made = runs(process, seed, count, settings=settings)
    chosen = ((run, *event) for run in made for event in selected_events(run))
    with zstd.open(path + ".partial", "wb", level=19) as stream:
        with pyhepmc.open(stream, "w", precision=PRECISION) as out:
            for number, (run, pythia, kept) in enumerate(chosen):
                final = [p for p in pythia.event if p.isFinal()]
                if run.is_whole_event:
                    kept = set(kept)
                    final = [p for p in final if p.index() in kept or not p.isVisible()]
                out.write(hepmc_event(pythia, final, number, run_info))
    os.replace(path + ".partial", path)


def write_other_formats(source, folder, count):
    """The first events of a HepMC3 file in the other formats that Canopy reads."""
    with zstd.open(source, "rb") as stream, pyhepmc.open(stream, format="HepMC3") as events:
        events = list(itertools.islice(events, count))
    stem = os.path.join(folder, "w-events")
    with open(stem + "-v2.hepmc.gz", "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as stream:
        with pyhepmc.open(stream, "w", precision=PRECISION, format="HepMC2") as out:
            for event in events:
                out.write(event)
    with open(stem + ".jsonl", "w") as lines, open(stem + ".txt", "w") as text:
        text.write(f"# The first {count} events of {os.path.basename(source)}: visible particles, px py pz E in GeV.\n")
        for event in events:
            visible = [p for p in event.particles if p.status == 1 and abs(p.pid) not in INVISIBLE]
            momenta = [list(p.momentum) for p in visible]
            members = {"particles": momenta, "pdgid": [p.pid for p in visible], "label": 1}
            lines.write(json.dumps(members, separators=(",", ":")) + "\n")
            for p in momenta:
                text.write(" ".join(map(repr, p)) + "\n")
            text.write("#END\n")


def soft_drop_mass(particles, definition=fastjet.JetDefinition(fastjet.cambridge_algorithm, 1000.0)):
    """The mass of particles (px, py, pz, E) after soft drop with z_cut = 0.1 and β = 0 (arXiv:1402.2657)."""
    clustering = fastjet.ClusterSequence([fastjet.PseudoJet(*p) for p in particles.tolist()], definition)
    jet = fastjet.sorted_by_pt(clustering.inclusive_jets())[0]
    a, b = fastjet.PseudoJet(), fastjet.PseudoJet()
    while jet.has_parents(a, b):
        hard, soft = (a, b) if a.pt2() > b.pt2() else (b, a)
        if soft.pt() > 0.1 * (soft.pt() + hard.pt()):
            break
        jet, a, b = hard, fastjet.PseudoJet(), fastjet.PseudoJet()
    return max(jet.m(), 0)


def truth_masses(path):
    """The true mass of each jet of a training sample: of the particle that it comes from, or for QCD after grooming."""
    with h5py.File(path) as file:
        processes = dict(line.split(": ", 1) for line in file.attrs["processes"].splitlines())
        signal = next(PARTICLES[name] for name in processes if name in PARTICLES)
        mass = pythia8mc.Pythia("", False).particleData.m0(signal)
        offset, labels = file["event/offset"][()].astype(int), file["event/label"][()]
        pt, eta, phi, m = (file["particle/" + name][()].astype(float) for name in ("pt", "eta", "phi", "mass"))
    momenta = np.stack(
        (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), np.hypot(pt * np.cosh(eta), m)), axis=1)
    groomed = (soft_drop_mass(momenta[a:b]) for a, b, label in zip(offset, offset[1:], labels) if label == 0)
    # A single particle that is left has hardly a mass, and a regression of ln m wants one.
    return np.array([mass if label else max(next(groomed), LEAST_TRUTH_MASS) for label in labels])


def write_jet_masses(path, inputs, seed, workers):
    """The jets of several samples with `event/truth_mass`; the last fifth is from their last fifths."""
    with multiprocessing.Pool(workers) as pool:
        masses = pool.map(truth_masses, inputs)
    columns = {name: [] for name in ("label", "truth_mass", "length", "is_test")}
    particles = {name: [] for name in ("pt", "eta", "phi", "mass", "pdgid")}
    for source, mass in zip(inputs, masses):
        with h5py.File(source) as file:
            columns["label"].append(file["event/label"][()])
            columns["length"].append(np.diff(file["event/offset"][()].astype(int)))
            for name, parts in particles.items():
                parts.append(file["particle/" + name][()])
        columns["truth_mass"].append(mass)
        columns["is_test"].append(np.arange(len(mass)) >= len(mass) * 4 // 5)
    columns = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.random.default_rng(seed).permutation(len(columns["label"]))
    order = order[np.argsort(columns["is_test"][order], kind="stable")]
    ends = np.cumsum(columns["length"])
    rows = np.concatenate([np.arange(ends[i] - columns["length"][i], ends[i]) for i in order])
    with h5py.File(path + ".partial", "w") as file:
        file.attrs["units"] = "GeV"
        file["event/offset"] = np.concatenate(([0], np.cumsum(columns["length"][order]))).astype("u8")
        file["event/label"] = columns["label"][order].astype("i4")
        file["event/truth_mass"] = columns["truth_mass"][order].astype("f4")
        for name, parts in particles.items():
            file.create_dataset(
                f"particle/{name}", data=np.concatenate(parts)[rows], chunks=(65536,), compression="gzip", shuffle=True)
    os.replace(path + ".partial", path)


def write_pileup_jets(path, source, count, most, seed, workers, settings=()):
    """Jets of a sample among pile-up, from no interaction to `most`, all numbers as probable; the last fifth of the jets is of the
    last fifth of the sample."""
    if not os.path.isfile(source):
        sys.exit(f"'{source}' is not there; make it by 'generate.py jets'.")
    with h5py.File(source) as file:
        offset = file["event/offset"][()].astype(int)
        if count > len(offset) - 1:
            sys.exit(f"'{source}' has {len(offset) - 1} jets; ask for that many at most.")
        order = np.concatenate((np.arange(count - count // 5), np.arange(len(offset) - 1 - count // 5, len(offset) - 1)))
        labels, processes = file["event/label"][()][order], file.attrs["processes"]
        offset, particles = reordered(
            np.diff(offset), {name: [file["particle/" + name][()]] for name in ("pt", "eta", "phi", "mass", "pdgid")}, order)
    table = pythia8mc.Pythia("", False).particleData
    known, places = np.unique(particles["pdgid"], return_inverse=True)
    particles["charged"] = np.array([table.charge(int(identity)) != 0 for identity in known], "i1")[places]
    offset, particles, interactions = overlaid(
        offset, particles, lambda generator, events: generator.integers(0, most + 1, events), seed, workers, settings,
        jet_among_pileup)
    with h5py.File(path + ".partial", "w") as file:
        file.attrs["generator"] = "Pythia " + pythia_version()
        file.attrs["processes"] = processes + "\nminimum-bias: " + PROCESSES["minimum-bias"]
        if settings:
            file.attrs["settings"] = "; ".join(settings)
        file.attrs["seed"] = seed
        file.attrs["units"] = "GeV"
        file["event/offset"], file["event/label"], file["event/interactions"] = offset, labels, interactions
        for name, values in particles.items():
            write_compressed(file, "particle/" + name, values)
    os.replace(path + ".partial", path)


def write_shipped(folder, workers):
    """The files that stand beside this script."""
    for process, name, count in (
        ("wprime-w", "w-events", 150), ("qcd-w", "qcd-events", 150),
        ("hh", "dihiggs/hh-events", 50), ("ttbar-ll", "dihiggs/ttbar-events", 50),
    ):
        write_events(os.path.join(folder, name + ".hepmc.zst"), process, count, seed=748)
    write_other_formats(os.path.join(folder, "w-events.hepmc.zst"), folder, 20)
    for sample, name, count in (
        ("jets", "w-vs-qcd-small", 2000), ("dihiggs", "dihiggs/hh-vs-ttbar-small", 400),
        ("ditau", "ditau/tautau-mass-small", 420), ("flavour-jets", "flavour/flavour-jets-small", 400),
        ("pileup", "pileup/pileup-small", 20), ("jet-response", "detector/jet-response-small", 100),
        ("w-lnu", "detector/w-lnu-small", 200),
    ):
        write_sample(os.path.join(folder, name + ".h5"), sample, count, seed=1702, workers=workers, mean=50)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    jets = commands.add_parser("jets", help="a training sample: the constituents of leading jets, W and QCD (HDF5)")
    top_jets = commands.add_parser("top-jets", help="the same of top quarks and QCD, at higher pT (HDF5)")
    dihiggs = commands.add_parser("dihiggs", help="a training sample: whole events (HDF5)")
    ditau = commands.add_parser("ditau", help="a training sample: whole events with two τ leptons (HDF5)")
    jet_response = commands.add_parser(
        "jet-response", help="a training sample: QCD events as a simple detector measures them, with the jets of the particles "
        "as given jets (HDF5)")
    w_lnu = commands.add_parser(
        "w-lnu", help="a training sample: W → ℓν events as a simple detector measures them, with the neutrino (HDF5)")
    flavour_jets = commands.add_parser(
        "flavour-jets", help="a training sample: the constituents of b, c, light and gluon jets as a simple detector measures "
        "them, with impact parameters (HDF5)")
    pileup = commands.add_parser(
        "pileup", help="a training sample: dijets, and W bosons with neutrinos, among minimum-bias interactions, with what each "
        "particle comes from and the jets without pile-up as given jets (HDF5)")
    pileup.add_argument(
        "--mean", type=float, default=50, metavar="MU", help="the mean number of added interactions; default: %(default)s")
    particle_id = commands.add_parser(
        "particle-id", help="a training sample: particles of dijets, with their species and what a toy detector says of it (HDF5)")
    pileup_jets = commands.add_parser(
        "pileup-jets", help="the jets of the sample of `jets` among minimum-bias interactions, whose number varies (HDF5)")
    pileup_jets.add_argument("input", metavar="SAMPLE")
    pileup_jets.add_argument(
        "--most", type=int, default=80, metavar="N",
        help="the largest number of added interactions, of which all from 0 on are as probable; default: %(default)s")
    events = commands.add_parser("events", help="full events of one process (HepMC3 ASCII, .zst)")
    jet_mass = commands.add_parser(
        "jet-mass", help="samples of jets together, with the true mass of what each jet comes from (HDF5)")
    jet_mass.add_argument("inputs", nargs="+", metavar="SAMPLE")
    jet_mass.add_argument("-o", "--output", required=True, metavar="FILE")
    jet_mass.add_argument("--seed", type=int, default=1, metavar="S", help="default: 1")
    shipped = commands.add_parser("shipped", help="the files that Canopy ships")
    events.add_argument("process", choices=PROCESSES)
    for command, default in (
        (jets, 80_000), (top_jets, 50_000), (dihiggs, 40_000), (ditau, 42_000), (jet_response, 30_000), (w_lnu, 40_000),
        (flavour_jets, 40_000), (pileup, 2_000), (pileup_jets, 20_000), (particle_id, 2_000), (events, 150),
    ):
        command.add_argument("-o", "--output", required=True, metavar="FILE")
        command.add_argument("--events", type=int, default=default, metavar="N", help="default: %(default)s")
        command.add_argument("--seed", type=int, default=1, metavar="S", help="1 to 89999; default: 1")
        command.add_argument(
            "--pythia", action="append", default=[], metavar="SETTING",
            help="a setting of Pythia that comes after those of the process, such as 'Tune:pp = 21'; may be given several times")
    shipped.add_argument("--folder", default=os.path.dirname(os.path.abspath(__file__)))
    for command in (
            jets, top_jets, dihiggs, ditau, jet_response, w_lnu, flavour_jets, pileup, pileup_jets, particle_id, jet_mass,
            shipped):
        command.add_argument(
            "--workers", type=int, default=os.cpu_count(), metavar="N", help="default: all cores"
        )
    options = parser.parse_args()
    folder = options.folder if options.command == "shipped" else os.path.dirname(options.output) or "."
    if not os.access(folder, os.W_OK):
        parser.error(f"the folder '{folder}' does not exist or cannot be written; make it or choose another")
    settings = tuple(getattr(options, "pythia", ()))
    if getattr(options, "events", 1) < 1:
        parser.error("--events must be at least 1")
    if not 0 <= getattr(options, "mean", 0) <= 1000:
        parser.error("--mean must lie between 0 and 1000")
    if not 0 <= getattr(options, "most", 0) <= 1000:
        parser.error("--most must lie between 0 and 1000")
    if options.command in SAMPLES:
        write_sample(
            options.output, options.command, options.events, options.seed, options.workers, getattr(options, "mean", 0),
            settings)
    elif options.command == "pileup-jets":
        write_pileup_jets(
            options.output, options.input, options.events, options.most, options.seed, options.workers,
            settings)
    elif options.command == "jet-mass":
        write_jet_masses(options.output, options.inputs, options.seed, options.workers)
    elif options.command == "events":
        write_events(options.output, options.process, options.events, options.seed, settings)
    else:
        write_shipped(options.folder, options.workers)


if __name__ == "__main__":
    try:
        main()
    except PythiaError as error:
        sys.exit(str(error))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generates Canopy's samples with Pythia 8: boosted W bosons (label 1) and QCD dijets (label 0).

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
PROCESSES = {
    "wprime-w": COMMON + "; NewGaugeBoson:ffbar2Wprime = on; Wprime:coup2WZ = 1.0; 34:m0 = 700"
    "; 34:onMode = off; 34:onIfAll = 24 23; 23:onMode = off; 23:onIfAny = 12 14 16"
    "; 24:onMode = off; 24:onIfAny = 1 2 3 4 5",
    "qcd-w": COMMON + "; HardQCD:all = on; PhaseSpace:pTHatMin = 235; PhaseSpace:pTHatMax = 330",
}
LABELS = {"wprime-w": 1, "qcd-w": 0}

# The selection of arXiv:1702.00748, on the leading anti-kT jet of the visible particles.
RADIUS = 1.0
MAX_ABS_ETA = 5.0
PT_RANGE = (250.0, 300.0)
MASS_RANGE = (50.0, 110.0)

INVISIBLE = (12, 14, 16)
# Digits after the first of a momentum in a HepMC file.
PRECISION = 5
# Accepted events from one run of Pythia; each run has a seed of its own.
RUN_LENGTH = 250
RUNS_PER_SEED = 10_000


def pythia_version():
    return f"{pythia8mc.Pythia('', False).parm('Pythia:versionNumber'):.3f}"


def selected_events(process, seed, count):
    """Yields `count` times (pythia, the indices of the leading jet's particles by falling pT)."""
    pythia = pythia8mc.Pythia("", False)
    for setting in PROCESSES[process].split("; ") + [f"Random:seed = {seed}"]:
        if not pythia.readString(setting):
            sys.exit(f"Pythia does not know the setting '{setting}'.")
    if not pythia.init():
        sys.exit("Pythia could not start; its messages are above.")
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, RADIUS)
    accepted = 0
    while accepted < count:
        if not pythia.next():
            continue
        particles = []
        for p in pythia.event:
            if p.isFinal() and p.isVisible() and abs(p.eta()) < MAX_ABS_ETA:
                particle = fastjet.PseudoJet(p.px(), p.py(), p.pz(), p.e())
                particle.set_user_index(p.index())
                particles.append(particle)
        clustering = fastjet.ClusterSequence(particles, definition)
        jets = fastjet.sorted_by_pt(clustering.inclusive_jets(PT_RANGE[0]))
        if not jets:
            continue
        jet = jets[0]
        if PT_RANGE[0] < jet.pt() < PT_RANGE[1] and MASS_RANGE[0] < jet.m() < MASS_RANGE[1]:
            accepted += 1
            yield pythia, [c.user_index() for c in fastjet.sorted_by_pt(jet.constituents())]


def runs(process, seed, count):
    """The Pythia runs that together make `count` events: (process, seed of the run, events)."""
    starts = range(0, count, RUN_LENGTH)
    if not 0 < seed < 90_000 or len(starts) > RUNS_PER_SEED:
        sys.exit("The seed must lie between 1 and 89999, and the events of a process below 2.5 million.")
    return [
        (process, seed * RUNS_PER_SEED + i, min(RUN_LENGTH, count - start))
        for i, start in enumerate(starts)
    ]


def jets_of_run(run):
    """(label, particles of each event, five arrays of particle quantities) of one run."""
    process, seed, count = run
    lengths, rows = [], []
    for pythia, constituents in selected_events(process, seed, count):
        lengths.append(len(constituents))
        for index in constituents:
            p = pythia.event[index]
            rows.append((p.pT(), p.eta(), p.phi(), p.m0(), p.id()))
    pt, eta, phi, mass, pdgid = (np.array(column) for column in zip(*rows))
    fraction, exponent = np.frexp(pt)
    quantities = {
        # As a detector would: 13 bits after the leading one of pT, and steps of 1/2048 in η and φ.
        "pt": np.ldexp(np.round(fraction * 2**14) / 2**14, exponent).astype("f4"),
        "eta": (np.round(eta * 2048) / 2048).astype("f4"),
        "phi": (np.round(phi * 2048) / 2048).astype("f4"),
        "mass": mass.astype("f4"),
        "pdgid": pdgid.astype("i4"),
    }
    return LABELS[process], lengths, quantities


def write_jets(path, count, seed, workers):
    """A training sample: the constituents of the leading jets, signal and background shuffled."""
    all_runs = [
        run
        for process in PROCESSES
        for run in runs(process, seed, (count + LABELS[process]) // 2)
    ]
    labels, lengths, parts = [], [], []
    with multiprocessing.Pool(workers) as pool:
        for done, (label, run_lengths, quantities) in enumerate(pool.imap(jets_of_run, all_runs), 1):
            labels += [label] * len(run_lengths)
            lengths += run_lengths
            parts.append(quantities)
            print(f"\r{path}: {len(labels)} of {count} events", end="", file=sys.stderr)
    print(file=sys.stderr)

    order = np.random.default_rng(seed).permutation(count)
    starts = np.concatenate(([0], np.cumsum(lengths)))
    rows = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in order])
    with h5py.File(path + ".partial", "w") as file:
        file.attrs["generator"] = "Pythia " + pythia_version()
        file.attrs["processes"] = "\n".join(f"{name}: {PROCESSES[name]}" for name in PROCESSES)
        file.attrs["seed"] = seed
        file.attrs["units"] = "GeV"
        offsets = np.concatenate(([0], np.cumsum(np.array(lengths)[order])))
        file["event/offset"] = offsets.astype("u8")
        file["event/label"] = np.array(labels)[order].astype("i4")
        for name in parts[0]:
            values = np.concatenate([part[name] for part in parts])[rows]
            file.create_dataset(
                f"particle/{name}", data=values, chunks=(min(65536, len(values)),),
                compression="gzip", compression_opts=9, shuffle=True,
            )
    os.replace(path + ".partial", path)


def hepmc_event(pythia, number, run_info):
    """Beams, the hard process's W and Z where there are any, and all final-state particles."""
    record = pythia.event
    bosons = [p for p in record if p.idAbs() in (23, 24) and p.iBotCopyId() == p.index()]
    boson_of = {i: b.index() for b in bosons for i in b.daughterListRecursive()}

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
    for boson in bosons:
        made = particle(boson, 2)
        collision.add_particle_out(made)
        decay = vertices[boson.index()] = pyhepmc.GenVertex()
        decay.add_particle_in(made)
    for p in record:
        if p.isFinal():
            vertices[boson_of.get(p.index())].add_particle_out(particle(p, 1))
    for vertex in vertices.values():
        event.add_vertex(vertex)
    return event


def write_events(path, process, count, seed):
    """Full events as HepMC3 ASCII, compressed."""
    run_info = pyhepmc.GenRunInfo()
    run_info.tools = [("Pythia", pythia_version(), PROCESSES[process])]
    run_info.weight_names = ["nominal"]
    chosen = itertools.chain.from_iterable(selected_events(*run) for run in runs(process, seed, count))
    with zstd.open(path + ".partial", "wb", level=19) as stream:
        with pyhepmc.open(stream, "w", precision=PRECISION) as out:
            for number, (pythia, _) in enumerate(chosen):
                out.write(hepmc_event(pythia, number, run_info))
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


def write_shipped(folder, workers):
    """The files that stand beside this script."""
    for process, name in (("wprime-w", "w-events"), ("qcd-w", "qcd-events")):
        write_events(os.path.join(folder, name + ".hepmc.zst"), process, 150, seed=748)
    write_other_formats(os.path.join(folder, "w-events.hepmc.zst"), folder, 20)
    write_jets(os.path.join(folder, "w-vs-qcd-small.h5"), 2000, seed=1702, workers=workers)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    jets = commands.add_parser("jets", help="a training sample: the leading jets' constituents (HDF5)")
    events = commands.add_parser("events", help="full events of one process (HepMC3 ASCII, .zst)")
    shipped = commands.add_parser("shipped", help="the files that Canopy ships")
    events.add_argument("process", choices=PROCESSES)
    for command, default in ((jets, 80_000), (events, 150)):
        command.add_argument("-o", "--output", required=True, metavar="FILE")
        command.add_argument("--events", type=int, default=default, metavar="N", help="default: %(default)s")
        command.add_argument("--seed", type=int, default=1, metavar="S", help="1 to 89999; default: 1")
    shipped.add_argument("--folder", default=os.path.dirname(os.path.abspath(__file__)))
    for command in (jets, shipped):
        command.add_argument(
            "--workers", type=int, default=os.cpu_count(), metavar="N", help="default: all cores"
        )
    options = parser.parse_args()
    folder = options.folder if options.command == "shipped" else os.path.dirname(options.output) or "."
    if not os.access(folder, os.W_OK):
        parser.error(f"the folder '{folder}' does not exist or cannot be written; make it or choose another")
    if options.command != "shipped" and options.events < 1:
        parser.error("--events must be at least 1")
    if options.command == "jets":
        write_jets(options.output, options.events, options.seed, options.workers)
    elif options.command == "events":
        write_events(options.output, options.process, options.events, options.seed)
    else:
        write_shipped(options.folder, options.workers)


if __name__ == "__main__":
    main()

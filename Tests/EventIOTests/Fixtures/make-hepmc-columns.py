# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes HepMC files whose events have named weights, cross-sections and attributes, by pyhepmc, and what pyhepmc reads
of them again (hepmc-columns.json).

Needs pyhepmc; run it in this folder.
"""

import json

import pyhepmc
from pyhepmc.io import WriterAscii, WriterAsciiHepMC2

NAMES = ["nominal", "scale_up=2.0", "PDF/303600"]


def make_event(number, run):
    event = pyhepmc.GenEvent(pyhepmc.Units.GEV, pyhepmc.Units.MM)
    event.run_info = run
    event.event_number = number
    beam = pyhepmc.GenParticle((0, 0, 7000.0, 7000.0), 2212, 4)
    vertex = pyhepmc.GenVertex((0, 0, 0, 0))
    vertex.add_particle_in(beam)
    for index in range(2 + number % 3):
        vertex.add_particle_out(pyhepmc.GenParticle((1.5 + index, -2.25, 3.125, 6.5 + index), 211, 1))
    event.add_vertex(vertex)
    event.weights = [1.0 + number / 8, -0.1 * number, 1e-30 * (number - 4710)]
    section = pyhepmc.GenCrossSection()
    event.cross_section = section
    section.set_cross_section(12.5 + number, 0.25, 10, 20)
    for name, value in [
        ("alphaQCD", 0.1181), ("alphaQED", 0.0078), ("event_scale", 91.1876 + number), ("mpi", 3 + number),
        ("signal_process_id", 221),
    ]:
        event.attributes[name] = value
    return event


expected = {}
for name, Writer in [("hepmc3-columns.hepmc", WriterAscii), ("hepmc2-columns.hepmc", WriterAsciiHepMC2)]:
    run = pyhepmc.GenRunInfo()
    run.weight_names = NAMES
    with Writer(name) as writer:
        for number in [4711, 4712, 4711]:
            writer.write(make_event(number, run))
    events = []
    with pyhepmc.open(name) as file:
        for event in file:
            columns = {"number": event.event_number, "weight": event.weights[0]}
            columns["cross_section"] = event.cross_section.xsec()
            columns["cross_section_error"] = event.cross_section.xsec_err()
            columns |= {f"weight.{key}": event.weights[index] for index, key in enumerate(NAMES)}
            for key in ["alphaQCD", "alphaQED", "event_scale", "mpi", "signal_process_id"]:
                columns[key] = float(str(event.attributes[key]))
            events.append(columns)
    expected[name] = events
with open("hepmc-columns.json", "w") as file:
    json.dump(expected, file, indent=1)

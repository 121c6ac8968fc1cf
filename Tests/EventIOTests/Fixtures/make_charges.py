#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes charges.txt: the identifier and three times the charge of each particle of Pythia's table.

Needs: pip install pythia8mc
Usage: make_charges.py PREFIX/share/Pythia8/xmldoc/ParticleData.xml
"""
import pathlib, re, sys

# Left out: what is no particle but a number that Pythia uses inside.
INTERNAL = {0, *range(81, 90), 93, 94}

text = pathlib.Path(sys.argv[1]).read_text()
rows = re.findall(r'<particle id="(\d+)"[^>]*?chargeType="(-?\d+)"', text)
lines = [f"{identifier} {charge}\n" for identifier, charge in rows if int(identifier) not in INTERNAL]
(pathlib.Path(__file__).parent / "charges.txt").write_text("".join(lines))

# SPDX-License-Identifier: GPL-3.0-or-later
"""FastJet's algorithms and recombination schemes by Canopy's names.

For the tests and Resources/Benchmarks/python.py.
"""

from __future__ import annotations

import fastjet

# The radius and the power of each algorithm, None where it has none, and its number in FastJet.
ALGORITHMS = {
    "antikt": (0.4, None, fastjet.antikt_algorithm),
    "kt": (0.6, None, fastjet.kt_algorithm),
    "cambridge": (0.8, None, fastjet.cambridge_algorithm),
    "genkt": (0.5, -0.5, fastjet.genkt_algorithm),
    "ee-kt": (None, None, fastjet.ee_kt_algorithm),
    "ee-genkt": (0.8, -1.0, fastjet.ee_genkt_algorithm),
}
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


def definition(algorithm: str, scheme: str = "E") -> fastjet.JetDefinition:
    """Give FastJet's definition of jets."""
    radius, power, number = ALGORITHMS[algorithm]
    parameters = [parameter for parameter in (radius, power) if parameter is not None]
    # The class of the package wants a radius, which ee-kt has not.
    kind = fastjet.JetDefinition if parameters else fastjet.JetDefinition0Param
    return kind(number, *parameters, SCHEMES[scheme])

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `canopy evaluate` says for a study, beside pyhf and NumPy, on the shipped samples.

    make studies
    Resources/Checks/studies.py [--canopy .build/release/canopy]

Each line is a number by both programs. The status is 1 if any pair differs by more than its tolerance.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np
import pyhf
import scipy.spatial.distance
import scipy.stats

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "Resources/Samples/dihiggs/hh-vs-ttbar-small.h5"
MODEL = ROOT / "Resources/Models/dihiggs"
YIELDS = {"signal": 25.0, "background": 400.0}


class Checks:
    """Numbers by two programs, of which it is said whether they agree."""

    def __init__(self, canopy):
        self.canopy = canopy
        self.short = 0

    def run(self, *arguments):
        run = subprocess.run([self.canopy, *map(str, arguments)], capture_output=True, text=True)
        if run.returncode != 0:
            raise SystemExit(f"canopy {' '.join(map(str, arguments))}: {run.stderr}")
        return run.stdout

    def compare(self, what, canopy, other, tolerance):
        canopy, other = np.asarray(canopy, dtype=float), np.asarray(other, dtype=float)
        holds = canopy.shape == other.shape and np.allclose(canopy, other, rtol=tolerance, atol=1e-12)
        self.short += not holds
        shown = [f"{np.ravel(numbers)[0]:.6g}" if numbers.size else "-" for numbers in (canopy, other)]
        print(f"{what:60} {shown[0]:>12} {shown[1]:>12}  {'holds' if holds else 'FALLS SHORT'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canopy", type=pathlib.Path, default=ROOT / ".build/release/canopy")
    checks = Checks(parser.parse_args().canopy)
    with tempfile.TemporaryDirectory(prefix="canopy-studies-") as folder:
        folder = pathlib.Path(folder)
        checks.run("classify", SAMPLE, "--model", MODEL, "-o", folder / "scores.h5")
        with h5py.File(folder / "scores.h5") as scores, h5py.File(SAMPLE) as sample:
            score = scores["event/dihiggs/score"][:].astype(float)
            mass, label = sample["event/resonance_mass"][:].astype(float), sample["event/label"][:]
        workspaces(checks, folder, score, label, mass)
        comparisons(checks, folder)
        nuisances(checks, folder)
    print(f"\n{checks.short} fall short." if checks.short else "\nAll hold.")
    return 1 if checks.short else 0


def workspaces(checks, folder, score, label, mass):
    """Workspaces are valid, hold the histograms of the scores, and give the significance that is printed."""
    varied = {"up": 1 + 0.0004 * (mass - 400), "down": 1 - 0.0002 * (mass - 400)}
    definitions = ["--define", "up = 1 + 0.0004*(resonance_mass - 400)",
                   "--define", "down = 1 - 0.0002*(resonance_mass - 400)", "--variation", "mass=up,down"]
    for bins in ("1", "5", "signal:10", "background:4"):
        path = folder / f"{bins.replace(':', '-')}.json"
        out = checks.run("evaluate", SAMPLE, "--model", MODEL, "--signal-yield", YIELDS["signal"], "--background-yield",
                         YIELDS["background"], "--workspace", path, "--bins", bins, *definitions, "--format", "json")
        templates = json.loads(out)["heads"][0]["templates"]
        workspace = pyhf.Workspace(json.loads(path.read_text()))
        full = workspace.model()
        checks.compare(f"--bins {bins}: parameters of the fit (mu, mass, a bin's own)",
                       [full.config.npars], [2 + len(templates["edges"]) - 1], 0)

        samples = {sample["name"]: sample for sample in workspace["channels"][0]["samples"]}
        for name, number in (("signal", 1), ("background", 0)):
            sample = samples[{"signal": "dihiggs", "background": "ttbar"}[name]]
            chosen = label == number
            factor = YIELDS[name] / chosen.sum()
            expected, _ = np.histogram(score[chosen], templates["edges"])
            checks.compare(f"--bins {bins}: {name} in bins, by NumPy", sample["data"], factor * expected, 1e-12)
            modifiers = {modifier["type"]: modifier["data"] for modifier in sample["modifiers"]}
            checks.compare(f"--bins {bins}: its statistical errors", modifiers["staterror"],
                           factor * np.sqrt(expected), 1e-12)
            for way, high in (("up", True), ("down", False)):
                shape = modifiers["histosys"]["hi_data" if high else "lo_data"]
                number = modifiers["normsys"]["hi" if high else "lo"]
                weighted, _ = np.histogram(score[chosen], templates["edges"], weights=varied[way][chosen])
                checks.compare(f"--bins {bins}: its variation {way}", np.multiply(shape, number),
                               factor * weighted, 1e-6)

        # pyhf's own expectation with the source one standard deviation up is that of the varied weights.
        values = np.array(full.config.suggested_init())
        values[full.config.par_slice("mass")] = 1
        total = sum(YIELDS[name] / (label == number).sum()
                    * np.histogram(score[label == number], templates["edges"], weights=varied["up"][label == number])[0]
                    for name, number in (("signal", 1), ("background", 0)))
        checks.compare(f"--bins {bins}: expectation of pyhf one deviation up", full.expected_actualdata(values), total, 1e-6)

        # pyhf's own prune() knows one type for each name of a modifier.
        specification = json.loads(path.read_text())
        for sample in specification["channels"][0]["samples"]:
            sample["modifiers"] = [modifier for modifier in sample["modifiers"] if modifier["type"] == "normfactor"]
        bare = pyhf.Workspace(specification)
        data = bare.data(bare.model())
        p = pyhf.infer.hypotest(0.0, data, bare.model(), test_stat="q0")
        s, b = (np.array(samples[name]["data"]) for name in ("dihiggs", "ttbar"))
        formula = np.sqrt(np.sum(2 * ((s + b) * np.log1p(s / b) - s)))
        checks.compare(f"--bins {bins}: expected significance, by the formula", templates["significance"]["value"],
                       formula, 1e-12)
        checks.compare(f"--bins {bins}: expected significance, by a fit of pyhf", templates["significance"]["value"],
                       scipy.stats.norm.isf(float(p)), 1e-4)


def comparisons(checks, folder):
    """Differences of areas and ratios of rejections have the errors of a bootstrap of the same jets."""
    sample, model = ROOT / "Resources/Samples/w-vs-qcd-small.h5", ROOT / "Resources/Models/w-tagger"
    checks.run("classify", sample, "--model", model, "--observable", "n-subjettiness", "-o", folder / "jets.h5")
    with h5py.File(folder / "jets.h5") as file:
        scores = {"w-tagger": file["jet/w-tagger/score"][:].astype(float),
                  "tau-21": -file["jet/n-subjettiness/tau-21"][:].astype(np.float32).astype(float)}
    with h5py.File(sample) as file:
        is_signal = file["event/label"][:] == 1
    out = checks.run("evaluate", sample, "--model", model, "--compare", "n-subjettiness/tau-21", "--format", "json")
    head = json.loads(out)["heads"][0]
    compared = head["compared"][0]

    def measure(name, weights):
        """The area under the curve, and 1/ε_B at ε_S = 80 %."""
        order = np.argsort(-scores[name], kind="stable")
        falling = scores[name][order]
        ends = np.append(np.flatnonzero(falling[1:] != falling[:-1]), len(falling) - 1)
        signal, background = (np.append(0, np.cumsum(weights[order] * chosen[order])[ends])
                              for chosen in (is_signal, ~is_signal))
        signal, background = signal / signal[-1], background / background[-1]
        area = np.sum(np.diff(background) * (signal[1:] + signal[:-1]) / 2)
        return area, 1 / np.interp(0.8, signal, background)

    generator = np.random.default_rng(1)
    values = {name: measure(name, np.ones(len(is_signal))) for name in scores}
    rounds = [{name: measure(name, weights) for name in scores}
              for weights in generator.multinomial(len(is_signal), np.full(len(is_signal), 1 / len(is_signal)), 2000)]
    difference = compared["aucDifference"]
    checks.compare("AUC of τ₂₁ less that of w-tagger", difference["value"],
                   values["tau-21"][0] - values["w-tagger"][0], 1e-6)
    checks.compare("its error: DeLong, and 2000 bootstrap samples by NumPy", difference["error"],
                   np.std([a["tau-21"][0] - a["w-tagger"][0] for a in rounds], ddof=1), 0.06)
    ratio = compared["rejectionRatios"][2]["ratio"]
    checks.compare("ratio of 1/ε_B at ε_S = 80 %", ratio["value"], values["tau-21"][1] / values["w-tagger"][1], 1e-6)
    checks.compare("its error: 400 bootstrap samples, and 2000 by NumPy", ratio["error"],
                   ratio["value"] * np.std([np.log(a["tau-21"][1] / a["w-tagger"][1]) for a in rounds], ddof=1), 0.15)


def nuisances(checks, folder):
    """1/JSD of what a cut makes of the mass is SciPy's, and its error and floor are those of samples that are drawn again."""
    sample, model = ROOT / "Resources/Samples/w-vs-qcd-small.h5", ROOT / "Resources/Models/w-tagger"
    with h5py.File(folder / "jets.h5") as file:
        score, mass = file["jet/w-tagger/score"][:], file["jet/mass"][:].astype(np.float32)
    with h5py.File(sample) as file:
        is_signal = file["event/label"][:] == 1
    edges = np.arange(50, 111, 10)
    option = "kinematics/mass=" + ",".join(map(str, edges))
    head = json.loads(checks.run("evaluate", sample, "--model", model, "--nuisance", option, "--format", "json"))["heads"][0]
    found = next(table for table in head["tables"] if table["name"] == "kinematics-mass")
    columns = {column["name"]: column for column in found["columns"]}
    background = ~is_signal
    generator = np.random.default_rng(1)
    # At 30 % no background is left, and at 50 % too little for errors.
    for row, efficiency in [(1, 0.5), (2, 0.8)]:
        ranked = np.sort(score[is_signal])[::-1]
        passes = score[background] >= ranked[int(np.ceil(efficiency * len(ranked))) - 1]
        bins = np.clip(np.searchsorted(edges, mass[background], side="right") - 1, 0, len(edges) - 2)
        passing, failing = (np.bincount(bins[chosen], minlength=len(edges) - 1) for chosen in (passes, ~passes))
        divergence = scipy.spatial.distance.jensenshannon(passing, failing, base=2) ** 2
        what = f"1/JSD of the mass at {100 * efficiency:.0f} %"
        checks.compare(what, columns["1/JSD of background"]["values"][row], 1 / divergence, 1e-6)
        if efficiency == 0.5:
            continue
        drawn = [scipy.spatial.distance.jensenshannon(*(generator.poisson(spectrum) for spectrum in (passing, failing)),
                                                      base=2) ** 2 for _ in range(2000)]
        checks.compare("its error, relative: 2000 samples by NumPy",
                       columns["1/JSD of background"]["errors"][row] * divergence, np.std(drawn) / divergence, 0.35)
        shares = np.bincount(bins) / len(bins)
        alike = [scipy.spatial.distance.jensenshannon(
            generator.multinomial(passing.sum(), shares), generator.multinomial(failing.sum(), shares), base=2) ** 2
            for _ in range(2000)]
        checks.compare("1/JSD of an independent score: 2000 samples by NumPy",
                       columns["1/JSD of an independent score"]["values"][row], 1 / np.mean(alike), 0.3)


if __name__ == "__main__":
    sys.exit(main())

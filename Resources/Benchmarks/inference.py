#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples with systematic variations, and the interval of a signal's strength that workspaces of their scores give.

Needs: numpy h5py; for fits scipy pyhf. The page *Measuring with systematics* has the commands that it goes with.

    inference.py mixture -n 100000 --seed 1 -o mixture       # the synthetic problem of arXiv:1806.04743: nominal.h5, r-up.h5, …
    inference.py scale hh-vs-ttbar.h5 --events 0:32000 -o dihiggs-train  # nominal.h5, scale-up.h5, scale-down.h5: all momenta scaled
    inference.py fit WORKSPACE.json --rate background=0.1    # the interval of each channel, without and with systematics
    inference.py exact                                       # what the densities of the synthetic problem allow

The mixture has a background with (x0, x1) from a Gaussian around (2 + r, 0) with the variances 5 and 9, and x2 from λ exp(−λ x2);
and a signal around (1, 1) with the variances 1, and λ = 2. The background has r = 0 ± 0.4 and λ = 3 ± 1. Events have no particles:
x0, x1 and x2 are columns. A variation moves the same random numbers. 50 signal and 1000 background events are expected.

A fit is to Asimov data for μ = 1, and the interval is that in which −2 Δ ln L < 1, nuisance parameters profiled. Templates are taken as
exact: statistical errors of the samples are left out.
"""

import argparse
import copy
import json
import pathlib

import h5py
import numpy as np

SIGNAL, BACKGROUND, RATE = 50.0, 1000.0, 3.0
VARIATIONS = {"nominal": (0, RATE), "r-up": (0.4, RATE), "r-down": (-0.4, RATE), "lambda-up": (0, RATE + 1),
              "lambda-down": (0, RATE - 1)}


def mixture(arguments):
    rng = np.random.default_rng(arguments.seed)
    count = arguments.events
    label = np.arange(count) % 2
    is_signal = label == 1
    gaussians, exponential = rng.normal(size=(count, 2)), rng.exponential(size=count)
    arguments.output.mkdir(parents=True, exist_ok=True)
    for name, (shift, rate) in VARIATIONS.items():
        columns = {
            "x0": np.where(is_signal, 1 + gaussians[:, 0], 2 + shift + np.sqrt(5) * gaussians[:, 0]),
            "x1": np.where(is_signal, 1 + gaussians[:, 1], 3 * gaussians[:, 1]),
            "x2": exponential / np.where(is_signal, 2, rate),
        }
        with h5py.File(arguments.output / f"{name}.h5", "w") as file:
            file["event/offset"] = np.zeros(count + 1, dtype="u8")
            file["event/label"] = label.astype("i4")
            for key in ("px", "py", "pz", "E"):
                file["particle/" + key] = np.zeros(0, dtype="f4")
            for key, values in columns.items():
                file["event/" + key] = values.astype("f4")


def scale(arguments):
    arguments.output.mkdir(parents=True, exist_ok=True)
    first, last = map(int, arguments.events.split(":"))
    with h5py.File(arguments.sample) as sample:
        offset = sample["event/offset"][()].astype("u8")
        for name, factor in (("nominal", 1), ("scale-up", 1 + arguments.by), ("scale-down", 1 - arguments.by)):
            with h5py.File(arguments.output / f"{name}.h5", "w") as file:
                file["event/offset"] = offset[first : last + 1] - offset[first]
                for key in set(sample["event"]) - {"offset"}:
                    file["event/" + key] = sample["event/" + key][first:last]
                for key in sample["particle"]:
                    values = sample["particle/" + key][int(offset[first]) : int(offset[last])]
                    is_scaled = key in ("pt", "mass", "px", "py", "pz", "E")
                    file["particle/" + key] = values * values.dtype.type(factor) if is_scaled else values


def exact(arguments):
    """The information of all events by their densities, on events of the whole mixture."""
    rng = np.random.default_rng(arguments.seed)
    count = 2_000_000
    is_signal = rng.random(count) < SIGNAL / (SIGNAL + BACKGROUND)
    gaussians, exponential = rng.normal(size=(count, 2)), rng.exponential(size=count)
    x0 = np.where(is_signal, 1 + gaussians[:, 0], 2 + np.sqrt(5) * gaussians[:, 0])
    x1 = np.where(is_signal, 1 + gaussians[:, 1], 3 * gaussians[:, 1])
    x2 = exponential / np.where(is_signal, 2, RATE)
    signal = SIGNAL * np.exp(-((x0 - 1) ** 2 + (x1 - 1) ** 2) / 2 - 2 * x2) / (2 * np.pi) * 2
    background = BACKGROUND * np.exp(-((x0 - 2) ** 2 / 5 + x1**2 / 9) / 2 - RATE * x2) / (2 * np.pi * 3 * np.sqrt(5)) * RATE
    slopes = np.stack([signal, background * 0.4 * (x0 - 2) / 5, background * (1 / RATE - x2), background * 0.1])
    slopes /= signal + background
    for title, used, constrained in (("without systematics", [0], []), ("r, lambda", [0, 1, 2], [1, 2]),
                                     ("r, lambda, rate of background ± 10 %", [0, 1, 2, 3], [1, 2, 3])):
        part = slopes[used]
        information = (SIGNAL + BACKGROUND) * part @ part.T / count + np.diag([0.0] + [1.0] * len(constrained))
        print(f"{title:40} σ(μ) = {np.sqrt(np.linalg.inv(information)[0, 0]):.4f}")


def interval(specification, systematics):
    """The distances of the ends of the interval of μ from 1."""
    import pyhf
    from scipy.optimize import brentq

    kept = {"normfactor"} | ({"histosys", "normsys"} if systematics else set())
    specification = copy.deepcopy(specification)
    for channel in specification["channels"]:
        for sample in channel["samples"]:
            sample["modifiers"] = [modifier for modifier in sample["modifiers"] if modifier["type"] in kept]
    workspace = pyhf.Workspace(specification)
    model = workspace.model()
    data = workspace.data(model)
    bounds = model.config.suggested_bounds()
    bounds[model.config.poi_index] = (0, 20)

    def loss(strength):
        start = model.config.suggested_init()
        start[model.config.poi_index] = strength
        if len(start) == 1:
            return -2 * float(model.logpdf(pyhf.tensorlib.astensor(start), data)[0])
        return float(pyhf.infer.mle.fixed_poi_fit(strength, data, model, init_pars=start, par_bounds=bounds, return_fitted_val=True)[1])

    least = loss(1.0)

    def rise(strength):
        return loss(strength) - least - 1

    low = 1 - brentq(rise, 0, 1, xtol=1e-5) if rise(0) > 0 else np.nan
    return low, brentq(rise, 1, 20, xtol=1e-5) - 1


def fit(arguments):
    rates = dict(rate.rpartition("=")[::2] for rate in arguments.rate)
    print(f"{'channel':24} {'without systematics':>28} {'with systematics':>28}")
    for path in arguments.workspaces:
        whole = json.loads(path.read_text())
        known = {sample["name"] for channel in whole["channels"] for sample in channel["samples"]}
        if unknown := sorted(rates.keys() - known):
            raise SystemExit(f"{path} has no sample {unknown[0]}; give --rate one of {', '.join(sorted(known))} and its size, as in NAME=0.1")
        for channel in whole["channels"]:
            part = {**whole, "channels": [channel],
                    "observations": [data for data in whole["observations"] if data["name"] == channel["name"]]}
            for sample in channel["samples"]:
                if sample["name"] in rates:
                    size = float(rates[sample["name"]])
                    sample["modifiers"].append({"name": f"rate of {sample['name']}", "type": "normsys",
                                                "data": {"hi": 1 + size, "lo": 1 - size}})
            ends = [interval(part, systematics) for systematics in (False, True)]
            shown = [f"-{low:.4f} +{high:.4f} ({(low + high) / 2:.4f})" for low, high in ends]
            print(f"{channel['name']:24} {shown[0]:>28} {shown[1]:>28}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("mixture", help="make the samples of the synthetic problem")
    command.add_argument("-n", "--events", type=int, default=100_000)
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("-o", "--output", type=pathlib.Path, required=True)
    command.set_defaults(run=mixture)
    command = commands.add_parser("scale", help="scale all momenta of a sample up and down")
    command.add_argument("sample", type=pathlib.Path)
    command.add_argument("--events", default="0:32000", metavar="FIRST:LAST")
    command.add_argument("--by", type=float, default=0.05)
    command.add_argument("-o", "--output", type=pathlib.Path, required=True)
    command.set_defaults(run=scale)
    command = commands.add_parser("fit", help="fit the strength of the signal in workspaces")
    command.add_argument("workspaces", type=pathlib.Path, nargs="+")
    command.add_argument("--rate", action="append", default=[], metavar="SAMPLE=RELATIVE")
    command.set_defaults(run=fit)
    command = commands.add_parser("exact", help="what the densities of the synthetic problem allow")
    command.add_argument("--seed", type=int, default=1)
    command.set_defaults(run=exact)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares Canopy with PyTorch on the same network, the same trees and the same cores, in one run.

    pip install torch numpy
    make build
    Resources/Benchmarks/pytorch.py

The gated recursive network of width 40 with a tagger on it is written in PyTorch with all splittings of equal
height of a batch in one product, as Canopy has it. PyTorch gets its batches ready made: indices and features
are prepared before the clock starts, while Canopy's numbers include ordering the trees. Both sides take
turns on one core, the first that the script may use (`taskset -c 3` chooses another), and the medians over the
rounds are printed. Canopy's figures for training leave the two hidden layers of the tagger out.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIDTH, FEATURES = 40, 11


def read_trees(canopy, sample):
    """The merges [[left, right], …] of the kT tree of each event, clustered by Canopy."""
    command = [canopy, "cluster", sample, "--algorithm", "kt", "--radius", "1000", "--min-pt", "0", "--tree",
               "--format", "jsonl"]
    with tempfile.TemporaryFile("w+") as lines:
        subprocess.run(list(map(str, command)), check=True, stdout=lines)
        lines.seek(0)
        events = [json.loads(line)["jets"] for line in lines]
    return [np.asarray(jets[0]["tree"], dtype=np.int64).reshape(-1, 2) for jets in events if jets]


class Batch:
    """Trees in the order of their heights: leaves first."""

    def __init__(self, trees, generator):
        heights, left, right, roots, first = [], [], [], [], 0
        for merges in trees:
            leaves = len(merges) + 1
            height = np.zeros(2 * leaves - 1, dtype=np.int64)
            for place, (a, b) in enumerate(merges):
                height[leaves + place] = 1 + max(height[a], height[b])
            heights.append(height)
            none = np.full(leaves, -1)
            left.append(np.concatenate([none, merges[:, 0] + first]))
            right.append(np.concatenate([none, merges[:, 1] + first]))
            first += len(height)
            roots.append(first - 1)
        heights, left, right = map(np.concatenate, (heights, left, right))
        order = np.argsort(heights, kind="stable")
        row = np.empty_like(order)
        row[order] = np.arange(len(order))
        bounds = np.searchsorted(heights[order], np.arange(heights.max() + 2))
        self.leaves = int(bounds[1])
        self.heights = []
        for start, end in zip(bounds[1:-1], bounds[2:]):
            nodes = order[start:end]
            children = torch.from_numpy(np.stack([row[left[nodes]], row[right[nodes]]], axis=1).reshape(-1))
            self.heights.append((int(start), int(end), children))
        self.roots = torch.from_numpy(row[np.asarray(roots)])
        self.features = torch.randn(len(order), FEATURES, generator=generator)
        self.labels = (torch.rand(len(trees), generator=generator) < 0.5).float()

    def __len__(self):
        return len(self.roots)


class Tagger(torch.nn.Module):
    """The gated recursive network of arXiv:1702.00748 and two hidden layers."""

    def __init__(self):
        super().__init__()
        w = WIDTH
        self.local = torch.nn.Linear(FEATURES, w)
        self.reset = torch.nn.Linear(3 * w, 3 * w)
        self.candidate = torch.nn.Linear(3 * w, w)
        self.choice = torch.nn.Linear(4 * w, 4 * w)
        self.head = torch.nn.Sequential(
            torch.nn.Linear(w, w), torch.nn.ReLU(), torch.nn.Linear(w, w), torch.nn.ReLU(), torch.nn.Linear(w, 1))

    def embed(self, batch):
        local = torch.relu(self.local(batch.features))
        levels, states = [local[:batch.leaves]], local[:batch.leaves]
        for start, end, children in batch.heights:
            count = end - start
            inputs = torch.cat([states.index_select(0, children).view(count, 2 * WIDTH), local[start:end]], dim=1)
            gated = torch.sigmoid(self.reset(inputs)) * inputs
            blocks = torch.cat([torch.relu(self.candidate(gated)), inputs], dim=1)
            weights = torch.softmax(self.choice(blocks).view(count, 4, WIDTH), dim=1)
            h = (weights * blocks.view(count, 4, WIDTH)).sum(dim=1)
            states = self.append(states, h, start, end)
        return states.index_select(0, batch.roots)

    def append(self, states, h, start, end):
        if torch.is_grad_enabled():
            return torch.cat([states, h])
        # Without gradients the states can be written in place, which saves a copy a height.
        if states.shape[0] < self.capacity:
            larger = states.new_empty(self.capacity, WIDTH)
            larger[:start] = states[:start]
            states = larger
        states[start:end] = h
        return states

    def forward(self, batch):
        self.capacity = len(batch.features)
        return self.head(self.embed(batch)).squeeze(1)


def rate(work, batches, seconds):
    """Jets a second of work(batch) over the batches in turn, for about so many seconds."""
    jets, start, place = 0, time.perf_counter(), 0
    while True:
        work(batches[place % len(batches)])
        jets += len(batches[place % len(batches)])
        place += 1
        elapsed = time.perf_counter() - start
        if elapsed > seconds:
            return jets / elapsed


def operations(trees):
    """What the equations of the gated network need for some trees, as `canopy bench` counts it."""
    splittings = sum(len(merges) for merges in trees)
    nodes = 2 * splittings + len(trees)
    return 2 * WIDTH * FEATURES * nodes + 56 * WIDTH**2 * splittings


def measure_canopy(canopy, trees):
    """Jets a second on one thread, by the keys of `canopy bench`."""
    command = [canopy, "bench", "--format", "json", "--threads", "1", "--quick", "--only", "embedding",
               "--samples", ROOT / "Resources/Samples", "--model", ROOT / "Resources/Models/w-tagger"]
    output = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout
    rates = {}
    for key, result in json.loads(output)["results"].items():
        if key.startswith("embedding.gated.40.inference.") or key == "embedding.gated.40.training.256":
            jets = max(int(key.split(".")[-1]), 64)
            work = operations(trees[:jets])
            if "training" in key:  # three products for one, but two for the layer whose input needs no gradient
                local = 2 * WIDTH * FEATURES * sum(2 * len(merges) + 1 for merges in trees[:jets])
                work = 3 * work - local
            rates[key.removeprefix("embedding.gated.40.")] = result["median"] * 1e9 / work * jets
    return rates


def measure_pytorch(model, optimiser, trees, seconds, sizes):
    generator = torch.Generator().manual_seed(1)
    loss = torch.nn.BCEWithLogitsLoss()
    rates = {}

    def train(batch):
        optimiser.zero_grad(set_to_none=True)
        loss(model(batch), batch.labels).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    for size in sizes:
        batches = [Batch(trees[first:first + size], generator) for first in range(0, max(size, 64), size)]
        with torch.inference_mode():
            rate(model, batches, seconds / 5)  # warm up
            rates[f"inference.{size}"] = rate(model, batches, seconds)
    batches = [Batch(trees[first:first + 256], generator) for first in range(0, 1024, 256)]
    rate(train, batches, seconds / 5)
    rates["training.256"] = rate(train, batches, seconds)
    return rates


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--canopy", default=ROOT / ".build/release/canopy", help="the program")
    parser.add_argument("--rounds", type=int, default=3, help="how often both sides take their turn")
    parser.add_argument("--seconds", type=float, default=2, help="for each of PyTorch's figures in each round")
    options = parser.parse_args()

    # One core for both: threads are over batches on either side, so this is the comparison that counts.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    torch.manual_seed(1)
    trees = read_trees(options.canopy, ROOT / "Resources/Samples/w-vs-qcd-small.h5")
    model = Tagger()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-4)
    sizes = [1, 8, 64, 256, 1024]
    ours, theirs = {}, {}
    for _ in range(options.rounds):
        for rates, turn in ((ours, measure_canopy(options.canopy, trees)),
                            (theirs, measure_pytorch(model, optimiser, trees, options.seconds, sizes))):
            for key, value in turn.items():
                rates.setdefault(key, []).append(value)

    print(f"jets/s on one core, medians of {options.rounds} rounds; PyTorch {torch.__version__}")
    print(f"{'':16}{'Canopy':>10}{'PyTorch':>10}{'ratio':>8}")
    medians = {}
    for key in theirs:
        a, b = statistics.median(ours[key]), statistics.median(theirs[key])
        medians[key] = (a, b)
        print(f"{key:16}{a:10.0f}{b:10.0f}{a / b:8.1f}")
    inference = [value for key, value in medians.items() if key.startswith("inference")]
    a, b = max(value[0] for value in inference), max(value[1] for value in inference)
    print(f"{'best inference':16}{a:10.0f}{b:10.0f}{a / b:8.1f}")


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares Canopy with PyTorch on the same network, the same trees and the same cores, in one run.

    pip install torch numpy
    make build
    Resources/Benchmarks/pytorch.py

The gated recursive network of width 40 with a tagger on it is written in PyTorch with all splittings of equal
height of a batch in one product, as Canopy has it. PyTorch gets its batches ready made: indices and features
are prepared before the clock starts, while Canopy's numbers include ordering the trees. Both sides take
turns, and the median of the rounds is printed. The cores are those that the script may use: `taskset -c 0,1`
chooses others.
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
    """The merges [[left, right], …] of the leading jet of each event, clustered by Canopy."""
    command = [canopy, "cluster", sample, "--algorithm", "antikt", "--radius", "1.0", "--min-pt", "200",
               "--recluster", "kt", "--tree", "--format", "jsonl"]
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


def measure_canopy(canopy, threads, sections):
    command = [canopy, "bench", "--format", "json", "--threads", threads, "--quick", "--only", *sections,
               "--samples", ROOT / "Resources/Samples", "--model", ROOT / "Resources/Models/w-tagger"]
    output = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout
    return {result["key"]: result for result in json.loads(output)["results"]}

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sample of any size for timings: the events of a small one again and again, each time with other momenta.

    pip install numpy h5py
    Resources/Benchmarks/repeat.py Resources/Samples/w-vs-qcd-small.h5 --events 1000000 -o million.h5

Every particle's pT is multiplied by a factor of mean 1 and width 0.05, and its η and φ are moved by 0.01 or so, so that no
two jets are the same; nothing else of the physics is new. Memory does not grow with the number of events.
"""

import argparse

import h5py
import numpy as np


def hardest(offsets, pt, count):
    """The particles to keep, event by event, if `count` of each event are wanted, and the new offsets."""
    event = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((-pt, event))
    rank = np.arange(len(pt)) - offsets[event]
    kept = np.sort(order[rank < count])
    return kept, np.append(0, np.cumsum(np.bincount(event[kept], minlength=len(offsets) - 1)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sample", help="an event file of Canopy with pt, eta, phi and mass")
    parser.add_argument("--events", type=int, required=True, help="how many events to write")
    parser.add_argument("--particles", type=int, help="of each event the hardest alone (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", required=True)
    arguments = parser.parse_args()

    random = np.random.default_rng(arguments.seed)
    with h5py.File(arguments.sample) as file:
        events = {name: data[:] for name, data in file["event"].items()}
        particles = {name: data[:] for name, data in file["particle"].items()}
        attributes = dict(file.attrs)
    offsets = events.pop("offset").astype(np.int64)
    if arguments.particles:
        kept, offsets = hardest(offsets, particles["pt"], arguments.particles)
        particles = {name: data[kept] for name, data in particles.items()}

    with h5py.File(arguments.output, "w") as file:
        file.attrs.update(attributes)
        columns = {"event/offset": np.zeros(1, np.uint64)}
        columns |= {f"event/{name}": data[:0] for name, data in events.items()}
        columns |= {f"particle/{name}": data[:0] for name, data in particles.items()}
        for name, data in columns.items():
            file.create_dataset(name, data=data, maxshape=(None, *data.shape[1:]), chunks=(1 << 16, *data.shape[1:]))

        def append(name, data):
            size = len(file[name])
            file[name].resize(size + len(data), axis=0)
            file[name][size:] = data

        done = written = 0
        while done < arguments.events:
            count = min(len(offsets) - 1, arguments.events - done)
            end = offsets[count]
            append("event/offset", (written + offsets[1 : count + 1]).astype(np.uint64))
            for name, data in events.items():
                append(f"event/{name}", data[:count])
            for name, data in particles.items():
                data = data[:end]
                if name == "pt":
                    data = data * random.normal(1, 0.05, end).clip(0.5, 1.5).astype(data.dtype)
                if name in ("eta", "phi"):
                    data = data + random.normal(0, 0.01, end).astype(data.dtype)
                append(f"particle/{name}", data)
            done, written = done + count, written + end


if __name__ == "__main__":
    main()

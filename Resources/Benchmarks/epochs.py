#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an epoch of a training takes of the processor, with a cache and in memory, by turns.

    Resources/Benchmarks/epochs.py million.yaml --cache /scratch --rounds 3 --set training.threads=1 --set training.epochs=4

User and system time of the process, as Linux counts it, hardly depends on what else the machine does, and turns take away
what changes slowly. Printed for either way: the time before the first epoch, the mean, least and largest time of an epoch,
the largest memory of the process, and the validation loss of the last epoch, which has to be the same.
"""

import argparse
import itertools
import os
import re
import subprocess
import tempfile


def processor_time(pid):
    """User and system time of a process so far, in seconds."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def train(command):
    """The times before the first epoch and of each epoch, the largest memory in MB, and the last validation loss."""
    times, loss = [], None
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [*command, "-o", os.path.join(folder, "model")], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for line in process.stderr:
            if "to learn from" in line or line.startswith("epoch"):
                times.append(processor_time(process.pid))
                found = re.search(r"validation loss (\S+)", line)
                loss = found.group(1) if found else loss
        _, status, usage = os.wait4(process.pid, 0)
    if status or len(times) < 2:
        raise SystemExit(f"{' '.join(command)} failed")
    return times[0], [end - start for start, end in itertools.pairwise(times)], usage.ru_maxrss / 1000, loss


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("configuration", help="a training configuration")
    parser.add_argument("--cache", required=True, help="the folder of the cache")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as for canopy train")
    parser.add_argument("--canopy", default="canopy", help="the command")
    arguments = parser.parse_args()

    command = [arguments.canopy, "train", arguments.configuration]
    for setting in arguments.set:
        command += ["--set", setting]
    ways = {"cache": [*command, "--set", f"data.cache={arguments.cache}"], "memory": command}
    found = {way: [] for way in ways}
    for number in range(arguments.rounds):
        for way in list(ways)[:: 1 if number % 2 == 0 else -1]:
            found[way].append(train(ways[way]))
    print("        before  epoch  least  largest  memory [MB]  validation loss")
    for way, runs in found.items():
        epochs = [time for run in runs for time in run[1]]
        losses = ", ".join(sorted({run[3] for run in runs}))
        print(
            f"{way:6}  {sum(run[0] for run in runs) / len(runs):6.2f}  {sum(epochs) / len(epochs):5.2f}  {min(epochs):5.2f}"
            f"  {max(epochs):7.2f}  {max(run[2] for run in runs):11.0f}  {losses}"
        )


if __name__ == "__main__":
    main()

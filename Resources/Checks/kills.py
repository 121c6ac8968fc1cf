#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills canopy at random moments, and looks at what it leaves.

    kills.py CANOPY [--kills N] [--seed S]

Trainings, classifications, triggers (one of them with a decision that keeps a state, Resources/Examples/RateLimiter, which is
built against the plugin-kit next to CANOPY), reports and new packages are stopped by SIGKILL or SIGTERM, and run again until they
are done. After each kill a model is the old or the new one, and an output is what it was before or complete; in the end
all is as it is after a run that was never stopped, and nothing else is left, in the folders and in TMPDIR.
"""

import argparse
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLE = os.path.join(HERE, "../Samples/w-vs-qcd-small.h5")
MODEL = os.path.join(HERE, "../Models/w-tagger")
LIMITER = os.path.join(HERE, "../Examples/RateLimiter")

CONFIGURATION = """
data: {inputs: [%s], max-events: 300, validation-fraction: 0.25}
jets: {algorithm: antikt, radius: 1.0, min-pt: 200, leading: 1, recluster: kt}
embedding: {cell: gated, width: 4, features: lund}
heads: {w-tagger: {plugin: jet-tagger, configuration: {truth: label, classes: [QCD, W]}}}
training: {epochs: 12, batch-size: 32, learning-rate: 0.005, seed: 7, threads: 2}
"""

MENU = """
paths:
  - name: tagged
    conditions: [{jet: {quantity: w-tagger/score}, min: 0.5}]
  - name: all
    prescale: 7
"""

# What is accepted depends on the events before: by the limiter's state, by prescales, and by both through a seed.
STATEFUL_MENU = """
paths:
  - name: limited
    conditions: [{jet: {quantity: w-tagger/score}, min: 0.3}, {rate-limiter: {accept: 2, of: 5}}]
  - name: limited-twice
    seed: limited
    prescale: 3
    conditions: [{rate-limiter: {accept: 3, of: 7}}]
  - name: all
    prescale: 11
"""


def xxh64(data):
    """The checksum that model.json has of the weights."""
    p1, p2, p3, p4, p5 = (
        0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
    mask = (1 << 64) - 1

    def rotate(value, bits):
        return (value << bits | value >> (64 - bits)) & mask

    def step(lane, word):
        return rotate((lane + word * p2) & mask, 31) * p1 & mask

    place = len(data) // 32 * 32
    if place:
        lanes = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        for first in range(0, place, 32):
            lanes = [step(*pair) for pair in zip(lanes, struct.unpack_from("<4Q", data, first))]
        value = sum(rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & mask
        for lane in lanes:
            value = ((value ^ step(0, lane)) * p1 + p4) & mask
    else:
        value = p5
    value = (value + len(data)) & mask
    while place + 8 <= len(data):
        value = (rotate(value ^ step(0, struct.unpack_from("<Q", data, place)[0]), 27) * p1 + p4) & mask
        place += 8
    if place + 4 <= len(data):
        value = (rotate(value ^ struct.unpack_from("<I", data, place)[0] * p1 & mask, 23) * p2 + p3) & mask
        place += 4
    for byte in data[place:]:
        value = rotate(value ^ byte * p5 & mask, 11) * p1 & mask
    value = (value ^ value >> 33) * p2 & mask
    value = (value ^ value >> 29) * p3 & mask
    return "%016x" % (value ^ value >> 32)


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def tree(folder):
    """The content of all files below a folder, by name."""
    return {
        os.path.relpath(os.path.join(place, name), folder): read(place, name)
        for place, _, names in os.walk(folder) for name in names}


class Check:
    def __init__(self, canopy, home):
        self.canopy = os.path.abspath(canopy)
        self.home = home
        self.temporary = self.make("tmp")
        self.kills = 0
        self.problems = []

    def make(self, name):
        path = os.path.join(self.home, name)
        os.makedirs(path, exist_ok=True)
        return path

    def start(self, arguments):
        return subprocess.Popen(
            [self.canopy] + arguments, cwd=self.home, env={**os.environ, "TMPDIR": self.temporary},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, arguments):
        process = self.start(arguments)
        _, errors = process.communicate()
        if process.returncode != 0:
            raise SystemExit("canopy %s: %d\n%s" % (" ".join(arguments), process.returncode, errors.decode()))

    def expect(self, holds, what):
        if not holds:
            self.problems.append(what)
            print("  WRONG: " + what, flush=True)

    def stopped(self, arguments, seconds):
        """Whether a run was stopped at a random moment of those that it takes; it ends by itself otherwise."""
        process = self.start(arguments)
        number = signal.SIGTERM if random.random() < 0.25 else signal.SIGKILL
        try:
            _, errors = process.communicate(timeout=random.uniform(0, 1.1 * seconds))
        except subprocess.TimeoutExpired:
            sent = time.monotonic()
            process.send_signal(number)
            _, errors = process.communicate()
            self.expect(time.monotonic() - sent < 5, "one signal did not end %s" % arguments[0])
        if process.returncode == -number:
            self.kills += 1
            return True
        self.expect(process.returncode == 0, "%s: status %d: %s" % (
            arguments[0], process.returncode, errors.decode()))
        return False

    def until_done(self, arguments, seconds, look, most=8):
        """Stops a run again and again, looks at what it leaves each time, and lets it end."""
        for _ in range(random.randint(1, most)):
            if not self.stopped(arguments, seconds):
                return
            look()
        self.run(arguments)

    def nothing_in_tmp(self, what):
        self.expect(os.listdir(self.temporary) == [], "%s left %s in TMPDIR" % (what, os.listdir(self.temporary)))

    def build_limiter(self):
        """The library of the decision with a state."""
        kit = os.path.join(os.path.dirname(self.canopy), "plugin-kit")
        if not os.path.isdir(kit):
            raise SystemExit("%s is missing; make build writes it." % kit)
        scratch = self.make("limiter")
        command = [os.environ.get("SWIFT", "swift"), "build", "--package-path", LIMITER, "--scratch-path", scratch]
        subprocess.run(command, env={**os.environ, "CANOPY_PLUGIN_KIT": kit}, stdout=subprocess.DEVNULL, check=True)
        return os.path.join(scratch, "debug/libRateLimiter.so")

    # What is killed

    def train(self, whole, seconds):
        folder = os.path.join(self.home, "part")
        shutil.rmtree(folder, ignore_errors=True)

        def look():
            if not os.path.exists(os.path.join(folder, "model.json")):
                return
            wanted = json.loads(read(folder, "model.json"))["weightsChecksum"]
            found = [xxh64(content) for name, content in tree(folder).items() if name.startswith("weights")]
            self.expect(wanted in found, "a training left model.json with the weights of another epoch")

        self.until_done(["train", "c.yaml", "-o", "part", "--resume"], seconds, look)
        files = tree(folder)
        self.expect(sorted(files) == sorted(whole), "a training left %s" % sorted(files))
        self.expect(
            files.get("weights.safetensors") == whole["weights.safetensors"], "a resumed training has other bits")

    def write(self, name, arguments, whole, seconds):
        folder = self.make("out")
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(b"earlier")

        def look():
            self.expect(read(path) in (b"earlier", whole), "%s is neither the old file nor the new one" % name)

        self.until_done(arguments + ["-o", path], seconds, look, most=4)
        self.expect(read(path) == whole, "%s differs from that of a run that was not stopped" % name)
        self.expect(os.listdir(folder) == [name], "%s: left %s" % (arguments[0], os.listdir(folder)))
        os.remove(path)

    def report(self, old, new, seconds):
        folder = self.make("reports")
        path = os.path.join(folder, "report")
        arguments = ["evaluate", SAMPLE, "--max-events", "400", "--model", MODEL, "--report", path]
        replaces = random.random() < 0.5
        if replaces:
            shutil.copytree(os.path.join(self.home, "report-old"), path)

        def look():
            files = tree(path) if os.path.exists(path) else None
            self.expect(files in (old if replaces else None, new), "a report is neither the old one nor the new one")

        self.until_done(arguments, seconds, look, most=4)
        self.expect(tree(path) == new, "a report differs from that of a run that was not stopped")
        self.expect(os.listdir(folder) == ["report"], "evaluate left %s" % os.listdir(folder))
        shutil.rmtree(folder)

    def package(self, whole, seconds):
        folder = self.make("packages")
        path = os.path.join(folder, "MyTagger")

        def look():
            if os.path.exists(path):
                self.expect(tree(path) == whole, "a package is not complete")
                shutil.rmtree(path)

        self.until_done(["plugin", "new", "MyTagger", "--directory", folder], seconds, look, most=4)
        self.expect(os.path.exists(path) and tree(path) == whole, "a package differs")
        self.expect(os.listdir(folder) == ["MyTagger"], "plugin new left %s" % os.listdir(folder))
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("canopy")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random.seed(options.seed)
    with tempfile.TemporaryDirectory(prefix="canopy-kills-") as home:
        check = Check(options.canopy, home)
        for name, text in [
            ("c.yaml", CONFIGURATION % SAMPLE), ("menu.yaml", MENU), ("stateful.yaml", STATEFUL_MENU),
        ]:
            with open(os.path.join(home, name), "w") as file:
                file.write(text)

        def timed(arguments):
            start = time.monotonic()
            check.run(arguments)
            return time.monotonic() - start

        # Runs that are not stopped: what they take, and what they come to.
        training = timed(["train", "c.yaml", "-o", "whole"])
        whole = tree(os.path.join(home, "whole"))
        classify = ["classify", SAMPLE, "--max-events", "500", "--model", MODEL]
        trigger = ["trigger", SAMPLE, "--max-events", "500", "--menu", "menu.yaml", "--model", MODEL]
        stateful = [
            "trigger", SAMPLE, "--max-events", "500", "--menu", "stateful.yaml", "--model", MODEL,
            "--plugin", check.build_limiter()]
        works = [lambda: check.train(whole, training)]
        for arguments, more, names in [
            (classify, [], ["scores.h5", "scores.npz", "scores.jsonl"]),
            (trigger, ["--resume"], ["accepted.h5", "accepted.jsonl"]),
            (stateful, ["--resume"], ["limited.h5", "limited.jsonl"]),
        ]:
            for name in names:
                seconds = timed(arguments + ["-o", "whole-" + name])
                content = read(home, "whole-" + name)
                works.append(
                    lambda name=name, arguments=arguments + more, content=content, seconds=seconds:
                    check.write(name, arguments, content, seconds))
        evaluate = ["evaluate", SAMPLE, "--model", MODEL, "--max-events"]
        check.run(evaluate + ["300", "--report", "report-old"])
        reporting = timed(evaluate + ["400", "--report", "report-new"])
        old, new = (tree(os.path.join(home, name)) for name in ("report-old", "report-new"))
        works.append(lambda: check.report(old, new, reporting))
        packing = timed(["plugin", "new", "MyTagger", "--directory", check.make("whole-package")])
        package = tree(os.path.join(home, "whole-package/MyTagger"))
        works.append(lambda: check.package(package, packing))

        while check.kills < options.kills:
            for work in works:
                work()
                check.nothing_in_tmp("a work")
            print("%d kills, %d problems" % (check.kills, len(check.problems)), flush=True)
    sys.exit(1 if check.problems else 0)


if __name__ == "__main__":
    main()

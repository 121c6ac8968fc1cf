# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of SHARED/cases, each with what is right for it."""

import json
import subprocess
import sys

import h5py
import numpy as np

import reference

# A menu that accepts every event.
EVERYTHING = "paths:\n  - name: all\n"


class Cases:
    def __init__(self, canopy, root, shared, folder):
        self.canopy, self.root, self.shared, self.folder = canopy.resolve(), root, shared.resolve(), folder
        self.cases = self.shared / "cases"
        self.tagger = root / "Resources/Models/w-tagger"
        self.menu = folder / "everything.yaml"
        self.menu.write_text(EVERYTHING)
        self.short = 0

    def run(self, training):
        """Prints a row for each case, and returns how many fall short."""
        print(f"\n{'case':24} {'right':62}")
        for case in (self.ends, self.weights, self.numbers, self.huge, self.event_numbers, self.number_column,
                     self.headings, self.neutrinos, self.layouts, self.refused, self.balance):
            case()
        if not training:
            print("What needs a training is left out.")
        elif not (self.shared / "data/hh-vs-ttbar.h5").exists():
            print("What needs a training is left out: there are no events for it.")
        else:
            self.trainings()
        return self.short

    # Running and telling

    def canopy_run(self, *arguments):
        command = [str(self.canopy), *map(str, arguments)]
        try:
            return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=1200,
                                  cwd=self.folder)
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, 124, "", "no end in 20 minutes")

    def jets(self, path, *options):
        """The run of cluster with all jets, and its events."""
        run = self.canopy_run("cluster", path, "--min-pt", 0, "--format", "jsonl", *options)
        lines = [line for line in run.stdout.splitlines() if line.startswith("{")]
        return run, [json.loads(line) for line in lines] if run.returncode == 0 else []

    def tell(self, case, right, holds, run):
        self.short += not holds
        what = "holds" if holds else f"FALLS SHORT  status {run.returncode}; {run.stderr.strip()[:160]}"
        print(f"{case:24} {right:62} {what}", flush=True)

    def refuses(self, run, *words):
        """Whether a run ended with status 65, one line that names all words, and no output."""
        return run.returncode == 65 and all(word in run.stderr for word in words) and not run.stdout

    def every_command(self, path, *options):
        """Runs of the commands that need no truth."""
        out = self.folder / "out.h5"
        yield "cluster", self.canopy_run("cluster", path, "--format", "jsonl", *options)
        for command in ("classify", "embed"):
            yield command, self.canopy_run(command, path, "--model", self.tagger, "-o", out, *options)
            out.unlink(missing_ok=True)
        yield "trigger", self.canopy_run("trigger", path, "--model", self.tagger, "--menu", self.menu, "-o", out,
                                         *options)
        out.unlink(missing_ok=True)
        (self.folder / "out.h5.journal").unlink(missing_ok=True)

    def same_jets(self, case, right, path, count, *options, invisible=False):
        """Holds if the jets of each event are those of the reference."""
        truth = reference.events(path, invisible)
        run, found = self.jets(path, *options)
        jets = [[jet["pt"] for jet in event["jets"] if jet["pt"] >= reference.MINIMUM_PT] for event in found]
        expected = [[jet[0] for jet in reference.jets(momenta)] for momenta in truth]
        same = len(jets) == len(expected) and all(
            len(a) == len(b) and np.allclose(a, b, rtol=1e-9, atol=0) for a, b in zip(jets, expected))
        self.tell(case, right, run.returncode == 0 and same and len(found) == count, run)

    # The cases

    def ends(self):
        path = self.cases / "no-end.hepmc"
        self.same_jets(path.name, "3 events with the jets of pyhepmc and FastJet", path, 3)
        short = self.folder / "cut-short.hepmc"
        short.write_text("".join(path.read_text().splitlines(True)[:-1]))
        run = self.canopy_run("cluster", short)
        self.tell(path.name, "without its last line: refused, event named", self.refuses(run, short.name, "event 2"), run)

    def weights(self):
        path = self.cases / "weights-change.hepmc"
        self.same_jets(path.name, "3 events with the jets of pyhepmc and FastJet", path, 3)
        for command, run in self.every_command(path):
            self.tell(path.name, f"{command}: 3 events", run.returncode == 0, run)

    def numbers(self):
        text = (self.cases / "odd-numbers.hepmc").read_text()
        for number in ("0.1234-100", "1.2.3", "1e5e5", "--5", "e", "-", "a"):
            path = self.folder / "odd.hepmc"
            path.write_text(text.replace("0.1234-100", number))
            run = self.canopy_run("cluster", path)
            self.tell("odd-numbers.hepmc", f"px is {number}: refused", self.refuses(run, path.name, "event 0"), run)

    def huge(self):
        path = self.cases / "huge.hepmc"
        run = self.canopy_run("cluster", path)
        self.tell(path.name, "refused, event and particle named",
                  self.refuses(run, path.name, "event ", "particle "), run)
        for command, run in self.every_command(path, "--skip-bad-events"):
            self.tell(path.name, f"{command} --skip-bad-events: left out and counted",
                      run.returncode == 0 and "1 bad event was left out" in run.stderr, run)

    def event_numbers(self):
        path, out = self.cases / "event-numbers.hepmc", self.folder / "numbers.h5"
        run = self.canopy_run("cluster", path, "-o", out)
        self.tell(path.name, "4711, 4712, 4711 in a column of the results",
                  run.returncode == 0 and [4711, 4712, 4711] in columns(out).values(), run)

    def number_column(self):
        path = self.cases / "number-column.h5"
        expected, source = columns(path)["number"], path
        for turn in ("first", "second"):
            out = self.folder / f"{turn}.h5"
            run = self.canopy_run("trigger", source, "--model", self.tagger, "--menu", self.menu, "-o", out)
            self.tell(path.name, f"unchanged after the {turn} trigger -o",
                      run.returncode == 0 and columns(out).get("number") == expected, run)
            if not out.exists():
                return
            source = out

    def headings(self):
        path = self.cases / "weight-name-break.hepmc"
        run, found = self.jets(path)
        self.tell(path.name, "2 events", run.returncode == 0 and len(found) == 2, run)
        path = self.cases / "indented.hepmc"
        run, found = self.jets(path)
        self.tell(path.name, "read, or refused with a sentence",
                  self.refuses(run, path.name) or run.returncode == 0 and len(found) > 0, run)

    def neutrinos(self):
        for name in ("neutrinos.h5", "neutrinos.jsonl"):
            for options, count in ((), 1), (("--keep-invisible",), 2):
                run, found = self.jets(self.cases / name, *options)
                self.tell(name, " ".join(["jets:", str(count), *options]),
                          [len(event["jets"]) for event in found] == [count], run)

    def layouts(self):
        run, found = self.jets(self.cases / "both-layouts.h5")
        masses = [jet["mass"] for event in found for jet in event["jets"]]
        self.tell("both-layouts.h5", "single pions have 0.13957 GeV to 1e-6",
                  bool(masses) and all(abs(mass - 0.13957) < 1e-6 for mass in masses), run)

    def refused(self):
        for name, word in (("unowned.h5", "offset"), ("wide-identifiers.h5", "3000000000")):
            run = self.canopy_run("cluster", self.cases / name)
            self.tell(name, f"refused, with the word {word}", self.refuses(run, name, word), run)

    def balance(self):
        path = self.folder / "balance.yaml"
        name = "balance-nan.jsonl"
        path.write_text((self.cases / "balance-nan.yaml").read_text().replace(name, str(self.cases / name)))
        run = self.canopy_run("train", path, "-o", self.folder / "balance")
        self.tell("balance-nan.yaml", "train: refused; file, event and column named",
                  self.refuses(run, name, "event ", "label") and not (self.folder / "balance").exists(), run)

    # Those that need events in number

    def trainings(self):
        made = self.folder / "made"
        subprocess.run([sys.executable, self.cases / "make.py", made], check=True)
        configurations = self.root / "Resources/Configurations"
        self.mass_points(made, configurations / "dihiggs.yaml")
        self.condition(made, configurations / "dihiggs.yaml")
        self.one_class(made)
        self.negative_weights(made, configurations / "w-tagger-lund.yaml")
        self.missing_truth(made)

    def train(self, configuration, model, *settings):
        options = [word for setting in settings for word in ("--set", setting)]
        return self.canopy_run("train", configuration, "-o", self.folder / model, *options)

    def auc(self, path, model, *options):
        run = self.canopy_run("evaluate", path, "--model", self.folder / model, "--format", "json", *options)
        try:
            estimate = json.loads(run.stdout)["heads"][0]["classifiers"][0]["auc"]
            return run, estimate["value"], estimate.get("error", 0)
        except (ValueError, KeyError, IndexError, TypeError):
            return run, float("nan"), 0

    def mass_points(self, made, configuration):
        models = {}
        for order in ("in-order", "shuffled"):
            file = made / f"mass-points-{order}.h5"
            run = self.train(configuration, order, f"data.inputs=['{file}']", "data.max-events=null",
                             "training.epochs=2")
            if run.returncode != 0:
                return self.tell(file.name, "trains", False, run)
            description = json.loads((self.folder / order / "model.json").read_text())
            models[order] = np.array(numbers(description["scaling"]))
        first, second = models.values()
        # The largest sampling error is that of medians of 20,000 events: 1 % of a range; columns may be wider.
        far = np.abs(first - second) / np.maximum(np.abs(first), np.abs(second)).clip(1)
        # A charge is as often −1 as +1, and either is a median of a sample of charges.
        far = float(np.max(far[(first % 1 != 0) | (second % 1 != 0)]))
        self.tell("mass-points-*.h5", f"scalings agree within 5 % (found {100 * far:.1f} %)", far < 0.05, run)
        test = self.shared / "data/hh-vs-ttbar.h5"
        values = [self.auc(test, order, "--skip-events", 32000)[1:] for order in models]
        (a, error), (b, other) = values
        self.tell("mass-points-*.h5", f"AUCs agree: {a:.4f} and {b:.4f}", abs(a - b) < 0.005, run)

    def condition(self, made, configuration):
        by_hand = made / "one-mass-by-hand.h5"
        by_hand.write_bytes((made / "one-mass-in-most.h5").read_bytes())
        with h5py.File(by_hand, "r+") as file:
            mass = file["event/resonance_mass"][:]
            file["event/resonance_mass"][:] = (mass - 500) / np.std(mass)
        found = []
        for path in (made / "one-mass-in-most.h5", by_hand):
            run = self.train(configuration, path.stem, f"data.inputs=['{path}']", "data.max-events=null",
                             "training.epochs=6")
            if run.returncode != 0:
                return self.tell(path.name, "trains", False, run)
            found.append(self.auc(path, path.stem)[1:])
        (a, _), (b, error) = found
        self.tell("one-mass-in-most.h5", f"AUC as with the column scaled by hand: {a:.3f} and {b:.3f}",
                  a > b - 3 * max(error, 0.005), run)

    def one_class(self, made):
        for name in ("signal.h5", "background.h5"):
            run = self.canopy_run("evaluate", made / name, "--model", self.tagger, "--format", "json")
            table = self.canopy_run("evaluate", made / name, "--model", self.tagger)
            values = dict(line.strip().rsplit("  ", 1) for line in table.stdout.splitlines() if "  " in line.strip())
            values = {key.strip(): value.strip() for key, value in values.items()}
            kind = name.removesuffix(".h5")
            known = values.get(f"{kind} efficiency at working point 0.1", "-")
            self.tell(name, "evaluate: efficiencies at the working points, a dash elsewhere",
                      run.returncode == 0 and table.returncode == 0 and values.get("AUC") == "-" and known != "-",
                      run if run.returncode else table)

    def negative_weights(self, made, configuration):
        path = made / "negative-weights.h5"
        run = self.train(configuration, "weighted", f"data.inputs=['{path}']", "data.max-events=null",
                         "data.weight=weight", "training.epochs=2")
        self.tell(path.name, "train with data.weight: weight", run.returncode == 0, run)
        if run.returncode != 0:
            return
        run, value, _ = self.auc(path, "weighted", "--weight", "weight")
        scores = self.folder / "scores.h5"
        classify = self.canopy_run("classify", path, "--model", self.folder / "weighted", "-o", scores)
        expected = weighted_auc(path, scores)
        self.tell(path.name, f"evaluate --weight weight: AUC {value:.4f}; by numpy {expected:.4f}",
                  abs(value - expected) < 1e-4, run if run.returncode else classify)

    def missing_truth(self, made):
        path, configuration = made / "some-truth-missing.h5", self.folder / "both.yaml"
        configuration.write_text(f"""
data: {{inputs: ['{path}']}}
jets: {{radius: 1.0, min-pt: 200, leading: 1, recluster: kt}}
embedding: {{}}
heads:
  tagger: {{plugin: jet-tagger, configuration: {{truth: label, classes: [QCD, W]}}}}
  jet-mass: {{plugin: mass-regression, configuration: {{truth: truth_mass, rows: jets}}}}
training: {{epochs: 2, batch-size: 128}}
""")
        run = self.train(configuration, "both")
        said = "jet-mass leaves out the events without truth" in run.stderr
        self.tell(path.name, "a tagger and a mass regression train together, which is said", run.returncode == 0 and said, run)
        if run.returncode == 0:
            run = self.canopy_run("evaluate", path, "--model", self.folder / "both", "--format", "json")
            heads = json.loads(run.stdout)["heads"] if run.returncode == 0 else []
            self.tell(path.name, "evaluate judges both", len(heads) == 2, run)


def columns(path):
    """The columns of events of an HDF5 file, as lists."""
    if not path.exists():
        return {}
    with h5py.File(path) as file:
        return {name: column[:].tolist() for name, column in file["event"].items() if isinstance(column, h5py.Dataset)}


def numbers(value):
    """All numbers of a JSON value."""
    if isinstance(value, dict):
        return [number for key in sorted(value) for number in numbers(value[key])]
    if isinstance(value, list):
        return [number for item in value for number in numbers(item)]
    return [value] if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def weighted_auc(events, scores):
    """The area under the ROC curve of the leading jets, each with the weight of its event."""
    with h5py.File(events) as file:
        label, weight = file["event/label"][:], file["event/weight"][:]
    with h5py.File(scores) as file:
        offset = file["jet/offset"][:].astype(int)
        score = file["jet/w-tagger/score"][:].reshape(-1)
    event = np.repeat(np.arange(len(offset) - 1), np.diff(offset))
    signal = label[event] == 1
    weight = weight[event]
    order = np.argsort(score, kind="stable")
    score, signal, weight = score[order], signal[order], weight[order]
    _, group = np.unique(score, return_inverse=True)
    background = np.bincount(group, np.where(signal, 0, weight))
    below = np.cumsum(background) - background / 2
    return float(np.sum((weight * below[group])[signal]) / (weight[signal].sum() * weight[~signal].sum()))

# SPDX-License-Identifier: GPL-3.0-or-later
"""What models are worth on events with truth."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import awkward as ak
import numpy as np
import numpy.typing as npt

from . import _files, _given, _settings
from ._files import Path
from ._library import Results, library
from ._model import Model, load_model, opened
from ._watch import Watch

Array = npt.NDArray[Any]
# The column of weights that are given as numbers; no column of a file has a slash at both ends of its name.
WEIGHT = "/weight/"


class Estimate(NamedTuple):
    """A number with its statistical error of one standard deviation, None if the events do not tell it."""

    value: float
    error: float | None


@dataclasses.dataclass(frozen=True)
class Classifier:
    """How well a score tells signal from background.

    Attributes
    ----------
    name
        The name: that of the head, and of the class if there are several.
    signal, background
        What the two are called.
    auc
        The area under the ROC curve; None if one of the two is absent.
    curve
        The ROC curve: `threshold`, `signal_efficiency`, `signal_efficiency_error`, `background_efficiency`,
        `background_rejection` and `background_rejection_error`, `[points]` each; empty if one of the two is absent.
    numbers
        All numbers, as `canopy evaluate --format json` has them: rejections, calibration, significance.
    """

    name: str
    signal: str
    background: str
    auc: Estimate | None
    curve: dict[str, npt.NDArray[np.float64]]
    numbers: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class HeadEvaluation:
    """What a head is worth.

    Attributes
    ----------
    name, plugin, rows
        The name of the head, its plugin, and what it has a row for: events, jets, constituents or splittings.
    problem
        Why it cannot be judged by these events; None if it can.
    metrics
        Single numbers by name, such as `AUC`, `bias` or `resolution`, and the efficiencies at working points.
    outputs
        What it predicts, by output: `[rows]` or `[rows × width]`.
    truth
        What is true, by column: `[rows]`, NaN if it is not known.
    classes
        The number of the true class: `[rows]`; None if the head does not classify.
    weights
        The weight of each row: `[rows]`.
    classifiers
        Its scores: one of two classes, one for each class of several, or none.
    numbers
        All numbers, as `canopy evaluate --format json` has them: regressions, figures, tables, conditions.
    """

    name: str
    plugin: str
    rows: str
    problem: str | None
    metrics: dict[str, Estimate | None]
    outputs: dict[str, Array]
    truth: dict[str, Array]
    classes: Array | None
    weights: Array
    classifiers: list[Classifier]
    numbers: dict[str, Any]

    @property
    def working_points(self) -> dict[float, dict[str, Estimate | None]]:
        """The efficiencies for `signal` and `background`, by the background efficiency that was aimed at."""
        points: dict[float, dict[str, Estimate | None]] = {}
        for name, estimate in self.metrics.items():
            kind, found, point = name.partition(" efficiency at working point ")
            if found:
                points.setdefault(float(point), {})[kind] = estimate
        return points


class Evaluation:
    """What the heads of a model are worth.

    Attributes
    ----------
    heads
        What each head is worth, by its name; `evaluation["w-tagger"]` is short for it.
    events, jets
        How many there are.
    remarks
        What casts doubt on the numbers, a sentence each.
    numbers
        All numbers, as `canopy evaluate --format json` prints them.
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.numbers: dict[str, Any] = json.loads(str(arrays["evaluation"][0]))
        self.remarks: list[str] = arrays["remark"].tolist()
        self.events: int = self.numbers["events"]
        self.jets: int = self.numbers["jets"]
        self.heads = {head["name"]: _head(head, arrays) for head in self.numbers["heads"]}

    def __getitem__(self, name: str) -> HeadEvaluation:
        """Give what the head of a name is worth."""
        return self.heads[name]

    def __repr__(self) -> str:
        """Give the metrics in a few lines."""
        lines = [f"<canopy.Evaluation of {self.events} events, {self.jets} jets>"]
        for head in self.heads.values():
            if head.problem is not None:
                lines.append(f"  {head.name}: {head.problem}")
            lines += [
                f"  {head.name} {name}: {estimate.value:.4g}"
                + ("" if estimate.error is None else f" ± {estimate.error:.2g}")
                for name, estimate in head.metrics.items()
                if estimate is not None
            ]
        return "\n".join(lines)

    @property
    def classifiers(self) -> list[Classifier]:
        """The scores of all heads."""
        return [classifier for head in self.heads.values() for classifier in head.classifiers]

    def roc(self, axes: Any = None) -> Any:
        """Draw the ROC curves: background rejection against signal efficiency.

        Parameters
        ----------
        axes
            The axes of matplotlib to draw on; those of a new figure unless given.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        axes = _axes(axes)
        for classifier in self._drawable():
            curve = classifier.curve
            label = classifier.name
            if classifier.auc is not None:
                label += f" (AUC {classifier.auc.value:.4f})"
            axes.plot(curve["signal_efficiency"], curve["background_rejection"], label=label)
        axes.set(xlabel="signal efficiency", ylabel="background rejection", yscale="log", xlim=(0, 1))
        axes.legend()
        return axes

    def scores(self, head: str | None = None, *, bins: int = 50, axes: Any = None) -> Any:
        """Draw the distribution of the score of each class, normalised.

        Parameters
        ----------
        head
            The name of a head of two classes; the first one unless given.
        bins
            The number of bins.
        axes
            The axes of matplotlib to draw on; those of a new figure unless given.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        names = [name for name, value in self.heads.items() if "score" in value.outputs and value.classifiers]
        if head is None and names:
            head = names[0]
        if head is None or head not in names:
            raise ValueError(f"no head {head} has a score; choose from {', '.join(names) or 'none'}.")
        axes = _axes(axes)
        found = self.heads[head]
        classifier = found.classifiers[0]
        assert found.classes is not None
        for number, name in enumerate((classifier.background, classifier.signal)):
            of_class = found.classes == number
            if found.weights[of_class].sum() <= 0:
                continue
            contents, edges = np.histogram(
                found.outputs["score"][of_class], bins, (0, 1), density=True, weights=found.weights[of_class]
            )
            axes.stairs(contents, edges, label=name)
        axes.set(xlabel=f"{head} score", ylabel="density", xlim=(0, 1))
        axes.legend()
        return axes

    def calibration(self, axes: Any = None) -> Any:
        """Draw the share of signal in bins of the score against the mean score.

        Parameters
        ----------
        axes
            The axes of matplotlib to draw on; those of a new figure unless given.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        axes = _axes(axes)
        for classifier in self._drawable():
            bins = classifier.numbers["calibration"] or []
            fractions = [_estimate(one["signalFraction"]) for one in bins]
            axes.errorbar(
                [one["meanScore"] for one in bins],
                [fraction.value for fraction in fractions if fraction],
                [fraction.error or 0 for fraction in fractions if fraction],
                fmt="o",
                label=classifier.name,
            )
        axes.axline((0, 0), slope=1, linestyle=":", color="grey")
        axes.set(xlabel="mean score", ylabel="share of signal", xlim=(0, 1), ylim=(0, 1))
        axes.legend()
        return axes

    def response(self, quantity: str = "bias", axes: Any = None) -> Any:
        """Draw what regressions and other estimators are worth in intervals of the true value.

        Parameters
        ----------
        quantity
            `bias`, `resolution`, `pullMean`, `pullWidth`, `coverage` or `missing`.
        axes
            The axes of matplotlib to draw on; those of a new figure unless given.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.
        """
        regressions = [one for head in self.heads.values() for one in head.numbers["regressions"]]
        if not regressions:
            raise ValueError("no head of the model predicts a quantity.")
        axes = _axes(axes)
        for regression in regressions:
            for estimator in regression["estimators"]:
                points = [
                    (one["least"], one["largest"], estimate)
                    for one in estimator["bins"]
                    if (estimate := _estimate(one["summary"].get(quantity))) is not None
                ]
                if not points:
                    continue
                axes.errorbar(
                    [(least + largest) / 2 for least, largest, _ in points],
                    [estimate.value for _, _, estimate in points],
                    [estimate.error or 0 for _, _, estimate in points],
                    [(largest - least) / 2 for least, largest, _ in points],
                    fmt=".",
                    label=f"{regression['name']}: {estimator['name']}",
                )
        unit = regressions[0].get("unit")
        axes.set(xlabel="truth" + (f" [{unit}]" if unit else ""), ylabel=quantity)
        axes.legend()
        return axes

    def _drawable(self) -> list[Classifier]:
        found = [classifier for classifier in self.classifiers if classifier.curve]
        if not found:
            raise ValueError("no head of the model tells classes apart that are both among the events.")
        return found


def evaluate(
    model: Model | Path,
    particles: Any,
    truth: Any = None,
    *,
    event: Any = None,
    jets: Any = None,
    weights: Any = None,
    negative_weights: str | None = None,
    conditions: Mapping[str, float] | None = None,
    signal_yield: float | None = None,
    background_yield: float | None = None,
    intervals: Mapping[str, Sequence[float] | None] | None = None,
    importance: int = 0,
    robustness: bool = False,
    threads: int | None = None,
    **reading: Any,
) -> Evaluation:
    """Measure how good a model is on events whose truth is known, as the command `canopy evaluate` does.

    Ctrl-C stops it, and other threads of Python run meanwhile.

    Parameters
    ----------
    model
        The model, its name or its folder.
    particles
        Particles of many events as `canopy.cluster` takes them, before any selection; or files, by a name, a pattern or
        several, which have the truth themselves.
    truth
        What is true of the events: a mapping of columns to values, or an array of records such as what `canopy.read`
        gives; or the values of the one column that the model was trained on, `[events]`, numbers or names of classes.
    event
        Further columns of the events, such as conditions or numbers for `weights` and `where`.
    jets
        Jets that the events have of themselves, whose columns are truth per jet: a list of records for each event.
    weights
        What each event counts: numbers, `[events]`, the name of a column or a formula.
    negative_weights
        What becomes of negative weights: `as-they-are`, the default, `absolute` or `left-out`.
    conditions
        The values of conditions that the model reads, for all events.
    signal_yield, background_yield
        The numbers of events expected before any cut.
    intervals
        Numbers in whose intervals heads are judged too, by their edges, or None for automatic ones, as in
        `{"kinematics/pt": None}`.
    importance
        How often each number that the network reads is shuffled.
    robustness
        Whether events are judged too that are changed in ways that should not matter, by ghosts or a boost.
    threads
        How many threads work; those that the process may use unless given.
    **reading
        The options of `canopy.read`, such as `where` and `max_events`; `apply` is what the model was trained
        with unless given, and `none` for nothing.

    Returns
    -------
    Evaluation
        What each head is worth.

    Raises
    ------
    InputError
        If events cannot be used, or lack truth; it names file, event and field.
    ValueError
        If the settings do not go together.
    """
    used = model if isinstance(model, Model) else load_model(model)
    settings = _files.reading(**reading) | {
        "threads": _settings.threads(threads),
        "importance": importance,
        "robustness": robustness,
    }
    named: dict[str, Any] = {
        "negative-weights": negative_weights,
        "signal-yield": signal_yield,
        "background-yield": background_yield,
        "conditions": conditions and {name: float(value) for name, value in conditions.items()},
        "in": intervals and {name: [float(edge) for edge in edges or ()] for name, edges in intervals.items()},
    }
    settings |= {name: value for name, value in named.items() if value is not None}
    columns = _records(event, "event") if event is not None else {}
    sources: list[Any]
    if _are_files(particles):
        if truth is not None or jets is not None or columns:
            raise ValueError("files have their truth and columns themselves; leave truth, event and jets out.")
        sources = list(_files.names(particles))
    else:
        if truth is not None:
            columns |= _truth(truth, used)
        if weights is not None and not isinstance(weights, str):
            columns[WEIGHT] = weights
        sources = [("the events", _given.Given(particles, columns, jets))]
    if weights is not None:
        if not isinstance(weights, str) and _are_files(particles):
            raise ValueError("weights of files are a column or a formula, not numbers.")
        settings["weight"] = weights if isinstance(weights, str) else WEIGHT
    inputs, _kept = _given.inputs(sources)
    results, watch = Results(), Watch()
    status = library.canopy_evaluate(
        opened(used),
        inputs,
        len(sources),
        _settings.text(settings).encode(),
        watch.pointer,
        results.pointer,
    )
    watch.check(status)
    return Evaluation(results.arrays())


def _are_files(particles: Any) -> bool:
    if isinstance(particles, (str, os.PathLike)):
        return True
    is_list = isinstance(particles, (list, tuple)) and len(particles) > 0
    return is_list and all(isinstance(one, (str, os.PathLike)) for one in particles)


def _records(given: Any, what: str) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, ak.Array) and given.fields:
        return {name: given[name] for name in given.fields if name not in ("particles", "jets")}
    raise TypeError(f"{what} must be a mapping of names to values or an array of records, not {type(given).__name__}.")


def _truth(given: Any, model: Model) -> dict[str, Any]:
    """Give the columns of truth."""
    if isinstance(given, Mapping) or (isinstance(given, ak.Array) and given.fields):
        return _records(given, "truth")
    heads = model.description.get("heads", [])
    columns = {head.get("configuration", {}).get("truth") for head in heads}
    names = {name for name in columns if isinstance(name, str)}
    if len(names) != 1 or columns != names:
        raise ValueError("the model has not one column of truth; give a mapping, such as {'label': values}.")
    return {names.pop(): given}


def _estimate(number: Mapping[str, Any] | None) -> Estimate | None:
    if number is None:
        return None
    # What is infinite or no number is text in JSON.
    error = number.get("error")
    return Estimate(float(number["value"]), None if error is None else float(error))


def _head(numbers: dict[str, Any], arrays: Mapping[str, Array]) -> HeadEvaluation:
    name = numbers["name"]
    return HeadEvaluation(
        name=name,
        plugin=numbers["plugin"],
        rows=numbers["rows"],
        problem=numbers.get("problem"),
        metrics={metric: _estimate(value) for metric, value in numbers["metrics"].items()},
        outputs=_under(f"outputs/{name}/", arrays),
        truth=_under(f"truth/{name}/", arrays),
        classes=arrays.get(f"class/{name}"),
        weights=arrays[f"weight/{name}"],
        classifiers=[
            Classifier(
                name=one["name"],
                signal=one["signal"],
                background=one["background"],
                auc=_estimate(one["auc"]),
                curve=_under(f"roc/{one['name']}/", arrays),
                numbers=one,
            )
            for one in numbers["classifiers"]
        ],
        numbers=numbers,
    )


def _under(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _axes(axes: Any) -> Any:
    if axes is not None:
        return axes
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("figures need matplotlib: pip install 'canopy-hep[plot]'") from error
    return pyplot.subplots()[1]

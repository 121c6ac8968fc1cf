# SPDX-License-Identifier: GPL-3.0-or-later
"""Trainings."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import awkward as ak

from . import _given, _settings
from ._errors import InputError
from ._files import Path
from ._library import ffi, library
from ._model import Model, load_model
from ._watch import Watch


def train(
    config: Mapping[str, Any] | Path, *, inputs: Any = None, output: Path, progress: bool = True, resume: bool = False
) -> Model:
    """Train a network, with the bits that the command `canopy train` gives of the same events.

    After every epoch the folder has the model of the best epoch so far, its learning curve and a checkpoint. Ctrl-C
    stops at the next step with a KeyboardInterrupt, and `resume=True` goes on later. Other threads of Python run
    meanwhile.

    Parameters
    ----------
    config
        The configuration: a file in YAML, or a mapping of the same keys. Files in it are relative to the working
        folder.
    inputs
        The events to train on, in place of `data.inputs` of the configuration: a file, a mapping such as
        `{"file": "tt-*.h5", "label": 0}`, events in memory as `canopy.read` gives them, or a list of such. Events in
        memory are handed to the library as they are, without a file, under the names `array 0`, `array 1`, and so on.
    output
        The folder of the new model.
    progress
        Whether progress is shown on standard error: a bar on a terminal, else a line for each epoch.
    resume
        Whether to go on with the training that the folder has, if it has one: with the same events, and the same
        configuration but for the keys that the command lets differ.

    Returns
    -------
    Model
        The model of the best epoch.

    Raises
    ------
    InputError
        If the configuration or the events cannot be used; it names file, event and field.
    KeyboardInterrupt
        If the user stops it.
    RuntimeError
        If the training fails, as on a full disk.
    ValueError
        If the folder holds a model already.
    """
    training = ffi.new("canopy_training *", {"size": ffi.sizeof("canopy_training")})
    kept: list[Any] = []

    def encoded(text: str) -> Any:
        kept.append(ffi.new("char[]", text.encode()))
        return kept[-1]

    file = None
    if isinstance(config, Mapping):
        training.text = encoded(_settings.text(dict(config)))
    elif isinstance(config, (str, os.PathLike)):
        file = os.fspath(config)
        training.file = encoded(file)
    else:
        raise TypeError(f"config must be a mapping or the path of a YAML file, not {type(config).__name__}.")
    if inputs is not None:
        named, held = _inputs(inputs)
        training.inputs, other = _given.inputs(held)
        training.input_count = len(held)
        settings = ffi.new("const char *[]", [encoded("data.inputs=" + json.dumps(named, default=os.fspath))])
        training.settings, training.setting_count = settings, 1
        kept += [other, settings]
    folder = os.fspath(output)
    training.folder = encoded(folder)
    training.resume = resume
    watch = Watch(progress)
    watch.check(library.canopy_train(training, watch.pointer), file=file)
    return load_model(folder)


def _inputs(given: Any) -> tuple[list[Any], list[str | tuple[str, _given.Given]]]:
    """Give inputs as the configuration names them, and those in memory."""
    listed = given if isinstance(given, (list, tuple)) else [given]
    if not listed:
        raise InputError("inputs is empty; give at least one file or array of events.", field="inputs")
    named: list[Any] = []
    held: list[str | tuple[str, _given.Given]] = []
    for one in listed:
        if isinstance(one, ak.Array):
            named.append(f"array {len(held)}")
            held.append((named[-1], _given.of_events(one)))
        elif isinstance(one, (str, os.PathLike)):
            named.append(os.fspath(one))
        elif isinstance(one, Mapping):
            named.append(dict(one))
        else:
            raise TypeError(f"inputs are files, mappings or awkward arrays of events, not {type(one).__name__}.")
    return named, held

# SPDX-License-Identifier: GPL-3.0-or-later
"""Models: what they are and what they predict."""

from __future__ import annotations

import functools
import html
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import awkward as ak

from . import _dask, _jets, _particles, _settings
from ._errors import InputError
from ._library import failure, ffi, folder, library, text

# What model.json calls the parameters of canopy.cluster.
SETTINGS = {
    "minimumPt": "min_pt",
    "exclusiveJets": "exclusive_jets",
    "exclusiveCut": "exclusive_dcut",
    "maximumAbsRapidity": "max_abs_rapidity",
}


def models() -> list[str]:
    """Give the names of the models that come with Canopy."""
    place = _shipped()
    return sorted(path.name for path in place.iterdir() if (path / "model.json").exists()) if place.is_dir() else []


def _shipped() -> pathlib.Path:
    return pathlib.Path(os.environ.get("CANOPY_MODELS") or folder / "share" / "canopy" / "Resources" / "Models")


def load_model(name_or_path: str | os.PathLike[str]) -> Model:
    """Load a model.

    Parameters
    ----------
    name_or_path
        The name of a model that comes with Canopy, such as `w-tagger`, or the folder of one.

    Raises
    ------
    InputError
        If there is no such model, or it cannot be read.
    """
    name = _settings.path("name_or_path", name_or_path)
    if not os.path.isdir(name):
        if name not in models():
            raise InputError(
                f"{name}: there is no folder of a model, nor a model that comes with Canopy, which are "
                f"{', '.join(models())}.",
                file=name,
            )
        name = str(_shipped() / name)
    return Model(os.path.abspath(name))


class Model:
    """A model that finds jets as it was trained on them, and says what its heads predict.

    It may be used by many threads at once, is cheap to copy and goes to other processes by the path of its folder.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._written = _written(path)
        model = _open(path, self._written, "{}")
        self._description: dict[str, Any] = json.loads(text(library.canopy_model_description(model)))

    @property
    def path(self) -> str:
        """The folder of the model."""
        return self._path

    @property
    def description(self) -> dict[str, Any]:
        """What the model is, as its model.json says it."""
        return json.loads(json.dumps(self._description))  # type: ignore[no-any-return]

    @property
    def jets(self) -> dict[str, Any]:
        """How the model finds jets, by the names of `canopy.cluster`, and `leading`: the most jets of an event."""
        found: dict[str, Any] = self._description.get("jets", {})
        given = found.get("definition", {}) | found.get("selection", {}) | {"recluster": found.get("recluster")}
        return {SETTINGS.get(name, name): value for name, value in given.items() if value is not None}

    @property
    def outputs(self) -> list[str]:
        """The names of the heads."""
        return [head["name"] for head in self._description.get("heads", [])]

    @_dask.by_partitions
    def classify(
        self,
        particles: Any,
        *,
        event: Any = None,
        conditions: Mapping[str, float] | None = None,
        constituents: bool = False,
        apply: str | os.PathLike[str] | None = None,
        threads: int | None = None,
    ) -> Any:
        """Say what the heads predict.

        Parameters
        ----------
        particles
            Particles as `canopy.cluster` takes them, before any selection: the model finds its own jets.
        event
            Columns of the events, such as conditions that differ from event to event: a mapping or an array of records.
        conditions
            The values of conditions that the model reads, for all events.
        constituents
            Whether jets have the indices of their particles.
        apply
            What the momenta of particles are multiplied by before jets are found, as for `canopy.cluster`; what the
            model was trained with unless given, and `none` for nothing.
        threads
            How many threads work; those that the process may use unless given.

        Returns
        -------
        awkward.Array
            A record for each event: `jets`, as `canopy.cluster` gives them, with a record for each head on jets, as in
            `result.jets["w-tagger"].score`; and a record for each head on events, as in `result["dihiggs"].score`.

        Raises
        ------
        InputError
            If an event cannot be used, or lacks what the model reads.
        """
        # The rows of heads on constituents are counted by them.
        return self._run(particles, event, conditions, {"constituents": True}, apply, threads, constituents)

    @_dask.by_partitions
    def embed(
        self,
        particles: Any,
        *,
        event: Any = None,
        conditions: Mapping[str, float] | None = None,
        apply: str | os.PathLike[str] | None = None,
        threads: int | None = None,
    ) -> Any:
        """Give the embeddings of jets and events.

        The parameters are those of `classify`.

        Returns
        -------
        awkward.Array
            A record for each event: `jets` with `embedding`, and `embedding` if the model embeds events.
        """
        return self._run(particles, event, conditions, {"heads": False, "embeddings": True}, apply, threads)

    def _run(
        self,
        particles: Any,
        event: Any,
        conditions: Mapping[str, float] | None,
        settings: dict[str, Any],
        apply: str | os.PathLike[str] | None,
        threads: int | None,
        constituents: bool = False,
    ) -> Any:
        settings |= {"threads": _settings.threads(threads)}
        if conditions is not None:
            settings["conditions"] = {
                name: _settings.number(f"conditions[{name!r}]", value)
                for name, value in _settings.mapping("conditions", conditions).items()
            }
        constituents = _settings.flag("constituents", constituents)
        if apply is not None:
            settings["apply"] = applied(apply)
        model = _open(self._path, self._written + written_of(settings), _settings.text(settings))
        given = _particles.read(particles, event)
        arrays = _jets.run(given, lambda events, results: library.canopy_predict(model, events, results))
        jets = _jets.jets(arrays, given, constituents=constituents)
        found = {"jets": jets} | _jets.events(arrays)
        return _jets.as_given(ak.contents.RecordArray(list(found.values()), list(found)), given)

    def __repr__(self) -> str:
        """Give the model in a line."""
        return f"<canopy.Model {self._path!r}: {', '.join(self.outputs)}>"

    def _repr_html_(self) -> str:
        """Give a card for notebooks."""
        rows = {
            "folder": self._path,
            "heads": ", ".join(f"{head['name']} ({head['plugin']})" for head in self._description.get("heads", [])),
            "jets": ", ".join(f"{key} {value}" for key, value in self.jets.items()),
        }
        cells = "".join(
            f"<tr><th>{html.escape(key)}</th><td>{html.escape(value)}</td></tr>" for key, value in rows.items()
        )
        return f"<table>{cells}</table>"

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same model of the same folder."""
        return isinstance(other, Model) and (other._path, other._written) == (self._path, self._written)

    def __hash__(self) -> int:
        """Give a hash by the folder."""
        return hash(self._path)

    def __copy__(self) -> Model:
        """Give the model itself, which nothing changes."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        """Give the model itself, which nothing changes."""
        return self

    def __dask_tokenize__(self) -> tuple[object, ...]:
        """Give what tells the model from others in the graphs of Dask."""
        return ("canopy.Model", self._path, self._written)

    def __reduce__(self) -> tuple[object, ...]:
        """Let another process load the model from its folder."""
        return (Model, (self._path,))


def applied(given: str | os.PathLike[str]) -> str:
    """Give what the library calls a weighting of particles."""
    name = _settings.path("apply", given)
    # What is there goes before what comes with Canopy.
    return str(_shipped() / name) if not os.path.exists(name) and name in models() else name


def written_of(settings: Mapping[str, Any]) -> tuple[int, ...]:
    """Give the times when the files were written of a model that weights particles; none if no model does."""
    name = settings.get("apply", "")
    return _written(name) if os.path.isdir(name) else ()


def opened(model: Model) -> Any:
    """Give what the library has open of a model."""
    return _open(model.path, model._written, "{}")


def _written(path: str) -> tuple[int, ...]:
    """Give the times when the files of a model were written, by which one that is trained anew is told from before."""
    try:
        return tuple(sorted(file.stat().st_mtime_ns for file in pathlib.Path(path).iterdir() if file.is_file()))
    except OSError as error:
        raise InputError(f"{path}: the folder of the model cannot be read: {error.strerror}.", file=path) from error


@functools.lru_cache(maxsize=64)
def _open(path: str, written: tuple[int, ...], settings: str) -> Any:
    model = library.canopy_model_open(_settings.encoded("the folder of the model", path), settings.encode())
    if model == ffi.NULL:
        raise failure(file=path)
    return ffi.gc(model, library.canopy_model_close)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Events in files, as awkward arrays."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt

from . import _given, _layouts, _model, _settings
from ._errors import InputError
from ._library import Results, failure, ffi, library

Path = str | os.PathLike[str]
Paths = Path | Iterable[Path]
Arrays = dict[str, npt.NDArray[Any]]
# How many events one call of the library reads, so that a signal need not wait long.
EVENTS_AT_ONCE = 4096


def read(
    path: Paths,
    *,
    layout: str | None = None,
    collection: str | None = None,
    format: str | None = None,
    units: str | None = None,
    define: Mapping[str, str] | None = None,
    where: str | Sequence[str] | Mapping[str, Any] | None = None,
    particles: str | Sequence[str] = (),
    keep_invisible: bool = False,
    invisible: str | Iterable[int] | None = None,
    status: int | Iterable[int] | None = None,
    skip_events: int = 0,
    max_events: int | None = None,
    skip_bad_events: bool = False,
    max_memory: int | None = None,
    apply: str | os.PathLike[str] | None = None,
    jets: Mapping[str, Any] | None = None,
) -> ak.Array:
    """Read events from files of any format that Canopy reads.

    These are HepMC3 and HepMC2, Les Houches events, HDF5, JSON lines and text, also compressed by gzip, Zstandard, xz
    or bzip2, and formats of loaded plugins. The format is told from the content. ROOT files, Parquet files and public
    datasets are read by a layout, of which the page on ROOT files tells.

    Parameters
    ----------
    path
        A file, a pattern such as `tt-*.h5`, or several of them.
    layout
        Of ROOT and Parquet files, NumPy archives and others that the library does not read itself: nanoaod, pfnano,
        physlite, delphes, edm4hep, jetclass, toptagging, jetnet, energyflow, salt, or the path of a mapping file in
        YAML; told from the names of branches unless given. Options but `collection` and `max_events` are not for them.
    collection
        Which particles of a layout, such as `generator`; the first that it has unless given.
    format
        The name of the format, such as `hepmc3`, instead of the one that the content tells.
    units
        The unit of momenta in files that do not state theirs: GeV, the default, MeV or TeV. Momenta are in GeV.
    define
        Formulas of further columns of the events by their names, such as `{"ht": "sum(particle.pt)"}`.
    where
        What events must meet to be read: a formula such as `label == 1`, several, or a mapping of columns to values.
    particles
        What particles must meet to be read, such as `pt > 0.5`; one condition or several.
    keep_invisible
        Whether neutrinos and other invisible particles are read; without it `canopy.cluster` and models would see them.
    invisible
        The identifiers of invisible particles and their antiparticles, instead of Canopy's own.
    status
        The statuses of particles of generators that are read; 1 unless given.
    skip_events, max_events
        How many events are passed over at the beginning, and how many are read after them, all unless given.
    skip_bad_events
        Whether bad events are left out, with a warning, rather than an error.
    max_memory
        The memory in MiB that the library's reading may take; 1024 unless given.
    apply
        What the momenta of particles are multiplied by, as for `canopy.cluster`; formulas read what is left of them.
    jets
        How the jets are found that formulas read, by the keys of the section `jets` of a training.

    Returns
    -------
    awkward.Array
        A record for each event: `particles`, a list of records of `px`, `py`, `pz` and `E` in GeV, `pdgid` and columns
        of particles, which have the behaviours of Python's package `vector`; `number`, that of the event through all
        files unless it is a column; all other columns of the events, numbers or text, of the type that the file has but
        for numbers in single precision, which are in double precision;
        and `jets`, a list of records, if a file has jets. What one of several files lacks is NaN, no text, or 0 for
        identifiers. A column that has the name of one of these is called `particle.NAME` or `event.NAME`. A unit is the
        parameter `unit` of its column.

    Raises
    ------
    InputError
        If a file cannot be read, or an event is bad; it names file, event and field.
    ValueError
        If an option cannot be.
    """
    options = reading(
        format=format,
        units=units,
        define=define,
        where=where,
        particles=particles,
        keep_invisible=keep_invisible,
        invisible=invisible,
        status=status,
        skip_events=skip_events,
        max_events=max_events,
        skip_bad_events=skip_bad_events,
        max_memory=max_memory,
        apply=apply,
    )
    if _is_layout(path, layout, collection):
        _check_of_layout(options, jets)
        return _layouts.read(path, layout=layout, collection=collection, max_events=max_events)
    reader = Reader(path, options, jets)
    return reader.events(list(reader.parts(EVENTS_AT_ONCE)))


def iterate(path: Paths, *, step_size: int = 10_000, **options: Any) -> Iterator[ak.Array]:
    """Read events from files larger than memory.

    Parameters
    ----------
    path
        A file, a pattern such as `tt-*.h5`, or several of them.
    step_size
        How many events come at once; fewer come last.
    **options
        Those of `canopy.read`.

    Yields
    ------
    awkward.Array
        The next events, as `canopy.read` gives them, with the columns that those of a step have.

    Raises
    ------
    InputError
        If a file cannot be read, or an event is bad; it names file, event and field.
    """
    if isinstance(step_size, bool) or not isinstance(step_size, (int, np.integer)):
        raise TypeError(f"step_size must be a number of events, not {step_size!r}.")
    if step_size < 1:
        raise ValueError(f"step_size is {step_size}; ask for one event or more.")
    layout, collection, jets = (options.pop(name, None) for name in ("layout", "collection", "jets"))
    settings = reading(**options)
    if _is_layout(path, layout, collection):
        _check_of_layout(settings, jets)
        return _layouts.iterate(
            path, layout=layout, collection=collection, max_events=options.get("max_events"), step_size=int(step_size)
        )
    reader = Reader(path, settings, jets)
    return _steps(reader, int(step_size))


def _steps(reader: Reader, step_size: int) -> Iterator[ak.Array]:
    parts: list[Arrays] = []
    count = 0
    while True:
        part = reader.next(min(step_size - count, EVENTS_AT_ONCE))
        if part is not None:
            parts.append(part)
            count += len(part["offset"]) - 1
        if parts and (part is None or count == step_size):
            yield reader.events(parts)
            parts, count = [], 0
        if part is None:
            return


def write(path: Path, events: Any, *, format: str | None = None) -> None:
    """Write events to a file, with all their columns and jets; the file appears when it is whole.

    Parameters
    ----------
    path
        The file: HDF5 if its name ends in .h5 or .hdf5, JSON lines if in .jsonl, Parquet if in .parquet, or a format of
        a loaded plugin.
    events
        A record for each event, as `canopy.read` gives: `particles`, with momenta in any of the forms that
        `canopy.cluster` takes, `pdgid` and columns of the particles; columns of the events, of numbers, of as many
        numbers for each event, or of text; and `jets`, with columns of numbers or text, if there are some. None becomes
        NaN, or no text.
    format
        The name of the format, `hdf5` or `jsonl`, instead of the one that the name of the file tells.

    Raises
    ------
    InputError
        If an event cannot be written; it names event and field.
    TypeError
        If a field is no column.
    ValueError
        If there is no such format, or the file cannot be written.
    """
    name = _settings.path("path", path)
    if format is None and name.endswith(".parquet"):
        from . import _convert

        with _convert.whole(name) as writer:
            writer.append(events, name)
        return
    given = _given.of_events(events)
    opened = library.canopy_writer_open(name.encode(), ffi.NULL if format is None else str(format).encode())
    if opened == ffi.NULL:
        raise failure(file=name)
    handle = ffi.gc(opened, library.canopy_writer_close)
    if library.canopy_write(handle, given.pointer) != 0 or library.canopy_writer_finish(handle) != 0:
        raise failure(file=name)


def reading(
    *,
    format: str | None = None,
    units: str | None = None,
    define: Mapping[str, str] | None = None,
    where: str | Sequence[str] | Mapping[str, Any] | None = None,
    particles: str | Sequence[str] = (),
    keep_invisible: bool = False,
    invisible: str | Iterable[int] | None = None,
    status: int | Iterable[int] | None = None,
    skip_events: int = 0,
    max_events: int | None = None,
    skip_bad_events: bool = False,
    max_memory: int | None = None,
    apply: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Give the options of reading as settings of the library."""

    def numbers(given: Any) -> str:
        listed = given if isinstance(given, Iterable) and not isinstance(given, str) else [given]
        return ",".join(str(number) for number in listed)

    settings: dict[str, Any] = {
        "format": format,
        "units": units,
        "define": None if define is None else dict(define),
        "where": where if where is None or isinstance(where, str) else _plain(where),
        "particles": [particles] if isinstance(particles, str) else list(particles),
        "keep-invisible": keep_invisible,
        "invisible": None if invisible is None else numbers(invisible),
        "status": None if status is None else numbers(status),
        "skip-events": skip_events,
        "max-events": max_events,
        "skip-bad-events": skip_bad_events,
        "max-memory": max_memory,
        "apply": None if apply is None else _model.applied(apply),
    }
    return {name: value for name, value in settings.items() if value is not None}


def _plain(where: Sequence[str] | Mapping[str, Any]) -> Any:
    return dict(where) if isinstance(where, Mapping) else list(where)


def names(paths: Paths) -> list[str]:
    """Give the names of files."""
    if not isinstance(paths, Iterable | os.PathLike):
        raise _settings.unfit("path", "a file or several", paths)
    listed = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    return [_settings.path("path", path) for path in listed]


def _is_layout(path: Paths, layout: str | None, collection: str | None) -> bool:
    """Whether files are read by their layout rather than by the library."""
    if layout is not None:
        _settings.path("layout", layout)
    return (
        layout is not None
        or collection is not None
        or any("://" in name or name.endswith(_layouts.SUFFIXES) for name in names(path))
    )


def _check_of_layout(settings: Mapping[str, Any], jets: Any) -> None:
    """Refuse what files of a layout cannot be read with."""
    if "max-events" in settings and _settings.count("max_events", settings["max-events"]) < 1:
        raise ValueError(f"max_events is {settings['max-events']}; ask for one event or more, or leave it out.")
    defaults = reading()
    given = [name for name in settings if name != "max-events" and settings[name] != defaults.get(name)]
    given += [] if jets is None else ["jets"]
    if given:
        name = given[0].replace("-", "_")
        raise ValueError(f"{name} is not for files of a layout; leave it out, or write them by canopy.write first.")


class Reader:
    """Reads files part by part.

    Parameters
    ----------
    path
        The files.
    settings
        The settings of the library.
    jets
        How the jets are found that formulas read.
    """

    def __init__(self, path: Paths, settings: dict[str, Any], jets: Mapping[str, Any] | None = None) -> None:
        files = names(path)
        if not files:
            raise ValueError("no file is named; name one or more.")
        if jets is not None:
            settings = settings | {"jets": dict(jets)}
        inputs, _kept = _given.inputs(files)
        opened = library.canopy_reader_open(inputs, len(files), _settings.text(settings).encode())
        if opened == ffi.NULL:
            raise failure(file=files[0] if len(files) == 1 else None)
        self._reader = ffi.gc(opened, library.canopy_reader_close)
        self._results = Results()

    def next(self, count: int) -> Arrays | None:
        """Give the arrays of the next events, at most `count`; None at the end."""
        if library.canopy_read(self._reader, count, self._results.pointer) != 0:
            raise failure()
        part = self._results.arrays()
        if len(part["offset"]) > 1:
            return part
        for remark in part["remark"]:
            warnings.warn(remark, stacklevel=4)
        return None

    def parts(self, count: int) -> Iterator[Arrays]:
        """Give the arrays of all events, of at most `count` at once."""
        while (part := self.next(count)) is not None:
            yield part

    def events(self, parts: Sequence[Arrays]) -> ak.Array:
        """Give the events of some parts."""
        arrays = _joined(parts) if parts else dict(_NO_EVENTS)
        units = self._results.units
        particles: dict[str, Any] = {}
        columns: dict[str, Any] = {}
        jets: dict[str, Any] = {}
        momenta = {name: arrays[f"momentum/{name}"] for name in ("px", "py", "pz", "E")}
        particles |= {name: _content(values) for name, values in momenta.items()}
        if "pdgid" in arrays:
            particles["pdgid"] = _content(arrays["pdgid"])
        for name, values in arrays.items():
            rows, _, column = name.partition("/")
            content = _content(values, units.get(name))
            if rows == "particle":
                particles[f"particle.{column}" if column in particles else column] = content
            elif rows == "event":
                columns[f"event.{column}" if column in ("particles", "jets") else column] = content
            elif rows == "jet":
                jets[column] = content
        fields = {"particles": _list(arrays["offset"], particles, "Momentum4D")} | columns
        if "jet_offset" in arrays:
            fields["jets"] = _list(arrays["jet_offset"], jets)
        count = len(arrays["offset"]) - 1
        return ak.Array(ak.contents.RecordArray(list(fields.values()), list(fields), length=count))


_NO_EVENTS: Arrays = {
    "offset": np.zeros(1, dtype=np.int64),
    "event/number": np.zeros(0, dtype=np.int64),
    **{f"momentum/{name}": np.zeros(0) for name in ("px", "py", "pz", "E")},
}


def _list(offsets: npt.NDArray[np.int64], fields: dict[str, Any], name: str | None = None) -> Any:
    record = ak.contents.RecordArray(
        list(fields.values()), list(fields), length=int(offsets[-1]), parameters=name and {"__record__": name}
    )
    return ak.contents.ListOffsetArray(ak.index.Index64(offsets), record)


def _content(values: npt.NDArray[Any], unit: str | None = None) -> Any:
    if values.dtype == object:
        # The last one makes it text, also if there are no others.
        return ak.from_iter([*values.tolist(), ""], highlevel=False)[:-1]
    parameters = {"unit": unit} if unit else None
    content = ak.contents.NumpyArray(np.ascontiguousarray(values.reshape(-1)), parameters=parameters)
    return content if values.ndim == 1 else ak.contents.RegularArray(content, values.shape[1], len(values))


def _joined(parts: Sequence[Arrays]) -> Arrays:
    """Give the arrays of all parts, of which each may lack some."""
    if len(parts) == 1:
        return parts[0]
    joined: Arrays = {}
    for name in dict.fromkeys(name for part in parts for name in part):
        if name in ("offset", "jet_offset"):
            counts = [np.diff(part[name]) if name in part else np.zeros(len(part["offset"]) - 1) for part in parts]
            joined[name] = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)
            continue
        known = [part[name] for part in parts if name in part]
        joined[name] = _concatenated(
            name, [part[name] if name in part else _missing(_rows(part, name), name, known[0]) for part in parts]
        )
    return joined


def _rows(part: Arrays, name: str) -> int:
    """Give the number of rows that an array of a name has in a part."""
    if name.startswith("event/"):
        return len(part["offset"]) - 1
    if name.startswith("jet/"):
        return int(part["jet_offset"][-1]) if "jet_offset" in part else 0
    return int(part["offset"][-1])


def _missing(rows: int, name: str, like: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give what stands for an array that a part lacks."""
    if name == "pdgid":
        return np.zeros(rows, dtype=np.int32)
    if like.dtype == object:
        return np.full(rows, "", dtype=object)
    return np.full((rows, *like.shape[1:]), np.nan)


def _concatenated(name: str, arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    # What has no rows says nothing of the type.
    arrays = [array for array in arrays if len(array)] or arrays[:1]
    if len({array.dtype == object for array in arrays}) > 1:
        raise InputError(f"{name} is text in some files and numbers in others; read them apart.", field=name)
    if len({array.shape[1:] for array in arrays}) > 1:
        raise InputError(f"{name} has more numbers a row in some files than in others; read them apart.", field=name)
    large = [array.dtype for array in arrays if array.dtype in (np.int64, np.uint64)]
    if large and all(array.dtype != np.float64 or _is_whole(array) for array in arrays):
        # Files of text have whole numbers as doubles as long as these hold them.
        arrays = [array.astype(large[0]) if array.dtype == np.float64 else array for array in arrays]
    return np.concatenate(arrays)


def _is_whole(values: npt.NDArray[np.float64]) -> bool:
    return bool(np.all((np.abs(values) < 2.0**53) & (values == np.rint(values))))

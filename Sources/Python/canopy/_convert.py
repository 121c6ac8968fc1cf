# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes events of any layout as HDF5 or Parquet, for `canopy convert` and for commands that get such files."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import pathlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import awkward as ak
import numpy as np

from . import _layouts, _sources
from ._errors import InputError

STEP_SIZE = 4096
ALIASES = {"energy": "E", "e": "E", "m": "mass", "pdgId": "pdgid", "pdg_id": "pdgid", "PID": "pdgid"}
Progress = Callable[[str, float], None]


class HDF5Writer:
    """Writes events as Canopy's HDF5: `/event/offset`, `/particle/NAME`, `/event/NAME`, `/jet/offset`, `/jet/NAME`.

    The library's writer would write px, py, pz and E in double precision, whatever the events have: a file twice as
    large, whose jets differ in the last bits from those of the events. Here numbers keep form and type.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: str) -> None:
        self._file = _sources.required("h5py", "hdf5").File(path, "w")
        self._file.create_dataset("event/offset", (1,), np.uint64, maxshape=(None,), chunks=(4096,))
        self._columns: dict[str, frozenset[str]] = {}

    def append(self, events: ak.Array, source: str) -> None:
        """Add events, which come from the file `source`."""
        particles = events["particles"]
        self._offsets("event/offset", particles)
        self._group("particle", _readable(particles), source)
        columns = {name: events[name] for name in events.fields if name not in ("particles", "jets")}
        self._group("event", {f"event.{name}" if name == "offset" else name: columns[name] for name in columns}, source)
        if "jets" in events.fields:
            jets = events["jets"]
            if "jet/offset" not in self._file:
                self._file.create_dataset("jet/offset", (1,), np.uint64, maxshape=(None,), chunks=(4096,))
            self._offsets("jet/offset", jets)
            self._group("jet", {name: ak.flatten(jets[name]) for name in jets.fields}, source)

    def close(self) -> None:
        """Write what is left."""
        self._file.close()

    def _offsets(self, name: str, lists: Any) -> None:
        dataset = self._file[name]
        last = int(dataset[-1])
        self._extend(dataset, np.cumsum(ak.to_numpy(ak.num(lists))).astype(np.uint64) + np.uint64(last))

    def _group(self, group: str, columns: dict[str, Any], source: str) -> None:
        names = frozenset(columns)
        if self._columns.setdefault(group, names) != names:
            differing = sorted(self._columns[group] ^ names)[0]
            raise InputError(
                f"{source}: {group} {differing} is not in all files; convert files of one kind together.",
                file=source,
                field=differing,
            )
        for name, values in columns.items():
            array = _numbers(values, group, name, source)
            link = f"{group}/{name.replace('%', '%25').replace('/', '%2F')}"
            if link not in self._file:
                kind = self._file.create_dataset
                texts = {"dtype": _sources.required("h5py", "hdf5").string_dtype()} if array.dtype == object else {}
                shape = (0, *array.shape[1:])
                options = {"maxshape": (None, *array.shape[1:]), "chunks": (4096, *array.shape[1:])}
                kind(link, shape, **({"dtype": array.dtype} | texts), **options)
            self._extend(self._file[link], array)

    @staticmethod
    def _extend(dataset: Any, values: Any) -> None:
        before = len(dataset)
        dataset.resize(before + len(values), axis=0)
        dataset[before:] = values


class ParquetWriter:
    """Writes events as Parquet, with the fields of `canopy.read`, a row group for each part.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._parquet = _sources.required("pyarrow.parquet", "parquet")
        self._writer: Any = None

    def append(self, events: ak.Array, source: str) -> None:
        """Add events, which come from the file `source`."""
        table = ak.to_arrow_table(events, extensionarray=False, list_to32=True)
        if self._writer is None:
            self._writer = self._parquet.ParquetWriter(self._path, table.schema)
        elif table.schema != self._writer.schema:
            raise InputError(
                f"{source} has other columns than the files before; convert files of one kind.", file=source
            )
        self._writer.write_table(table)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()


WRITERS: dict[str, type[HDF5Writer] | type[ParquetWriter]] = {
    ".h5": HDF5Writer,
    ".hdf5": HDF5Writer,
    ".parquet": ParquetWriter,
}


def convert(
    inputs: list[str],
    output: str,
    *,
    layout: str | None = None,
    collection: str | None = None,
    max_events: int | None = None,
    progress: Progress = lambda path, share: None,
) -> int:
    """Write the events of files as HDF5 or Parquet.

    Parameters
    ----------
    inputs, layout, collection, max_events
        As for `canopy.read`.
    output
        The file, which appears when it is whole.
    progress
        Is told the file that is read and which share of it is done.

    Returns
    -------
    int
        The number of events.

    Raises
    ------
    InputError
        If an input cannot be read.
    OSError
        If the output cannot be written.
    """
    count = 0
    parts = _layouts.parts(inputs, layout, collection, max_events, STEP_SIZE)
    # What the inputs need is missed before what the output does.
    first = next(parts, None)
    if first is None:
        raise InputError(f"{inputs[0]} has no events; give a file that has some.", file=inputs[0])
    with whole(output) as writer:
        for events, start, stop in itertools.chain([first], parts):
            progress(events.source.path, start / len(events))
            writer.append(events.read(start, stop), events.source.path)
            count += stop - start
    return count


@contextlib.contextmanager
def whole(output: str) -> Iterator[HDF5Writer | ParquetWriter]:
    """Give a writer of a file, which appears when the block ends, and not if it fails."""
    with replacing(output) as partial:
        writer = WRITERS[pathlib.Path(output).suffix](partial)
        try:
            yield writer
        finally:
            writer.close()


@contextlib.contextmanager
def replacing(output: str) -> Iterator[str]:
    """Give the name of a file that takes the place of another when the block ends, and is removed if it fails.

    Raises
    ------
    ValueError
        If there is no place for the file.
    """
    folder = folder_of(output)
    try:
        handle, partial = tempfile.mkstemp(prefix=".canopy-", suffix=".partial", dir=folder)
    except OSError as error:
        raise ValueError(f"{output} cannot be written, as {folder} has no place for it; choose another.") from error
    os.close(handle)
    try:
        yield partial
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(partial, 0o666 & ~mask)
        with open(partial, "rb") as file:
            os.fsync(file.fileno())
        os.replace(partial, output)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)


def folder_of(output: str) -> str:
    """Give the folder of a file that is to be written; raise ValueError if there is none."""
    folder = os.path.dirname(output) or "."
    if not os.path.isdir(folder):
        raise ValueError(f"{output} cannot be written, as there is no folder {folder}; make it or choose another.")
    return folder


def _readable(particles: Any) -> dict[str, Any]:
    """Give columns of particles, with momenta in a form that the HDF5 of Canopy has."""
    columns = {ALIASES.get(name, name): ak.flatten(particles[name]) for name in particles.fields}
    if "rapidity" in columns and "eta" not in columns:
        names = ("pt", "rapidity", "phi", "mass")
        pt, rapidity, phi, mass = (ak.values_astype(columns.pop(name), np.float64) for name in names)
        components = {"px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": np.hypot(pt, mass) * np.sinh(rapidity)}
        columns = {**components, "mass": mass, **columns}
    return columns


def _numbers(values: Any, group: str, name: str, source: str) -> Any:
    array = ak.Array(values)
    if "string" in str(ak.type(array)):
        return np.array(ak.to_list(ak.fill_none(array, "")), dtype=object)
    try:
        numbers = np.asarray(ak.to_numpy(ak.fill_none(array, np.nan)))
    except ValueError:
        numbers = np.zeros(0, dtype=object)
    if numbers.dtype.kind not in "biuf" or numbers.ndim > 2:
        raise InputError(
            f"{source}: {group} {name} is neither numbers nor texts; leave it out by a mapping file.",
            file=source,
            field=name,
        )
    if numbers.dtype.kind == "b":
        numbers = numbers.astype(np.int8)
    return numbers


def bar(width: int = 30) -> Progress:
    """Give a bar of progress on standard error if that is a terminal."""
    if not sys.stderr.isatty():
        return lambda path, share: None

    def show(path: str, share: float) -> None:
        done = round(width * share)
        sys.stderr.write(f"\r\x1b[K{os.path.basename(path)} [{'#' * done}{' ' * (width - done)}] {share:4.0%}")
        sys.stderr.flush()

    return show


def without_bar() -> None:
    """Take away the bar of progress."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(64, f"Error: {message}\n{self.format_usage()}  See 'canopy convert --help' for more information.\n")


def arguments(given: list[str]) -> argparse.Namespace:
    """Read the command line of `canopy convert`."""
    parser = _Parser(
        prog="canopy convert",
        description="Writes events of ROOT files, Parquet files and public datasets as HDF5 or Parquet.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n"
        "  canopy convert pfnano.root -o events.h5\n"
        "  canopy convert 'ttbar-*.root' -o ttbar.h5 --layout nanoaod --collection generator\n"
        "  canopy convert tree.root -o events.h5 --layout my-tree.yaml",
    )
    parser.add_argument("inputs", nargs="+", metavar="IN", help="files, patterns, or addresses that uproot reads")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="the file: HDF5 if it ends in .h5 or .hdf5, else .parquet"
    )
    parser.add_argument(
        "--layout",
        metavar="NAME",
        help=f"the layout of the files: {', '.join(_layouts.LAYOUTS)}, or a mapping file in YAML (default: told from "
        "the names of branches)",
    )
    parser.add_argument("--collection", metavar="NAME", help="which particles of the layout (default: its first)")
    parser.add_argument("--max-events", type=_count, metavar="N", help="convert at most N events (default: all)")
    return parser.parse_args(given)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of events; give 1 or more")
    return number


def run(given: list[str]) -> int:
    """Run `canopy convert`, and give the exit status: 64 if the command line is wrong, 65 if an input is, else 1."""
    options = arguments(given)
    output = options.output
    with reporting() as status:
        problem = None
        if pathlib.Path(output).suffix not in WRITERS:
            problem = f"{output} ends in none of {', '.join(WRITERS)}; name a file that does."
        elif os.path.isdir(output):
            problem = f"{output} is a folder; name a file in it."
        elif any(os.path.exists(each) and _is_same(each, output) for each in _sources.paths(options.inputs)):
            problem = f"{output} is one of the inputs; name another output."
        if problem:
            raise ValueError(problem)
        convert(
            options.inputs,
            output,
            layout=options.layout,
            collection=options.collection,
            max_events=options.max_events,
            progress=bar(),
        )
        without_bar()
    return status[0]


def _is_same(one: str, other: str) -> bool:
    return os.path.exists(other) and os.path.samefile(one, other)


@contextlib.contextmanager
def reporting() -> Iterator[list[int]]:
    """Turn errors into one sentence on standard error, and into a status."""
    status = [0]
    try:
        yield status
    except InputError as error:
        status[0] = _said(error, 65)
    except ValueError as error:
        status[0] = _said(error, 64)
    except (ImportError, OSError, MemoryError) as error:
        status[0] = _said(error, 1)


def _said(error: BaseException, status: int) -> int:
    without_bar()
    sys.stderr.write(f"canopy: {' '.join(str(error).split()).rstrip('.')}\n")
    return status

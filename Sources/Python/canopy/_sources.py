# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of columns: ROOT, Parquet, and the tables of public datasets."""

from __future__ import annotations

import contextlib
import functools
import glob
import importlib
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import awkward as ak
import numpy as np

from . import _branches
from ._errors import InputError

# What EnergyFlow gives particles of these identifiers as mass, in GeV.
MASSES = {11: 0.000511, 13: 0.10566, 22: 0.0, 130: 0.49761, 211: 0.13957, 321: 0.49368, 2112: 0.93957, 2212: 0.93827}

# What is installed to read addresses of a scheme.
PACKAGES = {"root": "xrootd fsspec-xrootd", "http": "aiohttp", "https": "aiohttp", "s3": "s3fs"}

# How an HDF5 file begins.
HDF5 = b"\x89HDF\r\n\x1a\n"


class Source:
    """A file whose columns are read by name.

    Attributes
    ----------
    path
        The file, as the user named it.
    tree
        The name of the tree, or None where files have none.
    columns
        What each column is called in the file, by the names that expressions may use.
    count
        The number of events.
    layout
        The layout that the file alone tells, whatever its columns; None if there is none.
    """

    def __init__(self, path: str, tree: str | None, columns: Mapping[str, str], count: int) -> None:
        self.path = path
        self.tree = tree
        self.columns = columns
        self.count = count
        self.layout: str | None = None

    def array(self, name: str, start: int, stop: int) -> Any:
        """Read a column of the events from `start` to before `stop`."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file, of which nothing is read any more."""


class RootSource(Source):
    """A TTree or an RNTuple."""

    def __init__(self, path: str, name: str, file: Any) -> None:
        self._file = file
        self._tree = tree = file[name]
        keys = [str(key) for key in tree.keys()]  # noqa: SIM118
        short = {key.rsplit("/", 1)[-1]: key for key in reversed(keys)}
        super().__init__(path, name, short | {key: key for key in keys}, int(tree.num_entries))

    def array(self, name: str, start: int, stop: int) -> Any:
        """Read a branch of the entries from `start` to before `stop`."""
        return self._tree[self.columns[name]].array(entry_start=start, entry_stop=stop)

    def close(self) -> None:
        """Close the file, and with it its other trees."""
        self._file.close()


class ParquetSource(Source):
    """A Parquet file, whose columns may be lists and records."""

    def __init__(self, path: str) -> None:
        parquet = required("pyarrow.parquet", "parquet")
        self._file = parquet.ParquetFile(path)
        metadata = self._file.metadata
        names = list(self._file.schema_arrow.names)
        groups = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        self._ends = np.cumsum([0, *groups])
        super().__init__(path, None, {name: name for name in names}, int(metadata.num_rows))

    def array(self, name: str, start: int, stop: int) -> Any:
        """Read a column of the rows from `start` to before `stop`, from the row groups that have them."""
        first = int(np.searchsorted(self._ends, start, side="right")) - 1
        last = int(np.searchsorted(self._ends, max(stop, start + 1), side="left"))
        table = self._file.read_row_groups(list(range(first, last)), columns=[name])
        array = ak.from_arrow(table)[name]
        return array[start - int(self._ends[first]) : stop - int(self._ends[first])]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class TableSource(Source):
    """Columns that a function reads, as of the tables of public datasets."""

    def __init__(
        self,
        path: str,
        count: int,
        columns: Mapping[str, Callable[[int, int], Any]],
        *,
        layout: str,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._columns = columns
        self._close = close
        super().__init__(path, None, {name: name for name in columns}, count)
        self.layout = layout

    def array(self, name: str, start: int, stop: int) -> Any:
        """Read a column of the rows from `start` to before `stop`."""
        return self._columns[name](start, stop)

    def close(self) -> None:
        """Close the file."""
        self._close()


def required(module: str, extra: str) -> Any:
    """Import a module of an extra.

    Raises
    ------
    ImportError
        If it is not installed; it says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f"{module.partition('.')[0]} is needed for this file; pip install 'canopy-hep[{extra}]'."
        ) from error


def paths(given: Any) -> list[str]:
    """Give the files of one path or several, each of which may be a pattern.

    Raises
    ------
    InputError
        If a pattern fits no file.
    """
    listed = [given] if isinstance(given, (str, os.PathLike)) else list(given)
    found: list[str] = []
    for path in [each for given in listed for each in _alternatives(os.fspath(given))]:
        if "://" in path or os.path.exists(path) or not glob.has_magic(path):
            found.append(path)
        else:
            fitting = sorted(glob.glob(path))
            if not fitting:
                raise InputError(f"{path}: no file fits this pattern; correct it.", file=path)
            found += fitting
    if not found:
        raise ValueError("no file is named; name one or more.")
    return found


def _alternatives(path: str) -> list[str]:
    """Give the names that `{a,b}` in a name stands for, as in a shell."""
    braces = None if os.path.exists(path) else re.search(r"\{([^{}]*,[^{}]*)\}", path)
    if braces is None:
        return [path]
    before, after = path[: braces.start()], path[braces.end() :]
    return [name for part in braces[1].split(",") for name in _alternatives(before + part + after)]


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn whatever the reading of a damaged file raises into one sentence."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except ImportError as error:
        packages = PACKAGES.get(path.partition("://")[0]) if "://" in path else None
        if packages is None:
            raise
        raise ImportError(f"{path} is read by packages that are not installed; pip install {packages}.") from error
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".,;:")
        if "://" in path:
            reason = "it is not there" if isinstance(error, FileNotFoundError) else reason
            advice = "correct the address, or copy the file to this machine."
        else:
            advice = "is it complete? Copy or write it again."
        raise InputError(f"{path} cannot be read ({reason}); {advice}", file=path) from error


def opened(path: str, tree: str | None = None, branches: Collection[str] | None = None) -> list[Source]:
    """Open a file, and give its trees, or what it has instead.

    Parameters
    ----------
    path
        The file.
    tree
        The only tree to be opened; all unless given.
    branches
        The branches that are needed of those that trees have; all unless given.

    Raises
    ------
    InputError
        If the file is empty, damaged or of no kind that is known here.
    """
    start = _start(path)
    with reading(path):
        if start is None or start.startswith(b"root"):
            try:
                return _trees(path, tree, branches)
            except InputError:
                raise
            except Exception:
                # uproot may have changed inside, where branches are passed over.
                if branches is None:
                    raise
                return _trees(path, tree, None)
        if start.startswith(b"PAR1"):
            return [ParquetSource(path)]
        if start.startswith(b"PK\x03\x04"):
            return [_energyflow(path)]
        if start.startswith(HDF5):
            return [_hdf5(path)]
    raise InputError(f"{path} is no ROOT, Parquet, HDF5 or npz file; give a layout only for one of these.", file=path)


def _start(path: str) -> bytes | None:
    """Give the first bytes of a file; None if it lies elsewhere."""
    if "://" in path:
        return None
    try:
        with open(path, "rb") as file:
            start = file.read(8)
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder; name the files in it, as in '{path}/*.root'.", file=path) from error
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; correct its name.", file=path) from error
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}.", file=path) from error
    if not start:
        raise InputError(f"{path} is empty; copy or write it again.", file=path)
    return start


def _trees(path: str, wanted: str | None, branches: Collection[str] | None) -> list[Source]:
    file = _branches.open_file(required("uproot", "root"), path, branches)
    kinds = file.classnames(cycle=False)
    names = [name for name, kind in kinds.items() if kind in ("TTree", "TNtuple", "TChain", "ROOT::RNTuple")]
    if not names:
        raise InputError(f"{path} has no TTree and no RNTuple; give a file of events.", file=path)
    if wanted is not None and wanted not in names:
        raise InputError(
            f"{path} has no tree {wanted}, but {', '.join(names)}; name another layout or tree.", file=path
        )
    return [RootSource(path, name, file) for name in names if wanted in (None, name)]


def _energyflow(path: str) -> Source:
    """Open X `[jets × particles × (pt, rapidity, phi, pdgid)]` and y `[jets]` of EnergyFlow's quark and gluon jets."""
    with np.load(path) as file:
        if "X" not in file or file["X"].ndim != 3 or file["X"].shape[2] not in (3, 4):
            raise InputError(
                f"{path} has no array X [jets × particles × (pt, rapidity, phi, pdgid)] of EnergyFlow; convert it by a "
                "script of your own.",
                file=path,
            )
        jets = file["X"]
        labels = file.get("y")
    is_there = jets[:, :, 0] > 0

    def feature(place: int) -> Callable[[int, int], Any]:
        return lambda start, stop: _ragged(jets[start:stop, :, place], is_there[start:stop])

    def masses(start: int, stop: int) -> Any:
        identifiers = np.abs(jets[start:stop, :, 3])
        values = np.zeros(identifiers.shape)
        for identifier, mass in MASSES.items():
            values[identifiers == identifier] = mass
        return _ragged(values, is_there[start:stop])

    columns = {"X.pt": feature(0), "X.rapidity": feature(1), "X.phi": feature(2)}
    if jets.shape[2] == 4:
        identifiers = feature(3)
        columns["X.pdgid"] = lambda start, stop: ak.values_astype(identifiers(start, stop), np.int32)
        columns["X.mass"] = masses
    if labels is not None:
        columns["y"] = lambda start, stop: ak.Array(labels[start:stop])
    return TableSource(path, len(jets), columns, layout="energyflow")


def is_public_hdf5(path: str) -> bool:
    """Whether a file is HDF5 that is not Canopy's own, which has events by their offsets."""
    try:
        with open(path, "rb") as start:
            if start.read(8) != HDF5:
                return False
    except (OSError, ValueError):
        return False
    with reading(path), required("h5py", "hdf5").File(path, "r") as file:
        return "event/offset" not in file


def _hdf5(path: str) -> Source:
    h5py = required("h5py", "hdf5")
    file = h5py.File(path, "r")
    if "particle_features" in file and "jet_features" in file:
        return _jetnet(path, file)
    if "table" in file and "table/table" in file:
        file.close()
        return _toptagging(path)
    if "jets" in file and getattr(file["jets"], "ndim", None) == 1 and file["jets"].dtype.names:
        return _salt(path, file)
    raise InputError(
        f"{path} is HDF5 of no public dataset that is known here; give it without a layout if it has Canopy's own.",
        file=path,
    )


def _jetnet(path: str, file: Any) -> Source:
    """Open particle_features `[jets × particles × (etarel, phirel, ptrel, mask)]` and jet_features `[jets × …]`."""
    particles, jets = file["particle_features"], file["jet_features"]
    if particles.ndim != 3 or particles.shape[2] < 4 or jets.ndim != 2 or jets.shape[1] < 4:
        raise InputError(
            f"{path} has other features than JetNet's etarel, phirel, ptrel, mask of particles and pt, eta, mass, "
            "num_particles of jets; convert it by a script of your own.",
            file=path,
        )

    def feature(place: int) -> Callable[[int, int], Any]:
        return lambda start, stop: _ragged(particles[start:stop, :, place], particles[start:stop, :, 3] > 0)

    def jet_feature(place: int) -> Callable[[int, int], Any]:
        return lambda start, stop: ak.Array(jets[start:stop, place])

    columns = {name: feature(place) for place, name in enumerate(("etarel", "phirel", "ptrel"))}
    columns |= {f"jet.{name}": jet_feature(place) for place, name in enumerate(("pt", "eta", "mass"))}
    return TableSource(path, len(particles), columns, layout="jetnet", close=file.close)


def _toptagging(path: str) -> Source:
    """Open the table of pandas with E_0, PX_0, PY_0, PZ_0 … and is_signal_new."""
    required("tables", "pandas")
    pandas = required("pandas", "pandas")
    with pandas.HDFStore(path, mode="r") as store:
        names = list(store.select("table", stop=0).columns)
        count = int(store.get_storer("table").nrows)
    places = [name.removeprefix("E_") for name in names if name.startswith("E_")]

    @functools.lru_cache(maxsize=1)
    def rows(start: int, stop: int) -> Any:
        return pandas.read_hdf(path, "table", start=start, stop=stop)

    def component(prefix: str) -> Callable[[int, int], Any]:
        def values(start: int, stop: int) -> Any:
            table = rows(start, stop)
            is_there = table[[f"E_{place}" for place in places]].to_numpy() > 0
            return _ragged(table[[f"{prefix}_{place}" for place in places]].to_numpy(), is_there)

        return values

    def column(name: str) -> Callable[[int, int], Any]:
        return lambda start, stop: ak.Array(rows(start, stop)[name].to_numpy())

    columns = {prefix: component(prefix) for prefix in ("E", "PX", "PY", "PZ") if f"{prefix}_0" in names}
    columns |= {name: column(name) for name in names if name.rpartition("_")[0] not in columns}
    return TableSource(path, count, columns, layout="toptagging")


def _salt(path: str, file: Any) -> Source:
    """Open records of jets `[jets]` and of constituents `[jets × places]`, of which those with `valid` are there."""
    jets = file["jets"]
    groups = {
        name: data
        for name, data in file.items()
        if getattr(data, "ndim", None) == 2 and "valid" in (data.dtype.names or ()) and len(data) == len(jets)
    }
    if not groups:
        raise InputError(
            f"{path} has no records [jets × constituents] with a field valid, such as /tracks, beside /jets; convert "
            "it by a script of your own.",
            file=path,
        )
    columns: dict[str, Callable[[int, int], Any]] = {}

    def read(dataset: Any) -> Callable[[int, int], Any]:
        return functools.lru_cache(maxsize=1)(lambda start, stop: dataset[start:stop])

    def of_jets(rows: Callable[[int, int], Any], name: str) -> Callable[[int, int], Any]:
        return lambda start, stop: ak.Array(_in_single_precision(rows(start, stop)[name]))

    def of_constituents(rows: Callable[[int, int], Any], name: str) -> Callable[[int, int], Any]:
        def values(start: int, stop: int) -> Any:
            read = rows(start, stop)
            return _ragged(_in_single_precision(read[name]), read["valid"].astype(bool))

        return values

    for group, dataset in {"jets": jets, **groups}.items():
        column, rows = (of_jets if group == "jets" else of_constituents), read(dataset)
        columns |= {
            f"{group}.{name}": column(rows, name)
            for name in dataset.dtype.names
            if name != "valid" and dataset.dtype[name].kind in "biuf"
        }
    return TableSource(path, len(jets), columns, layout="salt", close=file.close)


def _in_single_precision(values: Any) -> Any:
    """Give numbers in half precision in single precision, which arithmetic needs."""
    return values.astype(np.float32) if values.dtype == np.float16 else values


def _ragged(values: Any, is_there: Any) -> Any:
    return ak.unflatten(ak.Array(np.asarray(values)[is_there]), np.count_nonzero(is_there, axis=1))

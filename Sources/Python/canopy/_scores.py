# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what `classify`, `cluster` and `embed` find as a tree of a ROOT file: `-o scores.root`."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, Literal

import awkward as ak
import numpy as np

from . import _command, _friend, _sources

SUBCOMMANDS = ("classify", "cluster", "embed")


@dataclasses.dataclass
class Scores:
    """Results on their way into a ROOT file.

    Attributes
    ----------
    results
        The HDF5 file of the results that the native program writes.
    target
        The ROOT file.
    kind
        Whether a TTree or an RNTuple is written.
    """

    results: str
    target: str
    kind: Literal["ttree", "rntuple"]

    def write(self) -> None:
        """Write the ROOT file."""
        with _sources.required("h5py", "root").File(self.results, "r") as file:
            events, jets = _columns(file, "event"), _columns(file, "jet")
            if jets:
                events["jets"] = ak.unflatten(ak.zip(jets), np.diff(file["jet/offset"][:].astype(np.int64)))
        _friend.write_friend(self.target, ak.zip(events, depth_limit=1), kind=self.kind)


def taken_out(words: list[str], folder: str) -> tuple[list[str], Scores | None]:
    """Give a command line that writes HDF5 into a folder in place of a ROOT file, and what is to be done with it.

    Raises
    ------
    ValueError
        If results cannot be written so.
    """
    flag = _command.FLAG
    is_rntuple = flag in words
    words = [word for word in words if word != flag]
    place = next((place for place in range(len(words)) if _command.is_output(words, place)), None)
    target = None if place is None else words[place].removeprefix("--output=")
    if place is None or target is None or not target.endswith(".root"):
        if is_rntuple:
            raise ValueError(f"{flag} is for results in a ROOT file; name one by -o scores.root.")
        return words, None
    if words[0] not in SUBCOMMANDS:
        raise ValueError(f"{target} is a ROOT file, which {words[0]} does not write; name another, such as out.h5.")
    if any(word.partition("=")[0] == "--format" for word in words):
        raise ValueError(f"{target} is a ROOT file; leave out --format.")
    for word in words[1:place] + words[place + 1 :]:
        if os.path.exists(word) and os.path.exists(target) and os.path.samefile(word, target):
            raise ValueError(f"{target} is one of the inputs; name another output.")
    _friend.check_target(target)
    results = os.path.join(folder, "results.h5")
    words[place] = words[place].removesuffix(target) + results
    return words, Scores(results, target, "rntuple" if is_rntuple else "ttree")


def _columns(file: Any, group: str) -> dict[str, Any]:
    """Give the columns of a group by their names, and each number of those that have several in a row as its own.

    Lists, which have offsets, are none.
    """
    columns: dict[str, Any] = {}

    def add(name: str, found: Any) -> None:
        is_list = name.endswith("offset") or f"{group}/{name}_offset" in file
        if is_list or not hasattr(found, "dtype") or found.dtype.kind not in "biuf":
            return
        if found.ndim == 1:
            columns[name] = found[:]
        else:
            columns.update({f"{name}/{place}": found[:, place] for place in range(found.shape[1])})

    if group in file:
        file[group].visititems(add)
    return columns

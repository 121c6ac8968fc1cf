# SPDX-License-Identifier: GPL-3.0-or-later
"""Scores beside the events of a ROOT file."""

from __future__ import annotations

import os
import re
from typing import Any, Literal

import awkward as ak
import numpy as np

from . import _convert, _settings, _sources
from ._errors import InputError


def write_friend(
    path: str | os.PathLike[str],
    scores: Any,
    *,
    tree: str = "scores",
    kind: Literal["ttree", "rntuple"] = "ttree",
    friend_of: str | os.PathLike[str] | None = None,
) -> None:
    """Write what a model says of events as a tree of a ROOT file, an entry for each event in their order.

    Numbers of events are branches `HEAD_OUTPUT`. Those of jets are lists: in a TTree the branches `jets_HEAD_OUTPUT`
    with their numbers `njets`, in an RNTuple the collection `jets` with the fields `HEAD_OUTPUT`. Characters that names
    in ROOT should not have are underscores. Lists within jets, such as their constituents, are left out, and an event
    that is None has NaN and no jets.

    Parameters
    ----------
    path
        The file, which appears when it is whole.
    scores
        A record for each event, as `Model.classify` gives.
    tree
        The name of the tree.
    kind
        Whether a TTree, which `AddFriend` takes, or an RNTuple is written.
    friend_of
        The ROOT file that the events are from, which must have as many entries in one of its trees.

    Raises
    ------
    InputError
        If there are as many entries in no tree of `friend_of`, or the scores have no numbers.
    ValueError
        If there is no such kind, or the file would take the place of `friend_of` or of what is no file.
    """
    if kind not in ("ttree", "rntuple"):
        raise ValueError(f"kind is {kind}; write ttree or rntuple.")
    target = _settings.path("path", path)
    if scores is None:
        raise _settings.unfit("scores", "what classify gives", scores)
    check_target(target)
    if friend_of is not None and os.path.exists(target) and os.path.samefile(target, friend_of):
        raise ValueError(
            f"{target} is the file that the events are from, which the scores would replace; name another."
        )
    uproot = _sources.required("uproot", "root")
    events = ak.Array(scores)
    if friend_of is not None:
        name = os.fspath(friend_of)
        sources = _sources.opened(name, branches=())
        counts = {source.tree: source.count for source in sources}
        for source in sources:
            source.close()
        if len(events) not in counts.values():
            listed = ", ".join(f"{each} {count}" for each, count in counts.items())
            raise InputError(
                f"{name} has other numbers of entries ({listed}) than the {len(events)} scores; classify all events.",
                file=name,
            )
    columns = _columns(events)
    if not columns:
        raise InputError("the scores have no numbers; give what classify gives.")
    with _convert.replacing(target) as partial, uproot.recreate(partial) as file:
        if kind == "ttree":
            # By mktree, as an assignment chooses the kind by the version of uproot.
            file.mktree(tree, {field: values.type.content for field, values in columns.items()}).extend(columns)
        else:
            file.mkrntuple(tree, columns)


def check_target(target: str) -> None:
    """Check that a file can be written under a name.

    Raises
    ------
    ValueError
        If something else has the name, or there is no folder for it.
    """
    if os.path.exists(target) and not os.path.isfile(target):
        raise ValueError(f"{target} is no file, such as a device or a folder; name a new file.")
    _convert.folder_of(target)


def _columns(events: ak.Array) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for field in events.fields:
        values = events[field]
        if field == "jets":
            jets = dict(_numbers(ak.fill_none(values, [], axis=0), "", 2))
            if jets:
                columns["jets"] = ak.zip(jets, depth_limit=2)
        else:
            columns |= dict(_numbers(values, field, 1))
    return columns


def _numbers(values: Any, name: str, depth: int) -> list[tuple[str, Any]]:
    """Give the numbers in records at a depth of lists, by their names."""
    if values.fields:
        return [
            found
            for field in values.fields
            for found in _numbers(values[field], f"{name}_{field}" if name else field, depth)
        ]
    if not name or values.ndim != depth:
        return []
    numbers = ak.drop_none(values) if depth == 2 else ak.fill_none(values, np.nan)
    try:
        flat = np.asarray(ak.flatten(numbers, axis=None))
    except ValueError:
        return []
    return [(re.sub(r"\W", "_", name), numbers)] if flat.dtype.kind in "biuf" else []

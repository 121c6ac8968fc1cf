# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens ROOT files whose trees have many branches of which few are needed.

uproot makes an object of each of a tree's branches, which for the 1,800 of NanoAOD takes longer than reading the
events. Here branches that are not needed are passed over, until something that is needed refers to a part of them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

# What stands for a branch that was passed over.
_PASSED = object()


class _References(dict[int, Any]):
    """What a tree's parts refer to by place, such as the leaf that counts; parts passed over are read when needed."""

    def __init__(self, offset: int) -> None:
        super().__init__()
        self._offset = offset
        self._passed: list[tuple[int, int, Callable[[], Any]]] = []

    def pass_over(self, start: int, stop: int, read: Callable[[], Any]) -> None:
        """Keep how the part between two places is read."""
        self._passed.append((start, stop, read))

    def forget(self) -> None:
        """Read nothing more of what was passed over."""
        self._passed.clear()

    def __contains__(self, reference: object) -> bool:
        while not super().__contains__(reference):
            assert isinstance(reference, int)
            place = reference - self._offset
            holder = next((part for part in self._passed if part[0] <= place < part[1]), None)
            if holder is None:
                return False
            self._passed.remove(holder)
            holder[2]()
        return True


def open_file(uproot: Any, path: str, branches: Iterable[str] | None) -> Any:
    """Open a ROOT file.

    Parameters
    ----------
    uproot
        The package.
    path
        The file.
    branches
        The branches that its trees must have if the file has them; all unless given. Others may be missing from them.
    """
    return uproot.open(path, custom_classes=None if branches is None else _classes(uproot, frozenset(branches)))


@functools.lru_cache(maxsize=8)
def _classes(uproot: Any, branches: frozenset[str]) -> dict[str, Any]:
    """Give uproot's classes, of which those of branches pass over branches in which none of these names stands."""
    offset = uproot.const.kMapOffset
    needed = re.compile(b"|".join(map(_stored, sorted(branches))) or b"(?!)")

    tree, array = uproot.classes["TTree"], uproot.classes["TObjArray"]

    def read_tree(cls: Any, chunk: Any, cursor: Any, *others: Any, **named: Any) -> Any:
        own = uproot.source.cursor.Cursor(cursor.index, cursor.origin, _References(offset))
        read = tree.read.__func__(cls, chunk, own, *others, **named)
        cursor.move_to(own.index)
        return read

    def read_array(self: Any, chunk: Any, cursor: Any, *others: Any) -> None:
        array.read_members(self, chunk, cursor, *others)
        self._data = [member for member in self._data if member is not _PASSED]
        if isinstance(self.parent, uproot.TTree):
            # What comes after its branches is a list of all leaves, which nothing needs.
            cursor.refs.forget()

    def of_branches(branch: Any) -> Any:
        def read(cls: Any, chunk: Any, cursor: Any, context: Any, *others: Any, **named: Any) -> Any:
            count = uproot.deserialization.numbytes_version(chunk, cursor, context, move=False)[0]
            inherited = functools.partial(branch.read.__func__, cls, chunk)
            if count is None or not isinstance(cursor.refs, _References):
                return inherited(cursor, context, *others, **named)
            start, stop = cursor.index, cursor.index + count
            if needed.search(chunk.get(start, stop, cursor, context).tobytes()):
                return inherited(cursor, context, *others, **named)
            ahead = cursor.copy()
            cursor.refs.pass_over(
                start - cursor.origin,
                stop - cursor.origin,
                lambda: inherited(ahead, dict(context), *others, **named),
            )
            cursor.move_to(stop)
            return _PASSED

        return derived(branch, "read", classmethod(read))

    def derived(base: Any, name: str, method: Any) -> Any:
        # uproot takes the class of ROOT from the name.
        return type(base.__name__, (base,), {name: method})

    return {
        **uproot.classes,
        **{name: of_branches(uproot.classes[name]) for name in ("TBranch", "TBranchElement")},
        "TTree": derived(tree, "read", classmethod(read_tree)),
        "TObjArray": derived(array, "read_members", read_array),
    }


def _stored(name: str) -> bytes:
    """Give a pattern of a name as ROOT stores it, behind its length."""
    text = name.encode()
    length = bytes([len(text)]) if len(text) < 255 else b"\xff" + len(text).to_bytes(4, "big")
    return re.escape(length + text)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs `canopy convert`, and the native program on what files were converted to."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO

from . import _command, _convert, _scores, _sources
from ._errors import InputError

# What the wish to stop arrives as.
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


class _Stopped(BaseException):
    """A signal, on its way through what has to be removed."""

    def __init__(self, number: int) -> None:
        self.number = number


def run(given: list[str]) -> int:
    """Run a command line, and give its exit status; a signal ends this process as it would have ended the program."""
    try:
        with _listening():
            return _convert.run(given[1:]) if given[:1] == ["convert"] else _with_copies(given)
    except _Stopped as stopped:
        _convert.without_bar()
        signal.signal(stopped.number, signal.SIG_DFL)
        os.kill(os.getpid(), stopped.number)
        return 1


@contextlib.contextmanager
def _listening() -> Iterator[None]:
    def stop(number: int, _: Any) -> None:
        raise _Stopped(number)

    for number in SIGNALS:
        # A signal that is ignored, as by nohup, stays ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
    yield


def _with_copies(given: list[str]) -> int:
    words = list(given)
    options: dict[str, str] = {}
    for option in _command.OPTIONS:
        while option in words[:-1]:
            place = words.index(option)
            options[option[2:]] = words[place + 1]
            del words[place : place + 2]
    with tempfile.TemporaryDirectory(prefix="canopy-") as folder, _convert.reporting() as status:
        words, scores = _scores.taken_out(words, folder)
        copies = _Copies(folder, **options)
        for place in range(1, len(words)):
            if not _command.is_output(words, place):
                words[place] = copies.of(words, place)
        _convert.without_bar()
        status[0] = _native(words, copies.names)
        if status[0] == 0 and scores is not None:
            scores.write()
    return status[0]


class _Copies:
    """Copies of files that the native program does not read, in a format that it does.

    Parameters
    ----------
    folder
        Where they are.
    layout, collection
        Those of the files, if they are given.

    Attributes
    ----------
    names
        What the user calls each of the files that were made.
    """

    def __init__(self, folder: str, layout: str | None = None, collection: str | None = None) -> None:
        self._folder = folder
        self._layout = layout
        self._collection = collection
        self.names: dict[str, str] = {}

    def of(self, words: list[str], place: int) -> str:
        """Give what stands for an argument, which is a file, a sample, a file with a list of samples, or no input."""
        word = words[place]
        if _command.is_of_foreign(words, place) or (self._layout is not None and word.startswith("{")):
            return self._samples(word)
        return self._copy([word], word) if self._is_foreign(word) else word

    def _is_foreign(self, file: str) -> bool:
        # HDF5 has a layout only if one is given, and then Canopy's own has none.
        return _command.is_foreign(file) or (self._layout is not None and _sources.is_public_hdf5(file))

    def _samples(self, word: str) -> str:
        yaml = _sources.required("yaml", "root")
        is_list = not word.startswith("{")
        try:
            with open(word, encoding="utf-8") if is_list else contextlib.nullcontext(word) as content:
                found = yaml.safe_load(content)
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            # The native program says what is wrong.
            return word
        if not is_list:
            return json.dumps(self._sample(found))
        if not isinstance(found, list):
            return word
        path = self._new(".yaml", word)
        with open(path, "w", encoding="utf-8") as file:
            json.dump([self._sample(each) for each in found], file)
        return path

    def _sample(self, given: Any) -> Any:
        sample = {"file": given} if isinstance(given, str) else given
        if not isinstance(sample, dict) or not isinstance(sample.get("file"), str):
            return given
        name = sample["file"]
        files = _sources.paths(os.path.expanduser(name))
        foreign = [self._is_foreign(file) for file in files]
        if not any(foreign):
            return given
        if not all(foreign):
            other = files[foreign.index(False)]
            raise InputError(
                f"{name} names {other}, which is read as it is, beside files that are converted; write a sample for "
                "each.",
                file=other,
            )
        return {"name": name, **sample, "file": self._copy(files, name)}

    def _copy(self, files: list[str], name: str) -> str:
        path = self._new(".h5", name)
        _convert.convert(files, path, layout=self._layout, collection=self._collection, progress=_convert.bar())
        return path

    def _new(self, ending: str, name: str) -> str:
        path = os.path.join(self._folder, f"{len(self.names)}{ending}")
        self.names[path] = name
        return path


def _native(given: list[str], names: dict[str, str]) -> int:
    """Run the native program, and say the names that the user gave in what it says."""
    # What inspect prints is about the file.
    tells = given[:1] == ["inspect"]
    with subprocess.Popen(
        [_command.program(), *given], stderr=subprocess.PIPE, stdout=subprocess.PIPE if tells else None
    ) as process:
        assert process.stderr is not None
        relays = [(process.stderr, sys.stderr.buffer)]
        if process.stdout is not None:
            relays.append((process.stdout, sys.stdout.buffer))
        threads = [threading.Thread(target=_relay, args=(*ends, names), daemon=True) for ends in relays]
        for thread in threads:
            thread.start()
        try:
            process.wait()
        except _Stopped as stopped:
            # Ctrl-C reaches the program too; other signals do not.
            if stopped.number != signal.SIGINT:
                process.send_signal(stopped.number)
            process.wait()
            raise
        finally:
            for thread in threads:
                thread.join()
    if process.returncode < 0:
        raise _Stopped(-process.returncode)
    return process.returncode


def _relay(source: Any, target: BinaryIO, names: dict[str, str]) -> None:
    for line in source:
        for copy, name in names.items():
            line = line.replace(copy.encode(), name.encode())
        with contextlib.suppress(BrokenPipeError):
            target.write(line)
            target.flush()

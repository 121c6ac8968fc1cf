# SPDX-License-Identifier: GPL-3.0-or-later
"""The library, by its C interface (`canopy.h`)."""

from __future__ import annotations

import math
import os
import pathlib
import re
from collections.abc import Callable
from typing import Any

import cffi
import numpy as np
import numpy.typing as npt

from ._errors import InputError
from ._settings import encoded

ffi = cffi.FFI()
ffi.cdef("""
const char *canopy_version(void);
const char *canopy_error_message(void);
int canopy_error_status(void);
int64_t canopy_error_event(void);
const char *canopy_error_field(void);
const char *canopy_error_file(void);
int canopy_load_plugins(const char *path);

typedef struct {
  const char *name;
  const double *values;
  size_t width;
  const void *data;
  int type;
  const char *unit;
} canopy_column;
typedef struct {
  size_t size;
  size_t event_count;
  const int64_t *offsets;
  size_t particle_count;
  int momenta;
  const double *components[4];
  const int32_t *pdgid;
  const canopy_column *particle_columns;
  size_t particle_column_count;
  const canopy_column *event_columns;
  size_t event_column_count;
  const int64_t *jet_offsets;
  size_t jet_count;
  const canopy_column *jet_columns;
  size_t jet_column_count;
} canopy_events;

typedef struct canopy_results canopy_results;
typedef struct {
  size_t size;
  const char *name;
  const char *unit;
  int type;
  size_t rank;
  size_t shape[2];
  const void *data;
} canopy_array;
canopy_results *canopy_results_create(void);
void canopy_results_destroy(canopy_results *results);
size_t canopy_results_count(const canopy_results *results);
bool canopy_results_array(const canopy_results *results, size_t place, canopy_array *array);

typedef struct { const char *name; const canopy_events *events; } canopy_input;
typedef struct canopy_reader canopy_reader;
canopy_reader *canopy_reader_open(const canopy_input *inputs, size_t input_count, const char *settings);
void canopy_reader_close(canopy_reader *reader);
int canopy_read(canopy_reader *reader, size_t count, canopy_results *results);
typedef struct canopy_writer canopy_writer;
canopy_writer *canopy_writer_open(const char *path, const char *format);
void canopy_writer_close(canopy_writer *writer);
int canopy_write(canopy_writer *writer, const canopy_events *events);
int canopy_writer_finish(canopy_writer *writer);
typedef struct canopy_finder canopy_finder;
canopy_finder *canopy_finder_open(const char *settings);
void canopy_finder_close(canopy_finder *finder);
int canopy_find_jets(canopy_finder *finder, const canopy_events *events, canopy_results *results);

typedef struct canopy_model canopy_model;
canopy_model *canopy_model_open(const char *folder, const char *settings);
void canopy_model_close(canopy_model *model);
const char *canopy_model_description(const canopy_model *model);
int canopy_predict(canopy_model *model, const canopy_events *events, canopy_results *results);
typedef struct {
  size_t size;
  void (*write)(const char *text, void *context);
  bool is_terminal;
  size_t columns;
  bool (*goes_on)(void *context);
  void *context;
} canopy_watch;
typedef struct {
  size_t size;
  const char *file;
  const char *text;
  const char *const *settings;
  size_t setting_count;
  const canopy_input *inputs;
  size_t input_count;
  const char *folder;
  bool resume;
} canopy_training;
int canopy_train(const canopy_training *training, const canopy_watch *watch);
int canopy_evaluate(canopy_model *model, const canopy_input *inputs, size_t input_count, const char *settings,
                    const canopy_watch *watch, canopy_results *results);
""")

folder = pathlib.Path(__file__).resolve().parent


def _open() -> Any:
    """Open the library that CANOPY_LIBRARY names, or else the one in the package."""
    path = os.environ.get("CANOPY_LIBRARY") or str(folder / "lib" / "libcanopy.so")
    try:
        return ffi.dlopen(path)
    except OSError as error:
        raise ImportError(
            f"{path}: the library of Canopy cannot be loaded: {error}; install the package anew, or name a library by "
            "CANOPY_LIBRARY."
        ) from error


library = _open()

CALL_STATUS, INPUT_STATUS = 64, 65
# The types of numbers, by their places among those of canopy.h, and that of text.
TYPES = (np.float32, np.float64, np.int32, np.int64, np.uint64, np.bool_)
TEXT = 6
# What the library says to who types commands or writes files, and the same for Python. Where it found a setting in a
# text means nothing to who has not written the text.
Replacements = tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]
IN_PYTHON: Replacements = (
    (r"^(settings|the configuration):\d+:\d+: ", ""),
    (r"--plugin PATH or CANOPY_PLUGIN_PATH", "canopy.load_plugins(PATH)"),
    (r"--condition (\S+?)=(\w+)", r"conditions={'\1': \2}"),
    (r"type canopy convert .*? instead\b", "read it by canopy.read, and give its events"),
    (r"--input-format (\w+)", r"format='\1'"),
    (r"--input-format\b", "format"),
    (
        r"--(units|status|where|define|max-memory|keep-invisible|skip-bad-events)\b",
        lambda option: option[1].replace("-", "_"),
    ),
)
# The same for settings that are refused.
OF_SETTINGS: Replacements = ((r"^\S* is refused: (?=[A-Z“])", ""), (r" is refused: ", " "))
# The parameters of canopy.cluster that the library calls by other names.
PARAMETERS = ("min-pt", "exclusive-jets", "exclusive-dcut", "max-abs-rapidity")


def text(pointer: Any) -> str:
    """Give the text that C keeps at a pointer."""
    return bytes(ffi.string(pointer)).decode()


def version() -> str:
    """Give the version of Canopy, such as `1.2.0`."""
    return text(library.canopy_version())


def failure(*, file: str | None = None, place: Callable[[int], int] = lambda event: event) -> Exception:
    """Give the exception for the last call of this thread that failed.

    Parameters
    ----------
    file
        The file that the call was about, unless the library names another.
    place
        The place, in what the user gave, of an event of the call.
    """
    message = text(library.canopy_error_message())
    status = library.canopy_error_status()
    field = text(library.canopy_error_field())
    file = text(library.canopy_error_file()) or file
    message = _replaced(message, IN_PYTHON)
    if status == INPUT_STATUS:
        given: int = library.canopy_error_event()
        event = place(given) if given >= 0 else None
        message = re.sub(rf"\b([Ee]vent) {given}\b", rf"\g<1> {event}", message)
        return InputError(message, file=file, event=event, field=field or None)
    return ValueError(_with_parameters(message)) if status == CALL_STATUS else RuntimeError(message)


def _replaced(message: str, patterns: Replacements) -> str:
    for pattern, words in patterns:
        message = re.sub(pattern, words, message, flags=re.MULTILINE)
    return message


def _with_parameters(message: str) -> str:
    """Give what is said of a key of the library as what is said of the parameter."""
    message = _replaced(message, OF_SETTINGS)
    if message.startswith(("observables", "conditions", "unknown key")):
        return message
    keys = "|".join(re.escape(name) for name in PARAMETERS)
    return re.sub(rf"\b({keys})\b", lambda found: found[0].replace("-", "_"), message)


def load_plugins(path: str | os.PathLike[str]) -> None:
    """Make the plugins of a library known to the models that are loaded from now on.

    Plugins find the symbols of Canopy's library from then on, and so does what is imported later those of the libraries
    behind it. In a wheel these have names of their own; with a build from a checkout, import packages that bring their
    own HDF5, FastJet or HepMC3, such as h5py, before.

    Parameters
    ----------
    path
        The library, the folder of its package, or several of them with colons between.

    Raises
    ------
    InputError
        If it is no library of plugins for this build of Canopy.
    """
    file = os.fsdecode(path)
    if library.canopy_load_plugins(encoded("the path of the plugins", file)) != 0:
        raise failure(file=file)


class Results:
    """The arrays of a call, whose memory is used again by the next one."""

    def __init__(self) -> None:
        self.pointer = ffi.gc(library.canopy_results_create(), library.canopy_results_destroy)
        # The units of arrays that have some.
        self.units: dict[str, str] = {}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Give copies of all arrays, by their names."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        array = ffi.new("canopy_array *", {"size": ffi.sizeof("canopy_array")})
        for place in range(library.canopy_results_count(self.pointer)):
            if not library.canopy_results_array(self.pointer, place, array):
                raise failure()
            shape = tuple(array.shape[axis] for axis in range(array.rank))
            count = math.prod(shape)
            name = text(array.name)
            if unit := text(array.unit):
                self.units[name] = unit
            if array.type == TEXT:
                arrays[name] = _texts(array.data, count)
                continue
            dtype = np.dtype(TYPES[array.type])
            numbers = np.frombuffer(ffi.buffer(array.data, count * dtype.itemsize), dtype=dtype) if count else ()
            arrays[name] = np.array(numbers, dtype=dtype).reshape(shape)
        return arrays


def _texts(data: Any, count: int) -> npt.NDArray[np.object_]:
    """Give an array of text, whose equal elements are one text in the library too."""
    texts = np.full(count, "", dtype=object)
    if count:
        pointers = np.frombuffer(ffi.buffer(data, count * 8), dtype=np.uint64)
        known, places = np.unique(pointers, return_inverse=True)
        texts[:] = np.array([text(ffi.cast("char *", int(pointer))) for pointer in known], dtype=object)[places]
    return texts

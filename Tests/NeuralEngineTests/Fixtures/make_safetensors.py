#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the safetensors fixtures with the format's own Python package (pip install safetensors numpy)."""
import pathlib

import numpy as np
from safetensors import TensorSpec, serialize
from safetensors.numpy import save_file

here = pathlib.Path(__file__).parent

# What Canopy writes too: single precision only, one remark.
save_file(
    {
        "cell.weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 4 - 0.5,
        "a \"quoted\" näme/ü": np.array([1e-45, np.inf, -0.0, 3.4028235e38], dtype=np.float32),
        "scalar": np.array(2.5, dtype=np.float32),
    },
    here / "single.safetensors",
    metadata={"format": "canopy"},
)

# Every element type that Canopy reads, an empty tensor among them. NumPy has no bfloat16: its bits.
brain = np.array([1.0, -2.5, 65536.0], dtype=np.float32).view(np.uint32) >> 16
tensors = {
    "double": ("float64", np.array([0.1, -1e30], dtype=np.float64)),
    "single": ("float32", np.array([[0.1, 7]], dtype=np.float32)),
    "half": ("float16", np.array([0.333251953125, 6e-8, -65504], dtype=np.float16)),
    "brain": ("bfloat16", brain.astype(np.uint16)),
    "empty": ("float32", np.zeros((0, 3), dtype=np.float32)),
}
specifications = {
    name: TensorSpec(dtype=kind, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes)
    for name, (kind, array) in tensors.items()
}
(here / "mixed.safetensors").write_bytes(bytes(serialize(specifications)))

# SPDX-License-Identifier: GPL-3.0-or-later
"""The notebook of the examples, executed."""

import pathlib

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
for needed in ("h5py", "ipykernel", "matplotlib"):
    pytest.importorskip(needed)

folder = pathlib.Path(__file__).resolve().parents[3] / "Resources" / "Examples"


def test_notebook() -> None:
    notebook = nbformat.read(folder / "canopy.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells), "strip the outputs"
    nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    assert any("image/png" in output.get("data", {}) for cell in cells for output in cell.outputs)
    # The tagger's published rejection at half of the W jets is far above ten.
    text = cells[-1].outputs[0]["text"]
    remaining = float(text.split(", ")[1].split(" %")[0].split("%")[0])
    assert 0 < remaining < 5, text

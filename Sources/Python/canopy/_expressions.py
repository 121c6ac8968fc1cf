# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions of branches, as layouts and mapping files write them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Container, Mapping
from typing import Any

import awkward as ak
import numpy as np

OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "arcsinh": np.arcsinh,
    "arctan2": np.arctan2,
    "hypot": np.hypot,
    "sign": np.sign,
    "where": ak.where,
    "first": lambda values: ak.fill_none(ak.firsts(values), np.nan),
}


class Expression:
    """A number for each event or each of its particles, computed from branches.

    Parameters
    ----------
    text
        The name of a branch; or numbers, names of branches (with dots as they are), arithmetic, comparisons, `&`, `|`,
        `~` and the functions abs, sqrt, exp, log, sin, cos, tan, sinh, cosh, arcsinh, arctan2, hypot, sign, where and
        first (the first of a list).
    branches
        The names of the branches of the file.

    Attributes
    ----------
    names
        The names of branches in it, of which some may be none of the file.

    Raises
    ------
    ValueError
        If it is no such expression.
    """

    def __init__(self, text: str | float, branches: Container[str]) -> None:
        self.text = str(text)
        self.names: set[str] = set()
        try:
            # Names of branches may have any characters.
            self._tree = (
                ast.Name(self.text) if self.text in branches else ast.parse(self.text.strip(), mode="eval").body
            )
        except SyntaxError:
            self._tree = ast.Name(self.text)
        self._collect(self._tree)

    def value(self, arrays: Mapping[str, Any]) -> Any:
        """Compute it; a branch by itself keeps its type, anything else is in double precision."""
        return arrays[self.text] if self.text in arrays else self._value(self._tree, arrays)

    def _collect(self, node: ast.expr) -> None:
        if (name := _dotted(node)) is not None:
            self.names.add(name)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
            for argument in node.args:
                self._collect(argument)
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            self._collect(node.left)
            self._collect(node.right)
        elif isinstance(node, ast.UnaryOp) and type(node.op) in OPERATORS:
            self._collect(node.operand)
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in OPERATORS:
            self._collect(node.left)
            self._collect(node.comparators[0])
        elif not (isinstance(node, ast.Constant) and isinstance(node.value, (int, float))):
            raise ValueError(
                f"{self.text}: only numbers, branches, + - * / ** %, comparisons, & | ~ and the functions "
                f"{', '.join(FUNCTIONS)} make an expression; put a further comparison into parentheses."
            )

    def _value(self, node: ast.expr, arrays: Mapping[str, Any]) -> Any:
        if (name := _dotted(node)) is not None:
            return _in_double_precision(arrays[name])
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Call):
            assert isinstance(node.func, ast.Name)
            return FUNCTIONS[node.func.id](*(self._value(argument, arrays) for argument in node.args))
        if isinstance(node, ast.BinOp):
            return OPERATORS[type(node.op)](self._value(node.left, arrays), self._value(node.right, arrays))
        if isinstance(node, ast.UnaryOp):
            return OPERATORS[type(node.op)](self._value(node.operand, arrays))
        assert isinstance(node, ast.Compare)
        return OPERATORS[type(node.ops[0])](self._value(node.left, arrays), self._value(node.comparators[0], arrays))


def _dotted(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)) is not None:
        return f"{before}.{node.attr}"
    return None


def _in_double_precision(values: Any) -> Any:
    return ak.values_astype(values, np.float64) if "float32" in str(ak.type(values)) else values

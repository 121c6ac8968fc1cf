#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes Tests/FormulasTests/Fixtures/python.json: formulas, random numbers, and what Python makes of them.

Usage: python3 Resources/Checks/formulas.py >Tests/FormulasTests/Fixtures/python.json

Python's own eval works the formulas out, event by event; rows of an event are lists that calculate element by element.
"""

import json
import math
import random


class Rows:
    """The numbers of the rows of one event."""

    def __init__(self, values):
        self.values = list(values)

    def __iter__(self):
        return iter(self.values)


def elementwise(operation):
    def method(self, other):
        others = other if isinstance(other, Rows) else [other] * len(self.values)
        return Rows(operation(a, b) for a, b in zip(self, others))
    return method


def reflected(operation):
    return lambda self, other: Rows(operation(other, a) for a in self)


OPERATORS = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b,
    "truediv": lambda a, b: a / b, "mod": lambda a, b: a % b,
}
for name, operation in OPERATORS.items():
    setattr(Rows, f"__{name}__", elementwise(operation))
    setattr(Rows, f"__r{name}__", reflected(operation))
for name, operation in {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
}.items():
    setattr(Rows, f"__{name}__", elementwise(operation))
Rows.__neg__ = lambda self: Rows(-a for a in self)
Rows.__abs__ = lambda self: Rows(abs(a) for a in self)


class Jets:
    def __init__(self, pt, eta):
        self.pt, self.eta = Rows(pt), Rows(eta)


FUNCTIONS = {
    "abs": abs, "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log10": math.log10, "floor": math.floor,
    "ceil": math.ceil, "sin": math.sin, "cos": math.cos, "tan": math.tan, "sinh": math.sinh, "cosh": math.cosh,
    "tanh": math.tanh, "atan2": math.atan2, "hypot": math.hypot, "min": min, "max": max, "sum": sum, "any": any,
    "all": all, "count": sum, "mean": lambda rows: sum(rows) / len(list(rows)),
}

dice = random.Random(1702)


def literal():
    return dice.choice(["0", "1", "2", "3.5", "0.25", "40", "1e2", ".5", "7."])


def rows(depth):
    """A number for each jet."""
    if depth <= 0:
        return dice.choice(["jet.pt", "jet.eta", literal()])
    kind = dice.randrange(6)
    if kind < 3:
        return f"({rows(depth - 1)} {dice.choice('+-*')} {rows(depth - 1)})"
    if kind == 3:
        return f"abs({rows_of_jets(depth - 1)})"
    return dice.choice(["jet.pt", "jet.eta"])


def rows_of_jets(depth):
    return f"jet.{dice.choice(['pt', 'eta'])} {dice.choice('+-*')} {rows(depth)}"


def number(depth):
    if depth <= 0:
        return dice.choice(["ht", "met", "label", literal()])
    kind = dice.randrange(11)
    if kind < 4:
        return f"{number(depth - 1)} {dice.choice(['+', '-', '*', '/', '%'])} {number(depth - 1)}"
    if kind == 4:
        return f"({number(depth - 1)})"
    if kind == 5:
        return f"-{number(depth - 1)}"
    if kind == 6:
        return f"{dice.choice(['sum', 'mean', 'min', 'max'])}({rows_of_jets(depth - 1)})"
    if kind == 7:
        return f"count({rows_of_jets(depth - 1)} {dice.choice(['<', '>', '<=', '>='])} {literal()})"
    if kind == 8:
        function = dice.choice(["abs", "floor", "ceil", "sin", "cos", "tanh", "exp", "sqrt", "log"])
        return f"{function}({number(depth - 1)})"
    if kind == 9:
        return f"{dice.choice(['min', 'max', 'atan2', 'hypot'])}({number(depth - 1)}, {number(depth - 1)})"
    return f"{dice.choice(['2', '0.5', 'label'])} ** {dice.choice(['2', '-1', '-2 ** 2', 'label', '3'])}"


def condition(depth):
    comparison = lambda: dice.choice(["<", "<=", ">", ">=", "==", "!="])
    if depth <= 0:
        return f"{number(1)} {comparison()} {number(1)}"
    kind = dice.randrange(8)
    if kind < 3:
        return f"{condition(depth - 1)} {dice.choice(['and', 'or'])} {condition(depth - 1)}"
    if kind == 3:
        return f"not {condition(depth - 1)}"
    if kind == 4:
        return f"({condition(depth - 1)})"
    if kind == 5:
        return f"{number(depth - 1)} < {number(depth - 1)} {comparison()} {number(1)}"
    if kind == 6:
        return f"label {dice.choice(['in', 'not in'])} [{literal()}, {literal()}, 1]"
    return f"{dice.choice(['any', 'all'])}({rows_of_jets(1)} {dice.choice(['<', '>'])} {literal()})"


def main():
    events = []
    for _ in range(8):
        jets = dice.randrange(1, 5)
        events.append({
            "ht": round(dice.uniform(0, 500), 2), "met": round(dice.uniform(-50, 200), 2),
            "label": dice.randrange(3), "pt": [round(dice.uniform(5, 300), 2) for _ in range(jets)],
            "eta": [round(dice.uniform(-4, 4), 3) for _ in range(jets)],
        })
    cases = []
    while len(cases) < 600:
        text = number(3) if len(cases) % 2 else condition(3)
        values = []
        try:
            for event in events:
                names = {"ht": event["ht"], "met": event["met"], "label": event["label"],
                         "jet": Jets(event["pt"], event["eta"])}
                value = eval(text, {"__builtins__": {}}, FUNCTIONS | names)
                if isinstance(value, complex) or not math.isfinite(value):
                    raise ValueError
                values.append(float(value))
        except (ArithmeticError, ValueError):
            continue
        cases.append({"formula": text, "values": values})
    print(json.dumps({"events": events, "cases": cases}, separators=(",", ":")).replace('{"formula', '\n{"formula'))


main()

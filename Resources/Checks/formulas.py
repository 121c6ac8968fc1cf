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


class Nested:
    """The numbers of what is in each of the rows of one event."""

    def __init__(self, lists):
        self.lists = [values if isinstance(values, Rows) else Rows(values) for values in lists]

    def spread(self, other):
        """What goes with each of the lists."""
        return other.lists if isinstance(other, Nested) else other if isinstance(other, Rows) else [other] * len(self.lists)


def nested(operation):
    return lambda self, other: Nested(operation(a, b) for a, b in zip(self.lists, self.spread(other)))


def elementwise(operation):
    def method(self, other):
        if isinstance(other, Nested):
            return NotImplemented
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
    setattr(Nested, f"__{name}__", nested(operation))
    setattr(Nested, f"__r{name}__", nested(lambda a, b, operation=operation: operation(b, a)))
for name, operation in {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
}.items():
    setattr(Rows, f"__{name}__", elementwise(operation))
    setattr(Nested, f"__{name}__", nested(operation))
Rows.__neg__ = lambda self: Rows(-a for a in self)
Rows.__abs__ = lambda self: Rows(abs(a) for a in self)
Nested.__abs__ = lambda self: Nested(map(abs, self.lists))


class Jets:
    def __init__(self, pt, eta):
        self.pt, self.eta = Rows(pt), Rows(eta)


class Constituents:
    def __init__(self, x, y):
        self.x, self.y = Nested(x), Nested(y)


def of_lists(function):
    """The same function, which makes a number of each row out of what is in it."""
    def result(first, *others):
        if isinstance(first, Nested):
            return Rows(function(values, *others) for values in first.lists)
        return function(first, *others)
    return result


def largest(rows, rank):
    values = sorted(rows, reverse=True)
    if rank >= len(values):
        raise ValueError
    return values[rank]


FUNCTIONS = {
    "abs": abs, "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "log10": math.log10, "floor": math.floor,
    "ceil": math.ceil, "sin": math.sin, "cos": math.cos, "tan": math.tan, "sinh": math.sinh, "cosh": math.cosh,
    "tanh": math.tanh, "atan2": math.atan2, "hypot": math.hypot, "min": min, "max": max, "sum": sum, "any": any,
    "all": all, "count": sum, "mean": lambda rows: sum(rows) / len(list(rows)), "largest": largest,
}
for name in ["min", "max", "sum", "any", "all", "count", "mean", "largest"]:
    FUNCTIONS[name] = of_lists(FUNCTIONS[name])

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


def constituents(depth):
    """A number for each constituent."""
    own = f"constituent.{dice.choice('xy')}"
    if depth <= 0:
        return own
    kind = dice.randrange(5)
    if kind < 3:
        other = dice.choice([constituents(depth - 1), rows(1), "ht", literal()])
        return f"{own} {dice.choice('+-*')} {other}"
    return f"abs({constituents(depth - 1)})" if kind == 3 else f"({other_first()} {dice.choice('+-*')} {own})"


def other_first():
    return dice.choice(["jet.pt", "met", literal()])


def jets_of_constituents(depth):
    """A number for each jet, out of those of its constituents."""
    kind = dice.randrange(4)
    if kind == 0:
        return f"count({constituents(depth)} {dice.choice(['<', '>', '<=', '>='])} {dice.choice(['jet.eta', literal()])})"
    if kind == 1:
        return f"largest({constituents(depth)}, {dice.randrange(2)})"
    if kind == 2:
        return f"({jets_of_constituents(depth - 1)} {dice.choice('+-*')} jet.pt)" if depth > 0 else "max(constituent.x)"
    return f"{dice.choice(['sum', 'mean', 'min', 'max'])}({constituents(depth)})"


def nested_number():
    inner = jets_of_constituents(2)
    if dice.randrange(3) == 0:
        return f"largest({inner}, {dice.randrange(3)})"
    return f"{dice.choice(['sum', 'mean', 'min', 'max'])}({inner})"


def nested_condition():
    return f"{dice.choice(['any', 'all'])}({jets_of_constituents(2)} {dice.choice(['<', '>'])} {number(1)})"


def main():
    events = []
    for _ in range(8):
        jets = dice.randrange(1, 5)
        events.append({
            "ht": round(dice.uniform(0, 500), 2), "met": round(dice.uniform(-50, 200), 2),
            "label": dice.randrange(3), "pt": [round(dice.uniform(5, 300), 2) for _ in range(jets)],
            "eta": [round(dice.uniform(-4, 4), 3) for _ in range(jets)],
        })
    inside = random.Random(2311)
    for event in events:
        counts = [inside.randrange(1, 6) for _ in event["pt"]]
        event["x"] = [[round(inside.uniform(-9, 9), 2) for _ in range(count)] for count in counts]
        event["y"] = [[round(inside.uniform(-9, 9), 2) for _ in range(count)] for count in counts]
    cases = []
    while len(cases) < 900:
        if len(cases) < 600:
            text = number(3) if len(cases) % 2 else condition(3)
        else:
            text = nested_number() if len(cases) % 2 else nested_condition()
        values = []
        try:
            for event in events:
                names = {"ht": event["ht"], "met": event["met"], "label": event["label"],
                         "jet": Jets(event["pt"], event["eta"]),
                         "constituent": Constituents(event["x"], event["y"])}
                value = eval(text, {"__builtins__": {}}, FUNCTIONS | names)
                if isinstance(value, complex) or not math.isfinite(value):
                    raise ValueError
                values.append(float(value))
        except (ArithmeticError, ValueError):  # What is not there, or is no number.
            continue
        cases.append({"formula": text, "values": values})
    print(json.dumps({"events": events, "cases": cases}, separators=(",", ":")).replace('{"formula', '\n{"formula'))


main()

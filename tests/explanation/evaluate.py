"""An explanation computed again from its JSON alone: operands and named steps, in Python integers and fractions.

`evaluate` compares every step with what it should be and returns the code the last one leads to. What a step of a
kernel should be is in kernels.py, by op.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import Any

from .arithmetic import RULES, clamp, half_away, half_even, over, product, single, wrap
from .kernels import ACCUMULATORS, SELECTED, STAGES, Found
from .plain import PLAIN

Document = dict[str, Any]


def evaluate(document: Document) -> Any:
    """The code of the element. Raises AssertionError for a step that is not what it should be."""
    found = Found(document)
    if document["copied_from"] is not None:
        return document["copied_from"]["code"]
    key = document["op"], document["variant"]
    if not document["steps"]:
        return PLAIN[key](found) if key in PLAIN else SELECTED[document["op"]](found)
    expected = STAGES[key](found) if key in STAGES else {}
    previous: Any = None
    before = ""
    for step in document["steps"]:
        name, operands, result = step["name"], step["operands"], step["result"]
        if name in expected:
            wanted = expected[name]
            assert wanted(result) if callable(wanted) else result == wanted, (name, result, wanted)
        else:
            assert result == generic(found, step, previous), (step, previous)
        if step["part"] == "rescale" and found.is_sum(before):
            assert operands["value"] == previous
        previous, before = result, name
    return previous


def generic(found: Found, step: Document, previous: Any) -> Any:
    """What a step gives that means the same for every op."""
    name, operands = step["name"], step["operands"]
    if name in RULES:
        return rescaled(name, operands)
    if name == "sum of the terms":
        return sum(term_values(found))
    if name == "plus b":
        return operands["value"] + operands["b"]
    if name == "accumulator":
        return accumulator(found, step, previous)
    if name == "plus the zero point":
        assert operands["value"] == previous
        return wrap(previous + found.constant("y_zero"))
    if name == "in steps of y" and "in a whole block" in found.results:
        assert found.first["in a whole block"] == found.first["left over"]
        return step["result"] if step["result"] in (found["in a whole block"], found["left over"]) else None
    if name == "plus the bias":
        return single(operands["value"] + found.document["start"][0]["code"])
    if name == "before the limits":
        return SELECTED[found.document["op"]](found)
    if name == "clamp":
        return clamp(operands["value"], operands["low"], operands["high"])
    if name == "InVectors":
        return in_vectors(operands)
    if name in ("FloatSum", "Recode"):
        moved = single(single(single(operands["value"]) * operands["ratio"]) + operands["offset"])
        y = half_away(Fraction(moved)) + operands["y_zero"]
        return y if name == "FloatSum" else clamp(y, 0, 255)
    if name == "EvenSum":
        return half_even(Fraction(single(single(single(operands["value"]) * operands["ratio"]) + operands["offset"])))
    raise AssertionError(f"nobody can say what {name!r} of {found.document['op']} should be")


def rescaled(name: str, operands: Document) -> Any:
    """What a step of a rescale rule gives, for one number or for several."""
    numbers = operands["mantissa"], operands["exponent"], operands["real"]
    if isinstance(operands["value"], (list, tuple)):
        return tuple(RULES[name](value, *numbers) for value in operands["value"])
    return RULES[name](operands["value"], *numbers)


def in_vectors(operands: Document) -> int:
    """The optimized ADD brings an operand to the common scale: shifted before the multiplication, or after it."""
    value, mantissa, exponent = operands["value"], operands["mantissa"], operands["exponent"]
    if operands["shift_first"]:
        return product(math.floor(over(value, -operands["more_bits"] - exponent)), mantissa)
    return math.floor(over(product(wrap(value << operands["more_bits"]), mantissa), -exponent))


def term_values(found: Found) -> Iterator[int]:
    """The products of codes less zero points; each printed one must be right."""
    for term in found.document["terms"]:
        value = prod(element["code"] - element["zero_point"] for element in term["elements"])
        assert value == term["value"]
        yield value


def accumulator(found: Found, step: Document, previous: Any) -> int:
    """The accumulator: the sum's low bits, or what the op makes of single elements."""
    op = found.document["op"]
    for key in ((op, found.document["variant"]), op):
        if key in ACCUMULATORS:
            return ACCUMULATORS[key](found)
    if not found.document["terms"]:
        return step["result"]  # no element reaches this place: the bias alone, checked where there is one
    return wrap(previous)

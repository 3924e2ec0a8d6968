"""Plans that tell what they did: a copy of a plan whose rescale rules and ranges log every array they are given.

So the kernel itself takes the steps that are explained, and its arithmetic stands nowhere a second time.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.affine import Affine, Range
from minilite.numerics.rescale import Rescale
from minilite.ops.call import Array


class Call(NamedTuple):
    """One use of a part of a plan: its path from the plan, the part, what it was given and what it gave."""

    path: str
    part: Any
    given: Array
    result: Array


Log = Callable[[Call], None]


def watched(plan: Any, log: Log, path: str = "") -> Any:
    """`plan` with every part that computes, at any depth, made to log."""
    if isinstance(plan, Range):
        return _watch(plan, "clamp", log, path)
    if callable(plan) and isinstance(plan, tuple):
        return _watch(plan, "__call__", log, path)
    if not isinstance(plan, tuple):
        return plan
    parts = [watched(value, log, field) for field, value in _fields(plan, path)]
    return type(plan)(*parts) if hasattr(plan, "_fields") else tuple(parts)


def _watch(part: Any, method: str, log: Log, path: str) -> Any:
    """An equal part of a subtype whose `method` logs."""
    compute = getattr(type(part), method)

    def logging(self: Any, given: Array) -> Array:
        result: Array = compute(self, given)
        log(Call(path, type(part)(*self), np.array(given), result))
        return result

    return type(type(part).__name__, (type(part),), {method: logging})(*part)


def numbers(plan: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The single numbers of a plan, by their paths; of a rescale rule those of its multiplier."""
    if isinstance(plan, Rescale):
        yield from numbers(plan.multiplier, path)
    elif isinstance(plan, Affine):
        yield from ((f"{path}.{name}" if path else name, a) for name, a in _of_affine(plan) if a.size == 1)
    elif isinstance(plan, tuple):
        for field, value in _fields(plan, path):
            yield from numbers(value, field)
    elif isinstance(plan, (int, float, np.number)) or (isinstance(plan, np.ndarray) and plan.size == 1):
        yield path, plan


def _of_affine(affine: Affine) -> tuple[tuple[str, Array], ...]:
    return ("scale", affine.scale), ("zero_point", affine.zero_point)


def _fields(plan: tuple[Any, ...], path: str) -> Iterator[tuple[str, Any]]:
    """The parts of a plan, by their paths."""
    if hasattr(plan, "_fields"):
        for name, value in zip(plan._fields, plan, strict=True):
            yield f"{path}.{name}" if path else name, value
    else:
        for place, value in enumerate(plan):
            yield f"{path}[{place}]", value

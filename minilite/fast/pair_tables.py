"""Functions of two 8-bit codes: a table of all 65536 pairs, looked up in a compiled loop.

The definition itself makes the table, from every pair there is.
"""

from typing import Any

import numpy as np

from minilite.errors import InputError
from minilite.numerics.jit import kernel
from minilite.ops import OPS
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared

from .blocks import as_tuple
from .code_pairs import BYTES, EVERY
from .stretching import FIELDS, Stretch, laid_out, lay_out, parts_at, start_of, stretch
from .twins import Loop, Twins, looped

NAMES = ("SQUARED_DIFFERENCE", "FLOOR_DIV", "FLOOR_MOD")
COMPARISONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")


def pairs(prepared: Prepared, a: Array | None, b: Array | None) -> Loop | None:
    """The loop for 8-bit codes, None for others, and where the definition refuses a code."""
    call, y = prepared.call, prepared.call["y"]
    found = stretch(call)
    if found is None or y.dtype.itemsize > 1 or any(call[name].tensor.type not in BYTES for name in ("a", "b")):
        return None
    every = EVERY.view(call["a"].dtype)
    try:
        table: Array = prepared.variant.run(prepared.plan, every[:, None], every[None, :])
    except InputError:
        return None
    whole, numbers = found
    return Loop(pairs_loop, (0, 1), table.reshape(-1).view(np.uint8), numbers, laid_out(whole), y.shape, y.dtype)


@kernel
def pairs_loop(a: Any, b: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] = table[a[n], b[n]], uint8."""
    s = Stretch(*as_tuple(numbers, FIELDS))
    for k in range(s.times):
        start = start_of(numbers, k)
        lay_out(a, b, start, scratch, s)
        for place in range(0, s.elements, s.row):
            first, second = parts_at(a, b, start, scratch, s, place)
            made = y[k * s.elements + place :]
            for i in range(len(first)):
                made[i] = constants[np.uint64(first[i]) << np.uint64(8) | np.uint64(second[i])]


TWINS: Twins = {
    variant: looped(pairs)
    for name in (*NAMES, *COMPARISONS)
    for variant in OPS[name].variants
    if any("int8" in types for types in variant.types)
}

"""Functions of one 8-bit code, RELU, LOGISTIC and their like: a table of 256 codes, looked up in a compiled loop.

The definition itself makes the table, from every code there is.
"""

import math
from typing import Any

import numpy as np

from minilite.errors import InputError
from minilite.format.enums import TensorType
from minilite.numerics.jit import kernel
from minilite.ops import OPS, Variant
from minilite.ops.call import Array
from minilite.ops.prepare import Prepared

from .twins import Loop, Twins, looped

NAMES = ("ABS", "ELU", "EXP", "GELU", "HARD_SWISH", "LEAKY_RELU", "LOG", "LOGISTIC", "NEG", "RSQRT", "SQRT", "TANH")
RECTIFIERS = ("RELU", "RELU6", "RELU_0_TO_1", "RELU_N1_TO_1")
BYTES = (TensorType.INT8, TensorType.UINT8)


def codes(prepared: Prepared, x: Array | None) -> Loop | None:
    """The loop for 8-bit codes, None for others, and where the definition refuses a code."""
    x_tensor, y = prepared.call["x"].tensor, prepared.call["y"]
    if x_tensor.type not in BYTES or y.tensor.type not in BYTES:
        return None
    try:
        return look_up(prepared, prepared.plan, 0, math.prod(y.shape))
    except InputError:
        return None


def look_up(prepared: Prepared, plan: Any, first: int, last: int) -> Loop:
    """The loop for some of the elements, 8-bit codes, with the constants of `plan`."""
    x_tensor, y = prepared.call["x"].tensor, prepared.call["y"]
    every = np.arange(256, dtype=np.uint8).view(x_tensor.dtype)
    table: Array = prepared.variant.run(plan, every)
    numbers = np.array([first, last], np.int64)
    return Loop(codes_loop, (0,), table.view(np.uint8).copy(), numbers, 0, y.shape, y.dtype)


@kernel
def codes_loop(x: Any, _: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] = table[x[n]], uint8."""
    for k in range(numbers[0], numbers[1]):
        y[k] = constants[np.uint64(x[k])]


def is_by_element(variant: Variant) -> bool:
    """Whether a variant looks at nothing but the code: vector code in blocks looks at the place as well."""
    return "blocks" not in variant.name and any("int8" in types for types in variant.types)


TWINS: Twins = {
    variant: looped(codes) for name in (*NAMES, *RECTIFIERS) for variant in OPS[name].variants if is_by_element(variant)
}

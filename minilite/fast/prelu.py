"""PRELU in compiled loops. The definition is minilite/ops/prelu.py."""

from typing import Any

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.prelu import PRELU
from minilite.ops.prepare import Prepared

from .blocks import as_tuple
from .float_blocks import FLOAT_BYTES
from .pairs import slopes
from .stretching import FIELDS, Stretch, lay_out, stretch
from .twins import Loop, Twins, looped

NOTHING = np.zeros(0, np.uint8)


def reals(prepared: Prepared, x: Array | None, alpha: Array | None) -> Loop | None:
    """The loop for float32, None for shapes that stretch in an unusual way."""
    call = prepared.call
    found = stretch(call, ("x", "alpha"))
    if found is None:
        return None
    numbers, shape = np.array(found, np.int64), call["y"].shape
    return Loop(reals_loop, (0, 1), NOTHING, numbers, FLOAT_BYTES * found.row, shape, np.dtype(np.float32))


@kernel
def reals_loop(x: Any, alpha: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from x[n] and alpha, which may repeat, float32 as bytes."""
    s, values, made = Stretch(*as_tuple(numbers, FIELDS)), x.view(np.float32), y.view(np.float32)
    if s.row == 0:
        rectify(values, alpha.view(np.float32), made)
        return
    repeated = scratch[: FLOAT_BYTES * s.row].view(np.float32)
    lay_out(alpha.view(np.float32), repeated, s)
    for start in range(0, s.elements, s.row):
        end = min(start + s.row, s.elements)
        rectify(values[start:end], repeated[: end - start], made[start:end])


def rectify(x: Any, alpha: Any, y: Any) -> None:
    """y[k] = x[k], or alpha[k] * x[k] below 0."""
    for k in range(y.shape[0]):
        y[k] = x[k] if x[k] >= 0 else np.float32(x[k] * alpha[k])


TWINS: Twins = {variant: looped(reals if variant.name == "float" else slopes) for variant in PRELU.variants}

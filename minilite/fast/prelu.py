"""PRELU in compiled loops. The definition is minilite/ops/prelu.py."""

from typing import Any

import numpy as np

from minilite.numerics.jit import kernel
from minilite.ops.call import Array
from minilite.ops.prelu import PRELU
from minilite.ops.prepare import Prepared

from .blocks import as_tuple, viewed
from .float_blocks import FLOAT_BYTES
from .pairs import slopes
from .stretching import FIELDS, Stretch, laid_out, lay_out, parts_at, start_of, stretch
from .twins import Loop, Twins, looped

NOTHING = np.zeros(0, np.uint8)


def reals(prepared: Prepared, x: Array | None, alpha: Array | None) -> Loop | None:
    """The loop for float32, None for shapes that stretch along too many axes."""
    call = prepared.call
    found = stretch(call, ("x", "alpha"))
    if found is None:
        return None
    (whole, numbers), shape = found, call["y"].shape
    return Loop(reals_loop, (0, 1), NOTHING, numbers, FLOAT_BYTES * laid_out(whole), shape, np.dtype(np.float32))


@kernel
def reals_loop(x: Any, alpha: Any, y: Any, scratch: Any, constants: Any, numbers: Any) -> None:
    """y[n] from x[n] and alpha, which may repeat, float32 as bytes."""
    s, values, made = Stretch(*as_tuple(numbers, FIELDS)), viewed(x, np.float32), viewed(y, np.float32)
    slopes, laid = viewed(alpha, np.float32), viewed(scratch[: FLOAT_BYTES * laid_out(s)], np.float32)
    for k in range(s.times):
        start = start_of(numbers, k)
        lay_out(values, slopes, start, laid, s)
        for place in range(0, s.elements, s.row):
            first, second = parts_at(values, slopes, start, laid, s, place)
            rectify(first, second, made[k * s.elements + place :])


def rectify(x: Any, alpha: Any, y: Any) -> None:
    """y[k] = x[k], or alpha[k] * x[k] below 0."""
    for k in range(x.shape[0]):
        y[k] = x[k] if x[k] >= 0 else np.float32(x[k] * alpha[k])


TWINS: Twins = {variant: looped(reals if variant.name == "float" else slopes) for variant in PRELU.variants}

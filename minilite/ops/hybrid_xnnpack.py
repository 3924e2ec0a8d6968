"""XNNPACK's hybrid kernels: float inputs, int8 weights, each row or image quantized when it runs.

    q, x_scale, x_zero = codes of each row or image of x, asymmetric whatever the option says  (numerics/dynamic.py)
    acc = sum of (q - x_zero) * w                                exact integer
    y   = activation(acc * x_scale * w_scale + b)                acc * x_scale rounded to float32, the rest at once

Follows XNNPACK src/qd8-f32-qc8w-gemm and src/qd8-f32-qc8w-igemm.
"""

import math
from typing import NamedTuple

import numpy as np

from minilite.numerics.activation import NONE, activation_reals, unbounded
from minilite.numerics.affine import Range
from minilite.numerics.dynamic import DynamicRows, quantize_rows_even
from minilite.numerics.fused import fused_multiply_add

from .call import Array
from .hybrid import notes
from .op import Noted, Staged

ZERO = np.zeros(1, np.float32)
NO_LIMITS = activation_reals(NONE)


class Quantized(NamedTuple):
    """Rows or images of x as they were quantized."""

    rows: DynamicRows
    codes: Array  # less their zero points, in the shape of x
    scale: Array  # beside it


def quantize(x: Array, axes: int) -> Quantized:
    """x quantized over its last `axes` axes."""
    lead = x.shape[: x.ndim - axes]
    rows = quantize_rows_even(x.reshape(math.prod(lead), math.prod(x.shape[x.ndim - axes :])))
    centred = rows.codes.astype(np.int32) - rows.zero_point[:, None].astype(np.int32)
    return Quantized(rows, centred.reshape(x.shape), rows.scale.reshape(*lead, *(1,) * axes))


def real_values(x: Quantized, sums: Array, w_scale: Array, b: Array | None, reals: Range = NO_LIMITS) -> Staged:
    """The outputs of a kernel, and the steps to them, from its exact sums."""
    times_x = sums.astype(np.float32) * x.scale
    added = fused_multiply_add(times_x, w_scale, ZERO if b is None else b)
    y = unbounded(reals).clamp(added)
    stages = {"accumulator": sums, "times x_scale": times_x, "times w_scale + bias, fused": added, "activated": y}
    return Staged(Noted((y,), notes(x.rows)), stages)

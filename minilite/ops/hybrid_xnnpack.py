"""XNNPACK's hybrid kernels: float inputs, int8 weights, each row or image quantized when it runs.

    q, x_scale, x_zero = codes of each row or image of x, asymmetric whatever the option says  (numerics/dynamic.py)
    acc = sum of (q - x_zero) * w                                exact integer
    y   = activation(acc * x_scale * w_scale + b)                acc * x_scale rounded to float32, the rest at once

Follows XNNPACK src/qd8-f32-qc8w-gemm and src/qd8-f32-qc8w-igemm.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.activation import activation_reals
from minilite.numerics.affine import Range
from minilite.numerics.dynamic import DynamicRows, quantize_rows_even
from minilite.numerics.fused import fused_multiply_add

from .call import Array
from .hybrid import notes
from .op import Noted, Staged

ZERO = np.zeros(1, np.float32)


class Products(NamedTuple):
    """Exact sums, and what they are to be multiplied with, all of shapes that broadcast."""

    sums: Array
    x_scale: Array
    w_scale: Array


def quantize(x: Array, axes: int) -> tuple[DynamicRows, Array, Array]:
    """The codes of x over its last `axes` axes, the same centred in the shape of x, and the scales beside it."""
    lead = x.shape[: x.ndim - axes]
    rows = quantize_rows_even(x.reshape(int(np.prod(lead)), int(np.prod(x.shape[x.ndim - axes :]))))
    centred = rows.codes.astype(np.int32) - rows.zero_point[:, None].astype(np.int32)
    return rows, centred.reshape(x.shape), rows.scale.reshape(*lead, *(1,) * axes)


def real_values(rows: DynamicRows, products: Products, b: Array | None, reals: Range) -> Staged:
    """The outputs of a kernel, and the steps to them."""
    times_x = products.sums.astype(np.float32) * products.x_scale
    sums = fused_multiply_add(times_x, products.w_scale, ZERO if b is None else b)
    y = reals.clamp(sums)
    stages: Mapping[str, Any] = {
        "accumulator": products.sums,
        "times x_scale": times_x,
        "times w_scale + bias, fused": sums,
        "activated": y,
    }
    return Staged(Noted((y,), notes(rows)), stages, {"x": rows})


NO_LIMITS = activation_reals(0)

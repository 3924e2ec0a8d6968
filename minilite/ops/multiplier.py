"""The constants of a product of codes, x * w, that depend on the rescale rule: the multiplier and the codes of y.

    m = x_scale * w_scale / y_scale                                                         (eq. 6)

LiteRT's kernels form it in float64, some after a product in float32. XNNPACK, which follows rule float32-even, forms
all of it in float32, and rounds the limits of an activation with ties to even (src/operators, requantization.h).
"""

from typing import Any

import numpy as np

from minilite.numerics.activation import activation_codes, activation_codes_even
from minilite.numerics.affine import Range

from .call import Array, Call

XNNPACK_RULE = "float32-even"


def real_multiplier(call: Call[Any], float32_product: bool = False) -> Array:
    """The multiplier, float64 [1] or one per channel of w; `float32_product` rounds x_scale * w_scale to float32."""
    x_scale, w_scale, y_scale = call["x"].scale, call["w"].affine.scale, call["y"].scale
    if call.rule == XNNPACK_RULE:
        return np.asarray(x_scale * w_scale / y_scale, np.float64)
    if float32_product:
        return np.asarray((x_scale * w_scale).astype(np.float64) / np.float64(y_scale))
    return np.asarray(np.float64(x_scale) * w_scale.astype(np.float64) / np.float64(y_scale))


def output_codes(call: Call[Any]) -> Range:
    """The codes that the fused activation leaves of y."""
    codes_of = activation_codes_even if call.rule == XNNPACK_RULE else activation_codes
    y = call["y"]
    return codes_of(call.options.fused_activation_function, y.scale, y.zero_point, y.dtype)

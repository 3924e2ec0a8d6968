"""Complex numbers:
    REAL, IMAG, COMPLEX_ABS    the real part, the imaginary part, the distance from 0
    RFFT2D    y[..., u, v] = sum over i, j of x[..., i, j] * e**(-2 * pi * 1j * (u * i / h + v * j / w))

RFFT2D takes the last two axes, cut off or filled with zeros to the lengths h and w, powers of two; of the w frequencies
of a real signal it gives w / 2 + 1. The transform is in float64; the official one sums in another order, so float32
values may differ in the last bit: `python -m tests.conformance.rate RFFT2D 3000` finds none in 149,314 that do.

Follows tflite/kernels/complex_support.cc and rfft2d.cc.
"""

from typing import Any

import numpy as np

from minilite.format.options.empty import Rfft2dOptions
from minilite.numerics import libm

from .call import Array, Call
from .op import Op, Variant, plan_nothing
from .signature import Shape

PARTS = ("complex64 -> float32", "complex128 -> float64")


def part(code: str, function: Any) -> Op:
    """An op that makes one real number of each complex one."""
    variant = Variant("plain", PARTS, plan_nothing, lambda plan, x: np.array(function(x)))
    return Op(code, "x[...] -> y[...]", None, (variant,))


def lengths(call: Call[Rfft2dOptions]) -> tuple[int, int]:
    """h and w. Raises ModelError unless they are powers of two."""
    call.require(call["lengths"].shape == (2,), "lengths must be two numbers")
    height, width = call.integers("lengths", ("int32",))
    for length in (height, width):
        power = length > 0 and length & (length - 1) == 0
        call.require_value("lengths", power, f"lengths are {height} and {width}, expected powers of two")
    return height, width


def shapes(call: Call[Rfft2dOptions]) -> list[Shape]:
    height, width = lengths(call)
    return [(*call["x"].shape[:-2], height, width // 2 + 1)]


def transform(plan: tuple[int, int], x: Array) -> Array:
    height, width = plan
    cut = x[..., :height, :width].astype(np.float64)
    padding = [(0, 0)] * (x.ndim - 2) + [(0, height - cut.shape[-2]), (0, width - cut.shape[-1])]
    y = np.fft.rfft2(np.pad(cut, padding)).astype(np.complex64)
    y.imag = np.where(y.imag == 0, _zeros(height, y.shape[-1]), y.imag)
    return y


def _zeros(height: int, columns: int) -> Array:
    """Zeros with the signs that the official kernel gives imaginary parts that vanish."""
    zeros = np.full((height, columns), -0.0, np.float32)
    half = height // 2
    zeros[half + 1 :, 0] = 0.0
    zeros[1:half, columns - 1] = 0.0
    return zeros


OPS = (
    part("REAL", np.real),
    part("IMAG", np.imag),
    part("COMPLEX_ABS", lambda x: libm.hypot(x.real, x.imag)),
    Op(
        "RFFT2D",
        "x[...,i,j] lengths=int[two] -> y[?]",
        Rfft2dOptions,
        (Variant("float64", ("float32 -> complex64",), lengths, transform),),
        shapes=shapes,
    ),
)

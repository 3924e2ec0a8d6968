"""RESIZE_BILINEAR:  y[n,i,j,c] = the four pixels around position (i, j) of x, weighted by nearness
RESIZE_NEAREST_NEIGHBOR:  y[n,i,j,c] = the pixel of x nearest to (i, j)

Bilinear, with rows a (above) and b (below), columns l and r, weights w (where the samples lie: numerics/sampling.py):
float32: y = ((x_al * w_a * w_l + x_bl * w_b * w_l) + x_ar * w_a * w_r) + x_br * w_b * w_r, every step rounded
uint8:   the same in float32 on codes, + 0.5, cut off
int8, int16: the same with integer weights of 10 fractional bits, exact, rounded once at the end (eq. 17): ties go away
         from zero, in a single-rounding build of TensorFlow Lite Micro up

Follows tflite/kernels/resize_bilinear.cc, resize_nearest_neighbor.cc and internal/reference/resize_bilinear.h,
resize_nearest_neighbor.h. The output's scale and zero point are taken to be the input's.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import UnsupportedError
from minilite.format.options.shape import ResizeBilinearOptions, ResizeNearestNeighborOptions
from minilite.numerics.sampling import (
    Samples,
    fixed_samples,
    float_samples,
    half_added,
    nearest_samples,
    without_fraction,
    without_fraction_up,
)

from .call import Array, Call
from .element_types import UP_TO_32_BITS
from .op import Op, Reads, Staged, Variant, follows
from .reads import Index
from .signature import Shape


class BilinearPlan(NamedTuple):
    """Which rows and columns are read, and how they are weighted."""

    rows: Samples
    columns: Samples


class NearestPlan(NamedTuple):
    """Which rows and columns are read."""

    rows: Array
    columns: Array


def _along_axes(call: Call[Any], sample: Callable[..., Any]) -> tuple[Any, Any]:
    """What `sample` gives for rows and for columns."""
    align_corners, half_pixel_centers = call.options.align_corners, call.options.half_pixel_centers
    pairs = list(zip(call["x"].shape[1:3], call["y"].shape[1:3], strict=True))
    call.require(all(length > 0 for length, _ in pairs), "an image with rows and columns expected")
    rows, columns = (sample(length, size, align_corners, half_pixel_centers) for length, size in pairs)
    return rows, columns


def plan_bilinear(call: Call[ResizeBilinearOptions]) -> BilinearPlan:
    return _inside(call, BilinearPlan(*_along_axes(call, float_samples)))


def plan_fixed(call: Call[ResizeBilinearOptions]) -> BilinearPlan:
    return _inside(call, BilinearPlan(*_along_axes(call, fixed_samples)))


def _inside(call: Call[ResizeBilinearOptions], plan: BilinearPlan) -> BilinearPlan:
    for samples, length in zip(plan, call["x"].shape[1:3], strict=True):
        if samples.lower.max() >= length:
            raise UnsupportedError(
                f"{call.node.label}: {len(samples.lower)} positions on {length}: the rounded step between them leads "
                "outside the image, where the official kernel reads past its end"
            )
    return plan


def interpolate(plan: BilinearPlan, x: Array) -> Array:
    """The weighted sums, in the type of the weights: rows first, then columns, in the official order."""
    rows, columns = plan
    above = x.take(rows.lower, 1) * rows.lower_weight[:, None, None]
    below = x.take(rows.upper, 1) * rows.upper_weight[:, None, None]
    left, right = columns.lower_weight[:, None], columns.upper_weight[:, None]
    total: Array = above.take(columns.lower, 2) * left
    total += below.take(columns.lower, 2) * left
    total += above.take(columns.upper, 2) * right
    total += below.take(columns.upper, 2) * right
    return total


def bilinear_float(plan: BilinearPlan, x: Array) -> Array:
    return interpolate(plan, x) + np.float32(0)  # the kernel adds a rounding offset of 0, which turns -0 into 0


def weights_of(plan: BilinearPlan, total: Array) -> dict[str, Array]:
    """The weights of the rows above and below, and of the columns left and right, for each element."""
    pairs = [np.stack([samples.lower_weight, samples.upper_weight], axis=-1) for samples in plan]
    rows, columns = pairs[0][None, :, None, None], pairs[1][None, None, :, None]
    shape = (*total.shape, 2)
    return {"weights of the rows": np.broadcast_to(rows, shape), "of the columns": np.broadcast_to(columns, shape)}


def bilinear_uint8(plan: BilinearPlan, x: Array) -> Staged:
    total = interpolate(plan, x.astype(np.float32))
    y = half_added(total).astype(np.uint8)
    return Staged(y, {**weights_of(plan, total), "weighted sum": total, "plus 0.5, cut off": y})


def bilinear_fixed(plan: BilinearPlan, x: Array) -> Staged:
    total = interpolate(plan, x.astype(np.int64))
    y = without_fraction(total).astype(x.dtype)
    return Staged(y, {**weights_of(plan, total), "weighted sum, in 2**-20": total, "nearest code": y})


def reads(call: Call[ResizeBilinearOptions], at: Index) -> Reads:
    """The pixels above left, below left, above right, below right."""
    image, i, j, channel = at
    rows, columns = _along_axes(call, fixed_samples if call["x"].dtype in FIXED_POINT else float_samples)
    pixels = [(image, row[i], column[j], channel) for column in columns[:2] for row in rows[:2]]
    return Reads({"x": np.array(pixels, np.intp)}, added=False)


def bilinear_single(plan: BilinearPlan, x: Array) -> Staged:
    total = interpolate(plan, x.astype(np.int64))
    y = without_fraction_up(total).astype(x.dtype)
    return Staged(y, {**weights_of(plan, total), "weighted sum, in 2**-20": total, "nearest code": y})


def plan_nearest(call: Call[ResizeNearestNeighborOptions]) -> NearestPlan:
    return NearestPlan(*_along_axes(call, nearest_samples))


def nearest(plan: NearestPlan, x: Array) -> Array:
    return x.take(plan.rows, 1).take(plan.columns, 2)


def shapes(call: Call[Any]) -> Sequence[Shape]:
    x, size = call["x"].shape, call.integers("size", ("int32",))
    call.require(len(size) == 2, f"size must be height and width, got {list(size)}")
    call.require_value("size", min(size) > 0, f"size {list(size)}, positive numbers expected")
    return [(x[0], *size, x[3])]


def bilinear_shapes(call: Call[ResizeBilinearOptions]) -> Sequence[Shape]:
    both = call.options.align_corners and call.options.half_pixel_centers
    call.require(not both, "align_corners and half_pixel_centers exclude each other")
    return shapes(call)


FIXED_POINT = ("int8", "int16")
SIGNATURE = "x[n,h,w,c] size=int[k] -> y[...]"
RESIZE_BILINEAR = Op(
    "RESIZE_BILINEAR",
    SIGNATURE,
    ResizeBilinearOptions,
    variants=(
        Variant("float", ("float32",), plan_bilinear, bilinear_float),
        Variant("uint8 in float32", ("uint8",), plan_bilinear, bilinear_uint8),
        Variant("fixed point", FIXED_POINT, plan_fixed, bilinear_fixed, rules=follows(reference="", tflm="")),
        Variant("fixed point", ("int8",), plan_fixed, bilinear_single, rules=follows(tflm_single="")),
    ),
    shapes=bilinear_shapes,
    reads=reads,
)
RESIZE_NEAREST_NEIGHBOR = Op(
    "RESIZE_NEAREST_NEIGHBOR",
    SIGNATURE,
    ResizeNearestNeighborOptions,
    variants=(Variant("nearest", UP_TO_32_BITS, plan_nearest, nearest),),
    shapes=shapes,
)
OPS = (RESIZE_BILINEAR, RESIZE_NEAREST_NEIGHBOR)

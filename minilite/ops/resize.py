"""RESIZE_BILINEAR:  y[n,i,j,c] = the four pixels around position (i, j) of x, weighted by nearness
RESIZE_NEAREST_NEIGHBOR:  y[n,i,j,c] = the pixel of x nearest to (i, j)

Bilinear, with rows a (above) and b (below), columns l and r, weights w (where the samples lie: numerics/sampling.py):
float32: y = ((x_al * w_a * w_l + x_bl * w_b * w_l) + x_ar * w_a * w_r) + x_br * w_b * w_r, every step rounded
uint8:   the same in float32 on codes, + 0.5, cut off
int8, int16: the same with integer weights of 10 fractional bits, exact, rounded once at the end (eq. 17): ties go away
         from zero, in a single-rounding build of TensorFlow Lite Micro up
optimized, float32 and uint8: the product of two weights first, the terms in the order al, ar, bl, br; floats to
         twice the size: the mean of two pixels, or the mean of two such means
xnnpack, no sample outside the image:
float32: t = x_al + (x_ar - x_al) * w_r, for b the same, then y = t + (b - t) * w_b, every step rounded
int8, uint8: integer weights of 11 bits, ties up

Follows tflite/kernels/resize_bilinear.cc, resize_nearest_neighbor.cc, internal/reference/resize_bilinear.h,
resize_nearest_neighbor.h and internal/optimized/resize_bilinear.h; XNNPACK src/f32-ibilinear, src/s8-ibilinear. The
output's scale and zero point are taken to be the input's.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import UnsupportedError
from minilite.format.options.shape import ResizeBilinearOptions, ResizeNearestNeighborOptions
from minilite.numerics.sampling import (
    Samples,
    clamped_fixed_samples,
    clamped_samples,
    fixed_samples,
    float_samples,
    half_added,
    nearest_samples,
    without_fraction,
    without_fraction_up,
    without_weights,
)

from .call import Array, Call
from .delegate import all_of, one_scale
from .delegate_plain import in_file
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
    rows, columns = _along_axes(call, _sampled(call))
    pixels = [(image, row[i], column[j], channel) for column in columns[:2] for row in rows[:2]]
    return Reads({"x": np.array(pixels, np.intp)}, added=False)


def _sampled(call: Call[ResizeBilinearOptions]) -> Callable[..., Samples]:
    """Where the samples of a node lie."""
    if call.kernel_set == "xnnpack":
        return clamped_samples
    return fixed_samples if call["x"].dtype in FIXED_POINT else float_samples


def bilinear_single(plan: BilinearPlan, x: Array) -> Staged:
    total = interpolate(plan, x.astype(np.int64))
    y = without_fraction_up(total).astype(x.dtype)
    return Staged(y, {**weights_of(plan, total), "weighted sum, in 2**-20": total, "nearest code": y})


def four_pixels(plan: BilinearPlan, x: Array) -> tuple[Array, Array, Array, Array]:
    """Above left, above right, below left, below right of each position."""
    above, below = x.take(plan.rows.lower, 1), x.take(plan.rows.upper, 1)
    columns = plan.columns.lower, plan.columns.upper
    left, right, below_left, below_right = (row.take(column, 2) for row in (above, below) for column in columns)
    return left, right, below_left, below_right


def interpolate_by_products(plan: BilinearPlan, x: Array) -> Array:
    """The weighted sums of the optimized kernels, which multiply the two weights first."""
    total: Array = np.zeros((), x.dtype)
    weights = (
        row[:, None] * column
        for row in (plan.rows.lower_weight, plan.rows.upper_weight)
        for column in (plan.columns.lower_weight, plan.columns.upper_weight)
    )
    for pixel, weight in zip(four_pixels(plan, x), weights, strict=True):
        total = total + pixel * weight[:, :, None]
    return total


def double_image(plan: BilinearPlan, x: Array) -> Array:
    """Means of two pixels between two, and means of two such means between four."""
    half = np.float32(0.5)
    left, right, below_left, below_right = four_pixels(plan, x)
    y = left.copy()
    y[:, ::2, 1::2] = ((left + right) * half)[:, ::2, 1::2]
    below = (left + below_left) * half
    y[:, 1::2, ::2] = below[:, 1::2, ::2]
    y[:, 1::2, 1::2] = ((below + (right + below_right) * half) * half)[:, 1::2, 1::2]
    return y


def plan_double(call: Call[ResizeBilinearOptions]) -> BilinearPlan:
    """Every pixel, and the next one to the right and below, twice."""
    lower = [np.arange(2 * length) // 2 for length in call["x"].shape[1:3]]
    upper = [np.minimum(place + 1, place.max()) for place in lower]
    return BilinearPlan(*(Samples(a, b, a, b) for a, b in zip(lower, upper, strict=True)))


def is_doubled(call: Call[ResizeBilinearOptions]) -> str:
    options, x, y = call.options, call["x"].shape, call["y"].shape
    doubled = tuple(y[1:3]) == (2 * x[1], 2 * x[2])
    is_plain = not options.align_corners and not options.half_pixel_centers
    return "" if doubled and is_plain else "the size is not doubled"


def bilinear_uint8_by_products(plan: BilinearPlan, x: Array) -> Staged:
    total = interpolate_by_products(plan, x.astype(np.float32))
    y = half_added(total).astype(np.uint8)
    return Staged(y, {**weights_of(plan, total), "weighted sum": total, "plus 0.5, cut off": y})


def plan_clamped(call: Call[ResizeBilinearOptions]) -> BilinearPlan:
    return BilinearPlan(*_along_axes(call, clamped_samples))


def plan_clamped_fixed(call: Call[ResizeBilinearOptions]) -> BilinearPlan:
    return BilinearPlan(*_along_axes(call, clamped_fixed_samples))


def interpolate_steps(plan: BilinearPlan, x: Array) -> Array:
    """Along the columns first, then along the rows; each time the first and a part of the difference."""
    left, right, below_left, below_right = four_pixels(plan, x)
    column, row = plan.columns.upper_weight[:, None], plan.rows.upper_weight[:, None, None]
    above = left + (right - left) * column
    below = below_left + (below_right - below_left) * column
    return np.asarray(above + (below - above) * row)


def bilinear_11_bits(plan: BilinearPlan, x: Array) -> Staged:
    total = interpolate(plan, x.astype(np.int64))
    y = without_weights(total).astype(x.dtype)
    return Staged(y, {**weights_of(plan, total), "weighted sum, in 2**-22": total, "nearest code": y})


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
DELEGATED = all_of(in_file("size"), one_scale("x", "y"))
SIGNATURE = "x[n,h,w,c] size=int[k] -> y[...]"
RESIZE_BILINEAR = Op(
    "RESIZE_BILINEAR",
    SIGNATURE,
    ResizeBilinearOptions,
    variants=(
        Variant("float", ("float32",), plan_bilinear, bilinear_float),
        Variant("uint8 in float32", ("uint8",), plan_bilinear, bilinear_uint8),
        Variant(
            "doubled",
            ("float32",),
            plan_double,
            double_image,
            rules=follows(optimized=""),
            gates={"optimized": is_doubled},
        ),
        Variant(
            "float, products of weights",
            ("float32",),
            plan_bilinear,
            interpolate_by_products,
            rules=follows(optimized=""),
        ),
        Variant(
            "uint8, products of weights",
            ("uint8",),
            plan_bilinear,
            bilinear_uint8_by_products,
            rules=follows(optimized=""),
        ),
        Variant(
            "float in steps",
            ("float32",),
            plan_clamped,
            interpolate_steps,
            rules=follows(xnnpack=""),
            gates={"xnnpack": DELEGATED},
        ),
        Variant(
            "11 bits",
            ("int8", "uint8"),
            plan_clamped_fixed,
            bilinear_11_bits,
            rules=follows(xnnpack=""),
            gates={"xnnpack": DELEGATED},
        ),
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

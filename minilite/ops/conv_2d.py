"""CONV_2D:  y[n,h,w,u] = activation(b[u] + sum over i, j, d of x[n, row(h,i), column(w,j), group(u) + d] * w[u,i,j,d])

row(h,i) = h * stride - before + i * dilation, likewise for columns (eq. 9); taps outside the image are left out.
The weights' depth d divides the channels c of x: c / d groups, each read by as many consecutive units.

float32: summed over i, j, d in this order, then the bias, then the activation. The optimized kernel sums as Eigen does,
    see numerics/eigen_product.py; XNNPACK starts from the bias and fuses each product with its sum, over j, i when
    each unit reads one channel of its own. Both multiply the zeros of the padding.
int8, uint8, int16:
    acc = b[u] + sum of (x - x_zero) * (w - w_zero)     exact, low 32 bits, with an int64 bias 64 bits  (eq. 5)
    y   = clamp(y_zero + rescale(acc))      m = x_scale * w_scale / y_scale                             (eq. 6, 7)
int4 weights are used as int8 weights.
hybrid, float32 x and y with int8 weights, see ops/hybrid_convolution.py:
    one scale of w, or all alike    symmetric codes of x, y = activation(acc * (x_scale * w_scale) + b)
    other scales, or groups         asymmetric codes,     y = activation((acc * w_scale) * x_scale + b)
                                    optimized without groups: acc * (w_scale * x_scale)
    XNNPACK: see ops/hybrid_xnnpack.py; a window of one pixel has codes of their own for each pixel.

Follows tflite/kernels/conv.cc, internal/reference/conv.h and internal/reference/integer_ops/conv.h.
Rescale rule: reference double, optimized half-up but with groups double, xnnpack float32-even; with 64-bit accumulators
int16-multiplier. The multiplier is formed in float64, for uint8 the product of the scales in float32. Upstream
demands a bias; here one left out is 0.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from minilite.format.enums import TensorType
from minilite.format.options.convolution import Conv2DOptions
from minilite.numerics.activation import unbounded
from minilite.numerics.dynamic import DynamicRows
from minilite.numerics.eigen_product import eigen_product, is_ordered
from minilite.numerics.geometry import Window
from minilite.numerics.products import exact_product
from minilite.numerics.windows import fuse_taps, gather, sum_taps

from . import hybrid_xnnpack as xnnpack
from .call import Array, Call
from .convolution import (
    FloatPlan,
    Plan,
    is_narrow,
    is_wide,
    plan_float,
    plan_int8,
    plan_int16,
    plan_int16_int32,
    plan_int16_int64,
    plan_uint8,
    windows,
)
from .delegate import convolution, has_bias
from .finish import finish
from .hybrid import add_scaled, as_int8, codes_read, hybrid_sums, notes, row_scales
from .hybrid_convolution import HybridPlan, add_bias, centred, per_image, plan_hybrid, quantize_images
from .op import Noted, Op, Reads, Refusal, Staged, Variant, follows, on_microcontrollers
from .reads import Index, bias, taps_and_pixels
from .signature import Shape

MATRIX_UNITS = 4  # hybrid products of whole fours of units go to the matrix library, others to the vector code


def accumulate(plan: Plan, x: Array, w: Array, b: Array | None = None) -> Array:
    images, weights = x.astype(np.int32) - plan.x_zero, w.astype(np.int32) - plan.w_zero
    sums = sum_windows(images, weights, plan.rows, plan.columns)
    total = sums if b is None else sums + b
    return total.astype(plan.accumulator)  # keeps the low bits, as the official sums do


def sum_windows(x: Array, w: Array, rows: Window, columns: Window) -> Array:
    """Exact sums, int64 [n,p,q,u], of integers x [n,h,w,c] and w [u,i,j,d]."""
    units, *taps, depth = w.shape
    groups = x.shape[3] // depth
    weights = w.reshape(groups, units // groups, math.prod(taps) * depth)
    patches = gather(x.reshape(*x.shape[:3], groups, depth), rows, columns)
    of_groups = [
        exact_product(patches[..., group, :].reshape(-1, weights.shape[2]), weights[group].T) for group in range(groups)
    ]
    return np.concatenate(of_groups, axis=1).reshape(*patches.shape[:3], units)


def compute_float(plan: FloatPlan, x: Array, w: Array, b: Array | None = None) -> Array:
    units, *taps, depth = w.shape
    groups = x.shape[3] // depth
    weights = w.reshape(groups, units // groups, *taps, depth).transpose(2, 3, 4, 0, 1)
    sums = sum_taps(x.reshape(*x.shape[:3], groups, depth), weights, plan.rows, plan.columns)
    total = sums.reshape(*sums.shape[:3], units)
    return plan.reals.clamp(total if b is None else total + b)


def compute_float_optimized(plan: FloatPlan, x: Array, w: Array, b: Array | None = None) -> Array:
    patches, depth = gather(x, plan.rows, plan.columns), math.prod(w.shape[1:])
    sums = eigen_product(patches.reshape(-1, depth), w.reshape(-1, depth).T)
    total = sums.reshape(*patches.shape[:3], len(w))
    return plan.reals.clamp(total if b is None else total + b)


def compute_float_xnnpack(plan: FloatPlan, x: Array, w: Array, b: Array) -> Array:
    units, *taps, depth = w.shape
    groups = x.shape[3] // depth
    is_depthwise = depth == 1 and groups == units
    weights = w.reshape(groups, units // groups, *taps, depth).transpose(2, 3, 4, 0, 1)
    images, start = x.reshape(*x.shape[:3], groups, depth), b.reshape(groups, units // groups)
    sums = fuse_taps(images, weights, start, plan.rows, plan.columns, columns_first=is_depthwise)
    return unbounded(plan.reals).clamp(sums.reshape(*sums.shape[:3], units))


def compute_hybrid(plan: HybridPlan, x: Array, w: Array, b: Array | None = None) -> Staged:
    images = quantize_images(x, asymmetric=False)
    patches = gather(images.codes.reshape(x.shape), plan.rows, plan.columns)
    positions = patches.shape[:3]
    weights = as_int8(w).reshape(len(w), math.prod(w.shape[1:]))
    count = math.prod(positions[1:])
    rows = DynamicRows(
        patches.reshape(len(x) * count, weights.shape[1]),
        np.repeat(images.scale, count),
        np.repeat(images.zero_point, count),
    )
    start = np.zeros((len(rows.codes), len(w)), np.float32)
    accumulators = hybrid_sums(rows, weights, exact=len(w) % MATRIX_UNITS == 0)
    scale = row_scales(rows, plan.w_scale[:1])
    sums = add_scaled(start, accumulators, scale).reshape(*positions, len(w))
    y = add_bias(plan.reals, sums, b)
    stages = {"accumulator": accumulators, "x_scale * w_scale": scale, "times that": sums, "with bias, activated": y}
    return Staged(Noted((y,), notes(images)), stages, codes_read(images, x, w))


def compute_hybrid_channels(plan: HybridPlan, x: Array, w: Array, b: Array | None = None) -> Staged:
    images = quantize_images(x, asymmetric=True)
    sums = sum_windows(centred(images, x.shape), as_int8(w).astype(np.int32), plan.rows, plan.columns)
    times_w = sums.astype(np.float32) * plan.w_scale
    reals = times_w * per_image(images.scale)
    y = add_bias(plan.reals, reals, b)
    stages = {"accumulator": sums, "times w_scale": times_w, "times x_scale": reals, "with bias, activated": y}
    return Staged(Noted((y,), notes(images)), stages, codes_read(images, x, w))


def compute_hybrid_optimized(plan: HybridPlan, x: Array, w: Array, b: Array | None = None) -> Staged:
    images = quantize_images(x, asymmetric=True)
    sums = sum_windows(centred(images, x.shape), as_int8(w).astype(np.int32), plan.rows, plan.columns)
    scale = np.broadcast_to(plan.w_scale * per_image(images.scale), sums.shape)
    reals = sums.astype(np.float32) * scale
    y = add_bias(plan.reals, reals, b)
    stages = {"accumulator": sums, "w_scale * x_scale": scale, "times that": reals, "with bias, activated": y}
    return Staged(Noted((y,), notes(images)), stages, codes_read(images, x, w))


def compute_hybrid_xnnpack(plan: HybridPlan, x: Array, w: Array, b: Array | None = None) -> Staged:
    axes = 1 if is_product(plan, x, w) else 3  # of an image quantized together
    found = xnnpack.quantize(x, axes)
    sums = sum_windows(found.codes, w.astype(np.int32), plan.rows, plan.columns)
    staged = xnnpack.real_values(found, sums, plan.w_scale, b, plan.reals)
    return staged._replace(codes=codes_read(found.rows, x, w))


def is_product(plan: HybridPlan, x: Array, w: Array) -> bool:
    """Whether XNNPACK runs the convolution as FULLY_CONNECTED of each pixel."""
    units, height, width, depth = w.shape
    is_pixel = (height, width, plan.rows.stride, plan.columns.stride) == (1, 1, 1, 1)
    return is_pixel and depth == x.shape[3] and depth + units > 2


def is_grouped_or_per_channel(call: Call[Conv2DOptions]) -> bool:
    """Whether upstream takes the per-channel kernel; 8-bit unsigned weights have one scale for it."""
    w, groups = call["w"], call["x"].shape[3] // call["w"].shape[3]
    scales = w.affine.scale
    return groups != 1 or (w.tensor.type != TensorType.UINT8 and bool((scales != scales[0]).any()))


def shapes(call: Call[Conv2DOptions]) -> Sequence[Shape]:
    batch, _, _, channels = call["x"].shape
    units, _, _, depth = call["w"].shape
    call.require(depth > 0 and channels % depth == 0, f"{channels} channels are no multiple of the depth {depth}")
    groups = channels // depth
    call.require(groups > 0 and units % groups == 0, f"{units} units cannot be shared by {groups} groups")
    rows, columns = windows(call)
    return [(batch, rows.output, columns.output, units)]


def reads(call: Call[Conv2DOptions], at: Index) -> Reads:
    image, p, q, unit = at
    (_, height, width, channels), (units, _, _, depth) = call["x"].shape, call["w"].shape
    rows, columns = windows(call)
    first = unit // (units // (channels // depth)) * depth
    found = list(rows.taps(p, height)), list(columns.taps(q, width))
    taps, pixels = taps_and_pixels(image, *found, range(first, first + depth))
    return Reads({"x": pixels, "w": np.insert(taps, 0, unit, axis=1)}, bias(call, unit))


def one_group(call: Call[Conv2DOptions]) -> str:
    """The optimized kernels take no groups."""
    return "" if call["x"].shape[3] == call["w"].shape[3] else "it has groups"


def other_order(call: Call[Conv2DOptions]) -> str:
    """The reference kernel sums in the same order where units fill the blocks of Eigen and no padding makes NaN."""
    w, positions = call["w"], math.prod(call["y"].shape[:3])
    is_finite = w.value is not None and bool(np.isfinite(w.value).all())
    same = is_finite and is_ordered(positions, w.shape[0], math.prod(w.shape[1:]))
    return one_group(call) or ("the reference kernel sums in the same order" if same else "")


def cmsis_nn_group(call: Call[Conv2DOptions]) -> str:
    """CMSIS-NN has groups for int8 weights and activations alone."""
    is_plain = call["x"].dtype == np.int8 and call["w"].tensor.type == TensorType.INT8
    return Refusal("" if is_plain or not one_group(call) else "groups: it would read the weights of other outputs")


GATES = {"optimized": one_group, "xnnpack": convolution(0, has_bias)}
GATES |= {"cmsis-nn": cmsis_nn_group, "cmsis-nn-single": cmsis_nn_group}


def integer(
    plan: Callable[[Call[Any]], Plan],
    rules: Mapping[str, str],
    *types: str,
    when: Callable[[Call[Any]], bool] | None = None,
) -> Variant:
    """A variant of these types that rescales."""
    return Variant("quantized", types, plan, accumulate=accumulate, finish=finish, rules=rules, when=when, gates=GATES)


FLOAT = Variant("float", ("float32",), plan_float, compute_float)
FLOAT_OPTIMIZED = Variant(
    "float in blocks",
    ("float32",),
    plan_float,
    compute_float_optimized,
    rules=follows(optimized=""),
    gates={"optimized": other_order},
)
FLOAT_XNNPACK = Variant(
    "float, fused", ("float32",), plan_float, compute_float_xnnpack, rules=follows(xnnpack=""), gates=GATES
)
BYTES = follows(reference="double", optimized="half-up", xnnpack="float32-even", **on_microcontrollers("double"))
INT8 = integer(plan_int8, BYTES, "int8 int8 int32 -> int8", "int8 int4 int32 -> int8")
UINT8 = integer(plan_uint8, BYTES, "uint8 uint8 int32 -> uint8")
INT16_INT64 = integer(
    plan_int16_int64,
    follows(reference="int16-multiplier", **on_microcontrollers("int16-multiplier")),
    "int16 int8 int64 -> int16",
    "int16 int4 int64 -> int16",
    when=is_wide,
)
WITHOUT_BIAS = Variant(  # whatever the option quantized_bias_type says
    "quantized, no bias",
    ("int16 int8 int32 -> int16", "int16 int8 int64 -> int16"),
    partial(plan_int16, accumulator=np.dtype(np.int32)),
    accumulate=accumulate,
    finish=finish,
    rules=follows(cmsis_nn="double", cmsis_nn_single="single"),
    when=lambda call: call.optional("b") is None,
    gates=GATES,
)
INT16_INT32 = integer(
    plan_int16_int32,
    follows(reference="double", optimized="half-up", **on_microcontrollers("double")),
    "int16 int8 int32 -> int16",
    "int16 int4 int32 -> int16",
    when=is_narrow,
)
HYBRID_TYPES = (
    "float32 int8 float32 -> float32",
    "float32 int4 float32 -> float32",
    "float32 uint8 float32 -> float32",
)
INT8_WEIGHTS = HYBRID_TYPES[0]
HYBRID_XNNPACK = Variant(
    "hybrid, fused",
    (INT8_WEIGHTS,),
    plan_hybrid,
    compute_hybrid_xnnpack,
    rules=follows(xnnpack=""),
    gates=GATES,
)
HYBRID_OPTIMIZED = Variant(
    "hybrid per channel, scales first",
    HYBRID_TYPES,
    plan_hybrid,
    compute_hybrid_optimized,
    rules=follows(optimized=""),
    when=is_grouped_or_per_channel,
    gates=GATES,
)
HYBRID_CHANNELS = Variant(
    "hybrid per channel", HYBRID_TYPES, plan_hybrid, compute_hybrid_channels, when=is_grouped_or_per_channel
)
HYBRID = Variant("hybrid", HYBRID_TYPES, plan_hybrid, compute_hybrid)

FLOATS = (FLOAT_XNNPACK, FLOAT_OPTIMIZED, FLOAT)
HYBRIDS = (HYBRID_XNNPACK, HYBRID_OPTIMIZED, HYBRID_CHANNELS, HYBRID)

CONV_2D = Op(
    "CONV_2D",
    "x[n,h,w,c] w[u,i,j,d] b[u]? -> y[n,p,q,u]",
    Conv2DOptions,
    variants=(*FLOATS, INT8, UINT8, WITHOUT_BIAS, INT16_INT64, INT16_INT32, *HYBRIDS),
    shapes=shapes,
    macs=lambda call: math.prod(call["y"].shape) * math.prod(call["w"].shape[1:]),
    reads=reads,
)
OPS = (CONV_2D,)

"""DEPTHWISE_CONV_2D:  y[n,h,w,u] = activation(b[u] + sum over i, j of x[n, row(h,i), column(w,j), u // m] * w[0,i,j,u])

m is the depth multiplier, the outputs u divided by the channels c of x; rows and columns as in CONV_2D.

float32: summed over i, j in this order, then the bias, then the activation. The optimized kernel starts from the bias;
    so does XNNPACK, which fuses each product with its sum, multiplies the zeros of the padding, and takes j before i
    unless m is above 1. It multiplies pixels behind a window by 0, too: upstream, an infinite one makes NaN there.
int8, uint8, int16:
    acc = b[u] + sum of (x - x_zero) * (w - w_zero)     exact, low 32 bits, for int16 64 bits           (eq. 5)
    y   = clamp(y_zero + rescale(acc))      m = x_scale * w_scale / y_scale                             (eq. 6, 7)
int4 weights of int8 activations are used as int8 weights.
hybrid, float32 x and y with int8 weights, see ops/hybrid_convolution.py:
    asymmetric codes of x,      y = activation(acc * (w_scale * x_scale) + b)
    optimized: one scale after the other. XNNPACK takes no hybrid node.

Follows tflite/kernels/depthwise_conv.cc, internal/reference/depthwiseconv_float.h, depthwiseconv_uint8.h and
integer_ops/depthwise_conv.h.
Rescale rule: reference double, optimized half-up for int8 channels in whole blocks of eight, xnnpack float32-even; for
int16 int16-multiplier. The multiplier is formed in float64, for uint8 the product
of the scales in float32. The option depth_multiplier counts for int16 only, elsewhere the shapes say it.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from minilite.format.enums import TensorType
from minilite.format.options.convolution import DepthwiseConv2DOptions
from minilite.numerics.activation import unbounded
from minilite.numerics.geometry import Window
from minilite.numerics.windows import fuse_taps, sum_taps

from .call import Array, Call
from .convolution import FloatPlan, Plan, plan_float, plan_int8, plan_int16, plan_uint8, windows
from .delegate import convolution, has_bias
from .finish import CHANNEL_BLOCK, finish, finish_by_channel_blocks
from .hybrid import codes_read, notes
from .hybrid_convolution import HybridPlan, add_bias, centred, per_image, plan_hybrid, quantize_images
from .op import Noted, Op, Reads, Refusal, Staged, Variant, follows, on_microcontrollers
from .reads import Index, bias, taps_and_pixels
from .signature import Shape

HYBRID_BLOCK = 4  # channels that the optimized hybrid kernel takes at once; it multiplies the others by x_scale first

VECTOR, BUFFER = 4, 4832  # float32 numbers that the optimized float kernel takes at once, and those of its buffer


def plan_wide(call: Call[DepthwiseConv2DOptions]) -> Plan:
    multiplier = call["w"].shape[3] // call["x"].shape[3]
    given = call.options.depth_multiplier
    call.require(given == multiplier, f"option depth_multiplier is {given}, the shapes say {multiplier}")
    return plan_int16(call, np.dtype(np.int64))


def accumulate(plan: Plan, x: Array, w: Array, b: Array | None = None) -> Array:
    images = x.astype(plan.accumulator) - plan.accumulator.type(plan.x_zero)
    weights = w.astype(plan.accumulator) - plan.accumulator.type(plan.w_zero)
    return add_channels(images, weights, b, plan.rows, plan.columns)


def compute_float(plan: FloatPlan, x: Array, w: Array, b: Array | None = None) -> Array:
    return plan.reals.clamp(add_channels(x, w, b, plan.rows, plan.columns))


def compute_float_optimized(plan: FloatPlan, x: Array, w: Array, b: Array | None = None) -> Array:
    units = w.shape[3]
    weights = by_channel(x, w)
    start = np.zeros(units, np.float32) if b is None else b
    sums = sum_taps(x[..., None], weights, plan.rows, plan.columns, start.reshape(weights.shape[3:]))
    total = sums.reshape(*sums.shape[:3], units)
    is_replaced = np.isnan(total) & left_over(plan.columns.output, units)
    return plan.reals.clamp(np.where(is_replaced, plan.reals.high, total))


def left_over(columns: int, units: int) -> Array:
    """Which outputs of a row fill no vector: bool [columns,units]. The optimized kernel makes numbers of NaN there.

    A buffer holds as many pixels as fit.
    """
    place, pixels = np.arange(columns * units), max(BUFFER // units, 1)
    first = place // (pixels * units) * (pixels * units)
    length = np.minimum(pixels * units, columns * units - first)
    return (place - first >= length // VECTOR * VECTOR).reshape(columns, units)


def compute_float_xnnpack(plan: FloatPlan, x: Array, w: Array, b: Array) -> Array:
    weights = by_channel(x, w)
    start, is_single = b.reshape(weights.shape[3:]), weights.shape[4] == 1
    sums = fuse_taps(x[..., None], weights, start, plan.rows, plan.columns, columns_first=is_single)
    return unbounded(plan.reals).clamp(sums.reshape(*sums.shape[:3], w.shape[3]))


def by_channel(x: Array, w: Array) -> Array:
    """The weights w [1,i,j,u] as [i,j,1,c,m], m for each channel of x."""
    return w.reshape(*w.shape[1:3], 1, x.shape[3], w.shape[3] // x.shape[3])


def add_channels(x: Array, w: Array, b: Array | None, rows: Window, columns: Window) -> Array:
    """The sums [n,h,w,u] before rescaling and activation, in the type of x and w."""
    sums = sum_taps(x[..., None], by_channel(x, w), rows, columns)
    total = sums.reshape(*sums.shape[:3], w.shape[3])
    return total if b is None else total + b


def compute_hybrid(plan: HybridPlan, x: Array, w: Array, b: Array | None = None) -> Staged:
    images = quantize_images(x, asymmetric=True)
    sums = add_channels(centred(images, x.shape), w.astype(np.int32), None, plan.rows, plan.columns)
    scale = plan.w_scale * per_image(images.scale)
    reals = sums.astype(np.float32) * scale
    y = add_bias(plan.reals, reals, b)
    stages = {"accumulator": sums, "w_scale * x_scale": scale, "times that": reals, "with bias, activated": y}
    return Staged(Noted((y,), notes(images)), stages, codes_read(images, x, w))


def compute_hybrid_optimized(plan: HybridPlan, x: Array, w: Array, b: Array | None = None) -> Staged:
    images = quantize_images(x, asymmetric=True)
    sums = add_channels(centred(images, x.shape), w.astype(np.int32), None, plan.rows, plan.columns)
    units = sums.shape[3]
    in_block = np.arange(units) < units // HYBRID_BLOCK * HYBRID_BLOCK
    w_scale, x_scale = np.broadcast_to(plan.w_scale, units), per_image(images.scale)
    times_first = sums.astype(np.float32) * np.where(in_block, w_scale, x_scale)
    reals = times_first * np.where(in_block, x_scale, w_scale)
    y = add_bias(plan.reals, reals, b)
    stages = {"accumulator": sums, "times one scale": times_first, "times both": reals, "with bias, activated": y}
    return Staged(Noted((y,), notes(images)), stages, codes_read(images, x, w))


def shapes(call: Call[DepthwiseConv2DOptions]) -> Sequence[Shape]:
    batch, _, _, channels = call["x"].shape
    first, _, _, units = call["w"].shape
    call.require(first == 1, f"the weights have {first} filters along their first axis, expected 1")
    call.require(
        channels > 0 and units > 0 and units % channels == 0, f"{units} outputs are no multiple of {channels} channels"
    )
    rows, columns = windows(call)
    return [(batch, rows.output, columns.output, units)]


def reads(call: Call[DepthwiseConv2DOptions], at: Index) -> Reads:
    image, p, q, unit = at
    _, height, width, channels = call["x"].shape
    rows, columns = windows(call)
    channel = unit // (call["w"].shape[3] // channels)
    taps, pixels = taps_and_pixels(image, list(rows.taps(p, height)), list(columns.taps(q, width)), [channel])
    weights = np.insert(taps[:, :2], (0, 2), (0, unit), axis=1)
    return Reads({"x": pixels, "w": weights}, bias(call, unit))


def declared_multiplier(call: Call[DepthwiseConv2DOptions]) -> str:
    """The delegate reads the option depth_multiplier."""
    given, (channels, units) = call.options.depth_multiplier, (call["x"].shape[3], call["w"].shape[3])
    return "" if given * channels == units else f"option depth_multiplier is {given}, the shapes say otherwise"


def whole_blocks(call: Call[DepthwiseConv2DOptions]) -> str:
    """The optimized kernel rounds all channels alike when they fill its blocks."""
    channels = call["y"].shape[3]
    return f"{channels} channels leave some over of blocks of {CHANNEL_BLOCK}" if channels % CHANNEL_BLOCK else ""


def halved_bytes(call: Call[DepthwiseConv2DOptions]) -> str:
    """CMSIS-NN takes two int4 weights of a row at once, but for one image without dilation and depth multiplier."""
    options, images, channels = call.options, call["x"].shape[0], call["x"].shape[3]
    one_by_one = images == options.depth_multiplier == options.dilation_w_factor == options.dilation_h_factor == 1
    packed = call["w"].tensor.type == TensorType.INT4 and channels % 2 == 1
    return Refusal(
        "int4 weights of an odd number of channels: it would mix them up" if packed and not one_by_one else ""
    )


GATES = {"optimized": whole_blocks, "xnnpack": convolution(3, has_bias, declared_multiplier)}
GATES |= {"cmsis-nn": halved_bytes, "cmsis-nn-single": halved_bytes}


def integer(plan: Callable[[Call[DepthwiseConv2DOptions]], Plan], rules: Mapping[str, str], *types: str) -> Variant:
    """A variant of these types that rescales."""
    return Variant("quantized", types, plan, accumulate=accumulate, finish=finish, rules=rules, gates=GATES)


FLOAT = Variant("float", ("float32",), plan_float, compute_float)
FLOAT_OPTIMIZED = Variant(
    "float, bias first", ("float32",), plan_float, compute_float_optimized, rules=follows(optimized="")
)
FLOAT_XNNPACK = Variant(
    "float, fused", ("float32",), plan_float, compute_float_xnnpack, rules=follows(xnnpack=""), gates=GATES
)
INT8_TYPES = ("int8 int8 int32 -> int8", "int8 int4 int32 -> int8")
MICRO, MICRO_INT16 = on_microcontrollers("double"), on_microcontrollers("int16-multiplier")
INT8 = integer(
    plan_int8, follows(reference="double", optimized="half-up", xnnpack="float32-even", **MICRO), *INT8_TYPES
)
INT8_BLOCKS = Variant(
    "quantized, in blocks of channels",
    INT8_TYPES,
    plan_int8,
    accumulate=accumulate,
    finish=finish_by_channel_blocks,
    rules=follows(optimized="half-up"),
)
UINT8 = integer(plan_uint8, follows(reference="double", xnnpack="float32-even", **MICRO), "uint8 uint8 int32 -> uint8")
INT16 = integer(plan_wide, follows(reference="int16-multiplier", **MICRO_INT16), "int16 int8 int64 -> int16")
HYBRID_TYPES = ("float32 int8 float32 -> float32",)
HYBRID = Variant("hybrid", HYBRID_TYPES, plan_hybrid, compute_hybrid)
HYBRID_OPTIMIZED = Variant(
    "hybrid, scales last", HYBRID_TYPES, plan_hybrid, compute_hybrid_optimized, rules=follows(optimized="")
)

DEPTHWISE_CONV_2D = Op(
    "DEPTHWISE_CONV_2D",
    "x[n,h,w,c] w[f,i,j,u] b[u]? -> y[n,p,q,u]",
    DepthwiseConv2DOptions,
    variants=(FLOAT_XNNPACK, FLOAT_OPTIMIZED, FLOAT, INT8, INT8_BLOCKS, UINT8, INT16, HYBRID_OPTIMIZED, HYBRID),
    shapes=shapes,
    macs=lambda call: math.prod(call["y"].shape) * math.prod(call["w"].shape[1:3]),
    reads=reads,
)
OPS = (DEPTHWISE_CONV_2D,)

"""TRANSPOSE_CONV:  y[n,p,q,u] = activation(b[u] + sum over h, v, c of x[n,h,v,c] * w[u,i,j,c])

where (p, q) is tap (i, j) of the window at (h, v): p = h * stride - before + i, likewise for columns (eq. 9). The
window slides over y, whose shape is an operand, and must have as many positions as x has pixels. What falls outside y
is lost.

float32: summed over h, v, c in this order, then the bias, then the activation. The optimized kernel sums over c as
    Eigen does, see numerics/eigen_product.py, then over h, v. XNNPACK starts from the bias, sums over i, j, c, and
    fuses each product with its sum.
int8, uint8, int16:
    acc = b[u] + sum of (x - x_zero) * (w - w_zero)     exact, low 32 bits, with an int64 bias 64 bits  (eq. 5)
    y   = clamp(y_zero + rescale(acc))      m = x_scale * w_scale / y_scale                             (eq. 6, 7)
hybrid, float32 x and y with int8 weights, see ops/hybrid_convolution.py:
    asymmetric codes of x; each product is made real, ((x - x_zero) * w * w_scale) * x_scale, and summed as float32.
    XNNPACK sums the codes, see ops/hybrid_xnnpack.py.

Follows tflite/kernels/transpose_conv.cc, internal/reference/transpose_conv.h and integer_ops/transpose_conv.h.
Rescale rule: reference double, optimized half-up in whole blocks, see ops/finish.py, xnnpack float32-even; with 64-bit
accumulators int16-multiplier. The multiplier is formed as in CONV_2D.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.convolution import TransposeConvOptions
from minilite.numerics.activation import NONE, unbounded
from minilite.numerics.eigen_product import eigen_product
from minilite.numerics.fused import fused_multiply_add
from minilite.numerics.geometry import SAME, Window, slide
from minilite.numerics.products import exact_product
from minilite.numerics.windows import inside

from . import hybrid_xnnpack as xnnpack
from .call import Array, Call
from .convolution import (
    FloatPlan,
    Plan,
    Slide,
    is_narrow,
    is_wide,
    plan_float,
    plan_int8,
    plan_int16,
    plan_int16_int32,
    plan_int16_int64,
    plan_uint8,
)
from .delegate import all_of, convolution
from .finish import finish, finish_by_channel_blocks, finish_by_flat_blocks
from .hybrid import codes_read, notes
from .hybrid_convolution import HybridPlan, add_bias, centred, per_image, plan_hybrid, quantize_images
from .op import Noted, Op, Reads, Refusal, Staged, Variant, follows, on_microcontrollers
from .reads import Index, bias, reached_by, taps_and_pixels
from .signature import Shape

REVERSED_FROM = 16  # with more channels, CMSIS-NN makes it a convolution of x spread out, if strides are 1 or 2


def windows(call: Call[TransposeConvOptions]) -> tuple[Window, Window]:
    """The windows over the rows and columns of y. Raises when they do not have as many positions as x has pixels."""
    options, found = call.options, []
    _, height, width, _ = call["y"].shape
    for what, axis, length, stride in (("rows", 1, height, options.stride_h), ("columns", 2, width, options.stride_w)):
        size, pixels = call["w"].shape[axis], call["x"].shape[axis]
        call.require(stride > 0, f"the stride over {what} is {stride}, expected 1 or more")
        call.require(pixels > 0 and size > 0, f"{pixels} {what} of x and {size} of w, expected 1 or more of both")
        window = slide(length, size, stride, 1, options.padding)
        call.require_value(
            "shape",
            window.output == pixels,
            f"an output of {length} {what} needs {window.output} {what} of x, there are {pixels}",
        )
        found.append(window)
    return found[0], found[1]


class Transposed(NamedTuple):
    """The constants of a node, as those of a convolution over y, and the shape of y."""

    node: Any
    shape: Shape


def planned_by(plan_node: Callable[..., Any], call: Call[TransposeConvOptions]) -> Transposed:
    return Transposed(plan_node(call, windows), call["y"].shape)


def plan_micro_int16(call: Call[TransposeConvOptions], slide_over: Slide) -> Plan:
    """The option quantized_bias_type is not looked at."""
    return plan_int16(call, np.dtype(np.int64), slide_over)


def accumulate(plan: Transposed, w: Array, x: Array, b: Array | None = None) -> Array:
    node: Plan = plan.node
    sums = exact_sums(plan, x.astype(np.int32) - node.x_zero, w.astype(np.int32) - node.w_zero)
    total = sums if b is None else sums + b
    return total.astype(node.accumulator)  # keeps the low bits, as the official sums do


def exact_sums(plan: Transposed, x: Array, w: Array) -> Array:
    """Sums, int64 [n,p,q,u], of integers x [n,h,v,c] and w [u,i,j,c]."""
    sums = np.zeros(plan.shape, np.int64)
    for i, j in np.ndindex(w.shape[1:3]):
        (from_rows, to_rows), (from_columns, to_columns) = reached(plan.node.rows, plan.node.columns, plan.shape, i, j)
        sums[:, to_rows, to_columns] += exact_product(x[:, from_rows, from_columns], w[:, i, j].T)
    return sums


def finish_transposed(plan: Transposed, accumulators: Array) -> Array:
    return finish(plan.node, accumulators)


def finish_channel_blocks(plan: Transposed, accumulators: Array) -> Staged:
    return finish_by_channel_blocks(plan.node, accumulators)


def finish_flat_blocks(plan: Transposed, accumulators: Array) -> Staged:
    return finish_by_flat_blocks(plan.node, accumulators)


def compute_float(plan: Transposed, w: Array, x: Array, b: Array | None = None) -> Array:
    node: FloatPlan = plan.node
    return add_bias(node.reals, scatter(plan, x, w, np.multiply), b)


def compute_float_optimized(plan: Transposed, w: Array, x: Array, b: Array | None = None) -> Array:
    node: FloatPlan = plan.node
    units, size_h, size_w, depth = w.shape
    taps = w.transpose(3, 1, 2, 0).reshape(depth, size_h * size_w * units)
    products = np.stack([eigen_product(image.reshape(-1, depth), taps) for image in x])
    products = products.reshape(*x.shape[:3], size_h, size_w, units)
    sums = np.zeros(plan.shape, np.float32)
    for i, j in reversed(list(np.ndindex(size_h, size_w))):
        (from_rows, to_rows), (from_columns, to_columns) = reached(node.rows, node.columns, plan.shape, i, j)
        sums[:, to_rows, to_columns] += products[:, from_rows, from_columns, i, j]
    return add_bias(node.reals, sums, b)


def compute_float_xnnpack(plan: Transposed, w: Array, x: Array, b: Array | None = None) -> Array:
    node: FloatPlan = plan.node
    rows, columns = surrounded(node.rows), surrounded(node.columns)
    borders = [
        (wide.before - bare.before) // bare.stride for wide, bare in ((rows, node.rows), (columns, node.columns))
    ]
    image = np.pad(x, [(0, 0), *((more, more) for more in borders), (0, 0)])
    sums = np.zeros(plan.shape, np.float32)
    if b is not None:
        sums += b
    for i, j in np.ndindex(w.shape[1:3]):
        (from_rows, to_rows), (from_columns, to_columns) = reached(rows, columns, plan.shape, i, j)
        target = sums[:, to_rows, to_columns]
        for c in range(x.shape[3]):
            target[...] = fused_multiply_add(image[:, from_rows, from_columns, c, None], w[:, i, j, c], target)
    return unbounded(node.reals).clamp(sums)


def surrounded(window: Window) -> Window:
    """The window with positions before and after the image: those of all its taps that fall into y.

    XNNPACK multiplies the zeros there, which makes NaN of weights that are not finite.
    """
    more = -(-(window.size - 1) // window.stride) + 1
    return window._replace(output=window.output + 2 * more, before=window.before + more * window.stride)


def compute_hybrid(plan: Transposed, w: Array, x: Array, b: Array | None = None) -> Staged:
    node: HybridPlan = plan.node
    images = quantize_images(x, asymmetric=True)
    scale = per_image(images.scale)

    def real_product(codes: Array, weights: Array) -> Array:
        return (codes * weights).astype(np.float32) * node.w_scale * scale

    sums = scatter(plan, centred(images, x.shape), w.astype(np.int32), real_product)
    y = add_bias(node.reals, sums, b)
    name = "sum of (code - zero) * w * w_scale * x_scale"
    stages = {"x_scale": images.scale, name: sums, "with bias, activated": y}
    return Staged(Noted((y,), notes(images)), stages, codes_read(images, x, w))


def compute_hybrid_xnnpack(plan: Transposed, w: Array, x: Array, b: Array | None = None) -> Staged:
    node: HybridPlan = plan.node
    images = xnnpack.quantize(x, 3)
    sums = exact_sums(plan, images.codes, w.astype(np.int32))
    staged = xnnpack.real_values(images, sums, node.w_scale, b, node.reals)
    return staged._replace(codes=codes_read(images.rows, x, w))


def scatter(plan: Transposed, x: Array, w: Array, multiply: Callable[[Array, Array], Array]) -> Array:
    """Sums [n,p,q,u] of multiply(x, w) over h, v, c in this order, each step rounded to the type of the products.

    An output that several pixels reach meets them in the order of the image when taps are taken last to first.
    """
    sums = np.zeros(plan.shape, multiply(x[:, :0, :0, :1], w[:1, 0, 0, 0]).dtype)
    for i, j in reversed(list(np.ndindex(w.shape[1:3]))):
        (from_rows, to_rows), (from_columns, to_columns) = reached(plan.node.rows, plan.node.columns, plan.shape, i, j)
        target = sums[:, to_rows, to_columns]
        for c in range(x.shape[3]):
            target += multiply(x[:, from_rows, from_columns, c, None], w[:, i, j, c])
    return sums


def reached(rows: Window, columns: Window, shape: Shape, i: int, j: int) -> tuple[Any, Any]:
    """Along rows and along columns: the pixels whose tap (i, j) falls into an output of `shape`, and where."""
    return inside(rows, i, shape[1]), inside(columns, j, shape[2])


def shapes(call: Call[TransposeConvOptions]) -> Sequence[Shape]:
    shape, images, units = call.integers("shape", ("int32",)), call["x"].shape[0], call["w"].shape[0]
    call.require_value("shape", len(shape) == 4, f"an output shape of 4 numbers expected, got {list(shape)}")
    call.require_value("shape", min(shape) >= 0, f"the output shape {list(shape)} has a negative number")
    call.require_value("shape", shape[0] == images, f"the output shape has {shape[0]} images, x has {images}")
    call.require_value("shape", shape[3] == units, f"the output shape has {shape[3]} channels, w makes {units}")
    call.require(call["x"].shape[3] > 0, "x has no channels")
    return [shape]


def reads(call: Call[TransposeConvOptions], at: Index) -> Reads:
    image, p, q, unit = at
    _, height, width, _ = call["y"].shape
    rows, columns = windows(call)
    found = reached_by(rows, height, p), reached_by(columns, width, q)
    taps, pixels = taps_and_pixels(image, *found, range(call["x"].shape[3]))
    return Reads({"x": pixels, "w": np.insert(taps, 0, unit, axis=1)}, bias(call, unit))


def constant_shape(call: Call[TransposeConvOptions]) -> str:
    """The delegate takes a shape that is a constant."""
    return "" if call["shape"].tensor.data is not None else "shape is no constant"


def delegate_padding(call: Call[TransposeConvOptions]) -> str:
    """With SAME padding, no stride may be longer than the window."""
    options, (_, height, width, _) = call.options, call["w"].shape
    longer = options.stride_h > height or options.stride_w > width
    return "a stride is longer than the window" if longer and options.padding == SAME else ""


def cmsis_nn_output(call: Call[TransposeConvOptions]) -> str:
    """CMSIS-NN leaves out the activation, and int8 outputs must have the size that its loops write."""
    if call.options.fused_activation_function != NONE:
        return Refusal("its fused activation would be left out")
    if call["x"].dtype == np.int16:
        return Refusal("" if call.optional("b") else "int16 activations without a bias: it would read address 0")
    rows, columns = windows(call)
    (_, height, width, _), (_, lines, pixels, channels) = call["y"].shape, call["x"].shape
    if channels > REVERSED_FROM and max(rows.stride, columns.stride) <= 2:
        return ""
    whole = sum(rows.before <= row * rows.stride for row in range(lines)) * rows.stride
    after = (lines * rows.stride + row - rows.before for row in range(rows.size - rows.stride))
    written = whole + sum(0 <= row < height for row in after)
    if written != height:
        return Refusal(f"it would write {written} rows of an output of {height}")
    held = (pixels - 1) * columns.stride + columns.size
    fits = columns.size >= columns.stride and columns.before + width <= held
    return Refusal(
        "" if fits else f"{columns.size} columns of w at a stride of {columns.stride} do not fill the output"
    )


CMSIS_NN_GATES = dict.fromkeys(("cmsis-nn", "cmsis-nn-single"), cmsis_nn_output)
GATES = CMSIS_NN_GATES | {"xnnpack": all_of(constant_shape, convolution(0, delegate_padding))}


def integer(
    plan_node: Callable[..., Any],
    rules: Mapping[str, str],
    types: str,
    when: Callable[..., bool] | None = None,
    finish: Callable[..., Array | Staged] = finish_transposed,
) -> Variant:
    """A variant of these types that rescales."""
    return Variant(
        "quantized",
        (types,),
        partial(planned_by, plan_node),
        accumulate=accumulate,
        finish=finish,
        rules=rules,
        when=when,
        gates=GATES,
    )


plan_transposed_float = partial(planned_by, plan_float)
FLOAT = Variant("float", ("float32",), plan_transposed_float, compute_float)
FLOAT_OPTIMIZED = Variant(
    "float in blocks", ("float32",), plan_transposed_float, compute_float_optimized, rules=follows(optimized="")
)
FLOAT_XNNPACK = Variant(
    "float, fused", ("float32",), plan_transposed_float, compute_float_xnnpack, rules=follows(xnnpack=""), gates=GATES
)
MICRO, MICRO_WIDE = on_microcontrollers("double"), on_microcontrollers("int16-multiplier")
BYTES, OPTIMIZED = follows(reference="double", xnnpack="float32-even", **MICRO), follows(optimized="half-up")
INT8_TYPES, UINT8_TYPES = "int8 int8 int32 -> int8", "uint8 uint8 int32 -> uint8"
INT8 = integer(plan_int8, BYTES, INT8_TYPES)
INT8_BLOCKS = integer(plan_int8, OPTIMIZED, INT8_TYPES, finish=finish_channel_blocks)
UINT8 = integer(plan_uint8, BYTES, UINT8_TYPES)
UINT8_BLOCKS = integer(plan_uint8, OPTIMIZED, UINT8_TYPES, finish=finish_flat_blocks)
WIDE_TYPES = "int8 int16 int64 -> int16"
INT16_INT64 = integer(plan_int16_int64, follows(reference="int16-multiplier"), WIDE_TYPES, is_wide)
INT16_MICRO = integer(plan_micro_int16, follows(**MICRO_WIDE), WIDE_TYPES)
INT16_TYPES = "int8 int16 int32 -> int16"
INT16_INT32 = integer(plan_int16_int32, follows(reference="double"), INT16_TYPES, is_narrow)
INT16_BLOCKS = integer(plan_int16_int32, OPTIMIZED, INT16_TYPES, is_narrow, finish=finish_channel_blocks)
HYBRID_TYPES, plan_transposed_hybrid = ("int8 float32 float32 -> float32",), partial(planned_by, plan_hybrid)
HYBRID = Variant("hybrid", HYBRID_TYPES, plan_transposed_hybrid, compute_hybrid)
HYBRID_XNNPACK = Variant(
    "hybrid, fused",
    HYBRID_TYPES,
    plan_transposed_hybrid,
    compute_hybrid_xnnpack,
    rules=follows(xnnpack=""),
    gates=GATES,
)

TRANSPOSE_CONV = Op(
    "TRANSPOSE_CONV",
    "shape=int[k] w[u,i,j,c] x[n,h,v,c] b[u]? -> y[n,p,q,u]",
    TransposeConvOptions,
    variants=(
        FLOAT_XNNPACK,
        FLOAT_OPTIMIZED,
        FLOAT,
        INT8,
        INT8_BLOCKS,
        UINT8,
        UINT8_BLOCKS,
        INT16_INT64,
        INT16_MICRO,
        INT16_INT32,
        INT16_BLOCKS,
        HYBRID_XNNPACK,
        HYBRID,
    ),
    shapes=shapes,
    macs=lambda call: math.prod(call["x"].shape) * math.prod(call["w"].shape[:3]),
    reads=reads,
)
OPS = (TRANSPOSE_CONV,)

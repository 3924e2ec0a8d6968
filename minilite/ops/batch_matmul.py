"""BATCH_MATMUL:  y[...,m,n] = sum over d of x[...,m,d] * w[...,d,n]

The options adj_x and adj_y say that x or w is stored with its last two axes swapped; the axes before them broadcast.

float32: summed over d from first to last; XNNPACK fuses each product with its sum.
int8, int16:
    acc = sum over d of (x - x_zero) * (w - w_zero)     exact, int8 low 32 bits            (eq. 5)
    y   = clamp(y_zero + rescale(acc))      m = x_scale * w_scale / y_scale                (eq. 6, 7)
int8 to int32: the sums of the codes themselves.
hybrid, float32 x and y with int8 w: each row of x is quantized when it runs (numerics/dynamic.py),
    y = (acc - x_zero * sum over d of w) * (x_scale * w_scale)          every step rounded to float32
    XNNPACK: see ops/hybrid_xnnpack.py.
    When two or more of the broadcast axes are longer than 1, upstream takes the scales of other rows, and with rank 5
    sums weights that it has not read; here every row keeps its own.

Follows tflite/kernels/batch_matmul.cc and internal/reference/batch_matmul.h.
Rescale rule: reference double, for int16 int16-multiplier. The product of the scales is formed in float32.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minilite.format.options.dense import BatchMatMulOptions
from minilite.numerics.affine import Range, code_range
from minilite.numerics.dynamic import DynamicRows, quantize_rows
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.fused import fused_product
from minilite.numerics.geometry import broadcast_shapes
from minilite.numerics.products import exact_product, ordered_product
from minilite.numerics.rescale import Rescale, make_rescale

from . import hybrid_xnnpack as xnnpack
from .call import Array, Call
from .convolution import require_int16_exponent
from .delegate import hybrid_matrix_product, matrix_product
from .finish import finish
from .hybrid import codes_read, notes
from .multiplier import XNNPACK_RULE, real_multiplier
from .op import Codes, Noted, Op, Reads, Staged, Variant, follows, on_microcontrollers
from .reads import Index, numbered, places
from .signature import Shape


class Layout(NamedTuple):
    """Which operands are stored with their last two axes swapped."""

    adj_x: bool
    adj_y: bool

    def matrices(self, x: Array, w: Array) -> tuple[Array, Array]:
        """x [...,m,d] and w [...,d,n]."""
        return np.swapaxes(x, -1, -2) if self.adj_x else x, np.swapaxes(w, -1, -2) if self.adj_y else w


def layout(call: Call[BatchMatMulOptions]) -> Layout:
    return Layout(call.options.adj_x, call.options.adj_y)


class Plan(NamedTuple):
    """The constants of a quantized node."""

    layout: Layout
    x_zero: int
    w_zero: int
    y_zero: int
    rescale: Rescale
    codes: Range
    dtype: np.dtype[np.generic]


def plan_quantized(call: Call[BatchMatMulOptions]) -> Plan:
    x, w, y = call["x"], call["w"], call["y"]
    real = real_multiplier(call, float32_product=True)
    call.require(bool(np.isfinite(real).all()), "the multiplier x_scale * w_scale / y_scale is not a finite number")
    return Plan(
        layout=layout(call),
        x_zero=x.zero_point,
        w_zero=w.zero_point,
        y_zero=y.zero_point,
        rescale=make_rescale(call.rule, real),
        codes=code_range(y.dtype),
        dtype=y.dtype,
    )


def plan_int16(call: Call[BatchMatMulOptions]) -> Plan:
    call.require_symmetric("x", "w", "y")
    plan = plan_quantized(call)
    require_int16_exponent(call, plan.rescale)
    return plan


def accumulate(plan: Plan, x: Array, w: Array) -> Array:
    x, w = plan.layout.matrices(x, w)
    sums = exact_product(x.astype(np.int32) - plan.x_zero, w.astype(np.int32) - plan.w_zero)
    return wrap_int32(sums) if plan.dtype.itemsize == 1 else sums


def compute_float(plan: Layout, x: Array, w: Array) -> Array:
    return ordered_product(*plan.matrices(x, w))


def compute_float_xnnpack(plan: Layout, x: Array, w: Array) -> Array:
    return fused_product(*plan.matrices(x, w), np.zeros(1, np.float32))


def compute_sums(plan: Layout, x: Array, w: Array) -> Array:
    return exact_product(*plan.matrices(x, w)).astype(np.int32)  # keeps the low bits


class HybridPlan(NamedTuple):
    """The constants of a node with float x and int8 w."""

    layout: Layout
    w_scale: Array  # one, or one per column of w
    asymmetric: bool


def plan_hybrid(call: Call[BatchMatMulOptions]) -> HybridPlan:
    scale, columns = call["w"].affine.scale, call["y"].shape[-1]
    call.require(scale.size in (1, columns), f"{scale.size} scales of w for {columns} columns")
    return HybridPlan(layout(call), scale, call.options.asymmetric_quantize_inputs)


def compute_hybrid(plan: HybridPlan, x: Array, w: Array) -> Staged:
    x, w = plan.layout.matrices(x, w)
    *lead, depth = x.shape
    rows = quantize_rows(x.reshape(math.prod(lead), depth), plan.asymmetric)
    weights = w.astype(np.int32)
    sums = exact_product(rows.codes.reshape(x.shape).astype(np.int32), weights).astype(np.float32)
    of_columns = weights.sum(axis=-2, keepdims=True, dtype=np.int32).astype(np.float32)
    centred = sums - of_columns * rows.zero_point.astype(np.float32).reshape(*lead, 1)
    scale = rows.scale.reshape(*lead, 1) * plan.w_scale
    y = scale * centred
    stages = {"accumulator": centred, "x_scale * w_scale": scale, "their product": y}
    return Staged(Noted((y,), notes(rows)), stages, codes_stored(plan, rows, x, w))


def codes_stored(plan: HybridPlan, rows: DynamicRows, x: Array, w: Array) -> dict[str, Codes]:
    """The codes of the matrices x [...,m,d], as the operand is stored."""
    read = codes_read(rows, x, w)["x"]
    return {"x": Codes(*(np.swapaxes(part, -1, -2) if plan.layout.adj_x else part for part in read))}


def compute_hybrid_xnnpack(plan: HybridPlan, x: Array, w: Array) -> Staged:
    x, w = plan.layout.matrices(x, w)
    found = xnnpack.quantize(x, 1)
    sums = exact_product(found.codes, w.astype(np.int32))
    staged = xnnpack.real_values(found, sums, plan.w_scale, None)
    return staged._replace(codes=codes_stored(plan, found.rows, x, w))


def shapes(call: Call[BatchMatMulOptions]) -> Sequence[Shape]:
    swapped = layout(call)
    x, w = call["x"].shape, call["w"].shape
    call.require(len(x) >= 2 and len(w) >= 2, "both operands need two or more dimensions")
    rows, depth = x[-2:][::-1] if swapped.adj_x else x[-2:]
    w_depth, columns = w[-2:][::-1] if swapped.adj_y else w[-2:]
    call.require(depth == w_depth, f"rows of {depth} elements cannot be multiplied with columns of {w_depth}")
    batches = broadcast_shapes(x[:-2], w[:-2])
    if batches is None:
        call.fail(f"the leading dimensions {list(x[:-2])} and {list(w[:-2])} do not broadcast")
    return [(*batches, rows, columns)]


def macs(call: Call[BatchMatMulOptions]) -> int:
    return math.prod(call["y"].shape) * call["x"].shape[-2 if call.options.adj_x else -1]


def reads(call: Call[BatchMatMulOptions], at: Index) -> Reads:
    *batch, row, column = at
    shapes = call["x"].shape, call["w"].shape
    x, w = layout(call).matrices(*map(numbered, shapes))
    x, w = (np.broadcast_to(one, (*call["y"].shape[:-2], *one.shape[-2:]))[tuple(batch)] for one in (x, w))
    return Reads({"x": places(shapes[0], x[row]), "w": places(shapes[1], w[:, column])})


FLOAT = Variant("float", ("float32",), layout, compute_float)
FLOAT_XNNPACK = Variant(
    "float, fused",
    ("float32",),
    layout,
    compute_float_xnnpack,
    rules=follows(xnnpack=""),
)
INT8 = Variant(
    "quantized",
    ("int8 int8 -> int8",),
    plan_quantized,
    accumulate=accumulate,
    finish=finish,
    rules=follows(reference="double", xnnpack=XNNPACK_RULE, **on_microcontrollers("double")),
    gates={"xnnpack": matrix_product},
)
INT16 = Variant(
    "quantized",
    ("int16 int16 -> int16", "int16 int8 -> int16"),
    plan_int16,
    accumulate=accumulate,
    finish=finish,
    rules=follows(reference="int16-multiplier", **on_microcontrollers("int16-multiplier")),
)
SUMS = Variant("sums", ("int8 int8 -> int32",), layout, compute_sums)
HYBRID = Variant("hybrid", ("float32 int8 -> float32",), plan_hybrid, compute_hybrid)
HYBRID_XNNPACK = Variant(
    "hybrid, fused",
    ("float32 int8 -> float32",),
    plan_hybrid,
    compute_hybrid_xnnpack,
    rules=follows(xnnpack=""),
    gates={"xnnpack": hybrid_matrix_product},
)

BATCH_MATMUL = Op(
    "BATCH_MATMUL",
    "x[...] w[...] -> y[...]",
    BatchMatMulOptions,
    variants=(FLOAT_XNNPACK, FLOAT, INT8, INT16, SUMS, HYBRID_XNNPACK, HYBRID),
    shapes=shapes,
    macs=macs,
    reads=reads,
)
OPS = (BATCH_MATMUL,)

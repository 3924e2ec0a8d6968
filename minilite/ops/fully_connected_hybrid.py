"""FULLY_CONNECTED with float32 x and y and int8 weights: each row of x is quantized when it runs, see ops/hybrid.py.

dense      y = b + (sum of (q - x_zero) * w) * (x_scale * w_scale)
sparse     y = (b - (x_scale * x_zero * w_scale) * sum of w) + (sum of q * w) * (x_scale * w_scale)

Every step is rounded to float32. Activations come last. When all of x is zero, dense and sparse y are the bias.
The optimized kernel of int4 weights quantizes x symmetrically whatever the option says, with a scale from float64, and
    y = ((sum of -7 * q) * x_scale * w_scale + b) + (sum of q * (w + 7)) * x_scale * w_scale
Upstream, a weight of -8 spills into its neighbours there; here it does not.
weights quantized in blocks: see ops/fully_connected_blockwise.py.

Follows tflite/kernels/fully_connected.cc, the functions EvalHybridDense and EvalSparseHybridImpl.
"""

from typing import NamedTuple

import numpy as np

from minilite.format.options.dense import FullyConnectedOptions
from minilite.numerics.activation import activation_reals
from minilite.numerics.dynamic import quantize_rows, quantize_rows_float64
from minilite.numerics.eigen import activate
from minilite.numerics.products import exact_product

from . import hybrid_xnnpack as xnnpack
from .call import Array, Call
from .delegate import fully_connected
from .hybrid import add_scaled, as_int8, codes_read, hybrid_sums, notes, row_scales, weight_scales
from .op import Noted, Staged, Variant, follows
from .signature import Shape

SHIFT = 7  # what the optimized kernel adds to int4 weights, so that none is negative
INT4_UNITS, INT4_DEPTH = 4, 32  # the fewest it takes
INT8_WEIGHTS = ("int8", "int4", "int2")  # the smaller ones have been unpacked when they get here


def is_dense(call: Call[FullyConnectedOptions]) -> bool:
    return call["w"].tensor.sparsity is None and call["w"].tensor.block_scales is None


class HybridPlan(NamedTuple):
    """The constants of a node with float activations and int8 weights."""

    w_scale: Array  # one, or one per unit
    asymmetric: bool
    activation: int
    shape: Shape


def plan_hybrid(call: Call[FullyConnectedOptions]) -> HybridPlan:
    options = call.options
    activation = options.fused_activation_function
    return HybridPlan(weight_scales(call["w"]), options.asymmetric_quantize_inputs, activation, call["y"].shape)


def compute_hybrid(plan: HybridPlan, x: Array, w: Array, b: Array | None) -> Staged:
    rows = quantize_rows(x.reshape(-1, w.shape[1]), plan.asymmetric)
    sums = np.zeros((len(rows.codes), len(w)), np.float32)
    if b is not None:
        sums += b
    stages = {}
    if x.any():
        accumulators, scale = hybrid_sums(rows, as_int8(w)), row_scales(rows, plan.w_scale)
        start, sums = sums, add_scaled(sums, accumulators, scale)
        stages = {"accumulator": accumulators, "x_scale * w_scale": scale, "bias": start}
    y = activate(plan.activation, sums).reshape(plan.shape)
    stages |= {"bias + accumulator * scales": sums, "activation": y}
    return Staged(Noted((y,), notes(rows)), stages, codes_read(rows, x, w))


def compute_hybrid_xnnpack(plan: HybridPlan, x: Array, w: Array, b: Array | None) -> Staged:
    found = xnnpack.quantize(x.reshape(-1, w.shape[1]), 1)
    sums = exact_product(found.codes, w.astype(np.int32).T)
    staged = xnnpack.real_values(found, sums, plan.w_scale, b, activation_reals(plan.activation))
    (y,), taken = staged.outputs
    return staged._replace(outputs=Noted((y.reshape(plan.shape),), taken), codes=codes_read(found.rows, x, w))


def compute_hybrid_int4(plan: HybridPlan, x: Array, w: Array, b: Array | None) -> Staged:
    rows = quantize_rows_float64(x.reshape(-1, w.shape[1]))
    scale, codes, weights = rows.scale[:, None], rows.codes.astype(np.int32), w.astype(np.int32)
    offset = (codes.sum(axis=1, keepdims=True) * -SHIFT).astype(np.float32) * scale * plan.w_scale
    start = offset if b is None else offset + b
    accumulators = exact_product(codes, weights.T + SHIFT)
    sums = start + accumulators.astype(np.float32) * scale * plan.w_scale
    y = activate(plan.activation, sums).reshape(plan.shape)
    stages = {
        "offset + bias": np.broadcast_to(start, sums.shape),
        "accumulator": accumulators,
        "sum": sums,
        "activation": y,
    }
    return Staged(Noted((y,), notes(rows)), stages, codes_read(rows, x, w))


def takes_int4(call: Call[FullyConnectedOptions]) -> str:
    """What the optimized kernel of int4 weights asks for."""
    units, depth = call["w"].shape
    if call["w"].value is None or depth % 2 or units < INT4_UNITS or depth < INT4_DEPTH:
        return f"{units} units of depth {depth} do not fill a block of int4 weights"
    return ""


def compute_sparse_hybrid(plan: HybridPlan, x: Array, w: Array, b: Array | None) -> Staged:
    rows = quantize_rows(x.reshape(-1, w.shape[1]), plan.asymmetric)
    centred = rows._replace(zero_point=np.zeros_like(rows.zero_point))
    sums = np.zeros((len(rows.codes), len(w)), np.float32)
    if b is not None:
        sums += b
    stages = {}
    if x.any():
        of_weights = w.sum(axis=1, dtype=np.int32).astype(np.float32)
        if plan.asymmetric:
            zero_point = rows.zero_point[:, None].astype(np.float32)
            offset = sparse_offset(rows.scale[:, None], zero_point, plan.w_scale)
            stages = {"bias": sums, "x_scale * x_zero * w_scale": offset, "sum of w": of_weights}
            sums = sums - offset * of_weights
        accumulators, scale = hybrid_sums(centred, w), row_scales(rows, plan.w_scale)
        stages |= {"start": sums, "accumulator": accumulators, "x_scale * w_scale": scale}
        sums = add_scaled(sums, accumulators, scale)
    y = activate(plan.activation, sums).reshape(plan.shape)
    stages |= {"start + accumulator * scales": sums, "activation": y}
    return Staged(Noted((y,), notes(rows)), stages, codes_read(centred, x, w))


def sparse_offset(x_scale: Array, x_zero: Array, w_scale: Array) -> Array:
    """What a weight adds for the zero point of x [n,1], real; one scale of w is multiplied first, others last."""
    offset: Array = x_scale * w_scale * x_zero if w_scale.size == 1 else x_scale * x_zero * w_scale
    return offset


HYBRID_XNNPACK = Variant(
    "hybrid, fused",
    tuple(f"float32 {w} float32 -> float32" for w in INT8_WEIGHTS),
    plan_hybrid,
    compute_hybrid_xnnpack,
    rules=follows(xnnpack=""),
    when=is_dense,
    gates={"xnnpack": fully_connected},
)
HYBRID_INT4 = Variant(
    "hybrid int4",
    ("float32 int4 float32 -> float32",),
    plan_hybrid,
    compute_hybrid_int4,
    rules=follows(optimized=""),
    when=is_dense,
    gates={"optimized": takes_int4},
)
HYBRID = Variant(
    "hybrid",
    tuple(f"float32 {w} float32 -> float32" for w in (*INT8_WEIGHTS, "uint8")),
    plan_hybrid,
    compute_hybrid,
    when=is_dense,
)
SPARSE_HYBRID = Variant("sparse hybrid", ("float32 int8 float32 -> float32",), plan_hybrid, compute_sparse_hybrid)

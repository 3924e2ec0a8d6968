"""FULLY_CONNECTED with float32 x and y and int4 weights quantized in blocks, see ops/blockwise.py.

    q, x_scale, x_zero = codes of each row of x, found when it runs, asymmetric whatever the option says
    y = activation((sum over blocks of acc * scale - x_zero * sum over blocks of scale * sum of w) * x_scale + b)

Every step is rounded to float32; XNNPACK fuses each acc * scale with its sum, starts from the term of x_zero, and
rounds the scales to bfloat16. Its codes and zero points are unsigned there, from 0 to 255.

Follows tflite/kernels/fully_connected.cc, the function EvalBlockwise4Bit, which is an optimized kernel only and leaves
the activation out; here it is applied. XNNPACK: src/qd8-f32-qb4w-gemm and xnn_pack_qs8_qb4w_gemm_goi_w.
"""

from typing import NamedTuple

import numpy as np

from minilite.format.options.dense import FullyConnectedOptions
from minilite.numerics.dynamic import quantize_rows, quantize_rows_even
from minilite.numerics.eigen import activate
from minilite.numerics.fused import fused_multiply_add
from minilite.numerics.products import exact_product
from minilite.numerics.rounding import round_to_bfloat16

from .blockwise import Blocks, blocks_of, is_blockwise
from .call import Array, Call
from .delegate import all_of, are_normal, constant, fused_activation, static_shapes
from .hybrid import notes
from .op import Noted, Variant, follows
from .signature import Shape

DELEGATE_BLOCK = 32  # blocks of whole multiples of it
PACKED = 16  # weights that XNNPACK adds up as integers for the term of x_zero
FIRST_UNSIGNED = 128  # what makes int8 codes unsigned
TYPES = ("float32 int4 float32 -> float32",)


class Plan(NamedTuple):
    """The constants of a node."""

    blocks: Blocks
    activation: int
    shape: Shape


def plan(call: Call[FullyConnectedOptions]) -> Plan:
    return Plan(blocks_of(call, "w"), call.options.fused_activation_function, call["y"].shape)


def compute(plan: Plan, x: Array, w: Array, b: Array | None) -> Noted:
    rows = quantize_rows(x.reshape(-1, w.shape[1]), asymmetric=True)
    sums, of_weights = np.zeros((len(rows.codes), len(w)), np.float32), np.zeros(len(w), np.float32)
    codes, weights, size = rows.codes.astype(np.int32), w.astype(np.int32), plan.blocks.size
    for block, scale in enumerate(plan.blocks.scales.T):
        part = slice(block * size, (block + 1) * size)
        sums += exact_product(codes[:, part], weights[:, part].T).astype(np.float32) * scale
        of_weights += scale * weights[:, part].sum(axis=1, dtype=np.int32).astype(np.float32)
    sums = (sums - rows.zero_point[:, None].astype(np.float32) * of_weights) * rows.scale[:, None]
    total = sums if b is None else sums + b
    return Noted((activate(plan.activation, total).reshape(plan.shape),), notes(rows))


def compute_xnnpack(plan: Plan, x: Array, w: Array, b: Array | None) -> Noted:
    rows = quantize_rows_even(x.reshape(-1, w.shape[1]))
    codes, zero = rows.codes.astype(np.int32) + FIRST_UNSIGNED, rows.zero_point[:, None] + FIRST_UNSIGNED
    weights, size, scales = w.astype(np.int32), plan.blocks.size, round_to_bfloat16(plan.blocks.scales)
    of_weights = np.zeros(len(w), np.float32)
    for first in range(0, w.shape[1], PACKED):
        packed = weights[:, first : first + PACKED].sum(axis=1).astype(np.float32)
        of_weights -= packed * scales[:, first // size]
    sums = of_weights * zero.astype(np.float32)
    for block, scale in enumerate(scales.T):
        part = slice(block * size, (block + 1) * size)
        sums = fused_multiply_add(exact_product(codes[:, part], weights[:, part].T).astype(np.float32), scale, sums)
    reals = sums * rows.scale[:, None]
    total = reals if b is None else reals + b
    return Noted((activate(plan.activation, total).reshape(plan.shape),), notes(rows))


def in_blocks(call: Call[FullyConnectedOptions]) -> bool:
    return is_blockwise(call, "w")


def long_blocks(call: Call[FullyConnectedOptions]) -> str:
    """The delegate takes blocks of multiples of 32, with positive scales."""
    size, scales = blocks_of(call, "w")
    if size % DELEGATE_BLOCK:
        return f"blocks of {size} weights are no multiple of {DELEGATE_BLOCK}"
    return "" if are_normal(scales) else "w has a scale that is not positive"


BLOCKWISE_XNNPACK = Variant(
    "blockwise, fused",
    TYPES,
    plan,
    compute_xnnpack,
    rules=follows(xnnpack=""),
    when=in_blocks,
    gates={"xnnpack": all_of(static_shapes, fused_activation, constant("w", "b"), long_blocks)},
)
BLOCKWISE = Variant("blockwise", TYPES, plan, compute, when=in_blocks)

"""FULLY_CONNECTED with float32 x and y and int4 weights quantized in blocks, see ops/blockwise.py.

    q, x_scale, x_zero = codes of each row of x, found when it runs, asymmetric whatever the option says
    y = activation((sum over blocks of acc * scale - x_zero * sum over blocks of scale * sum of w) * x_scale + b)

Every step is rounded to float32; XNNPACK fuses each acc * scale with its sum, starts from the term of x_zero, and
rounds the scales to bfloat16. Its codes and zero points are unsigned there, from 0 to 255.

Follows tflite/kernels/fully_connected.cc, the function EvalBlockwise4Bit, which is an optimized kernel only and leaves
the activation out; here it is applied. XNNPACK: src/qd8-f32-qb4w-gemm and xnn_pack_qs8_qb4w_gemm_goi_w.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from minilite.format.options.dense import FullyConnectedOptions
from minilite.numerics.dynamic import DynamicRows, quantize_rows, quantize_rows_even
from minilite.numerics.eigen import activate
from minilite.numerics.fused import fused_multiply_add
from minilite.numerics.products import exact_product
from minilite.numerics.rounding import round_to_bfloat16

from .blockwise import Blocks, blocks_of, is_blockwise
from .call import Array, Call
from .delegate import all_of, are_normal, constant, fused_activation
from .hybrid import codes_read, notes
from .op import Codes, Noted, Staged, Variant, follows
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


def compute(plan: Plan, x: Array, w: Array, b: Array | None) -> Staged:
    rows = quantize_rows(x.reshape(-1, w.shape[1]), asymmetric=True)
    sums, of_weights = np.zeros((len(rows.codes), len(w)), np.float32), np.zeros(len(w), np.float32)
    codes, weights, size = rows.codes.astype(np.int32), w.astype(np.int32), plan.blocks.size
    of_blocks = []
    for block, scale in enumerate(plan.blocks.scales.T):
        part = slice(block * size, (block + 1) * size)
        of_blocks.append(exact_product(codes[:, part], weights[:, part].T))
        sums += of_blocks[-1].astype(np.float32) * scale
        of_weights += scale * weights[:, part].sum(axis=1, dtype=np.int32).astype(np.float32)
    zero_points = rows.zero_point[:, None].astype(np.float32)
    reals = (sums - zero_points * of_weights) * rows.scale[:, None]
    stages = {
        **by_blocks(of_blocks, plan.blocks.scales),
        "sum of those products": sums,
        "sum of w * scale": of_weights,
        "zero point of x": zero_points,
        "x_scale": rows.scale[:, None],
        "(sum - zero point * sum of w) * x_scale": reals,
    }
    return finished(plan, rows, reals, b, stages, codes_read(centred(rows, rows.codes), x, w))


def by_blocks(sums: list[Array], scales: Array) -> dict[str, Array]:
    """The sums of each block and their scales, by name."""
    stacked = np.stack(sums, axis=-1)
    return {"sums of q * w in the blocks": stacked, "scales of the blocks": np.broadcast_to(scales, stacked.shape)}


def centred(rows: DynamicRows, codes: Array) -> DynamicRows:
    """Rows whose codes are multiplied as they are; the zero point is taken care of elsewhere."""
    return rows._replace(codes=codes, zero_point=np.zeros_like(rows.zero_point))


def finished(
    plan: Plan,
    rows: DynamicRows,
    reals: Array,
    b: Array | None,
    stages: dict[str, Array],
    codes: Mapping[str, Codes],
) -> Staged:
    """The bias and the activation, and the steps up to there."""
    total = reals if b is None else reals + b
    y = activate(plan.activation, total).reshape(plan.shape)
    return Staged(Noted((y,), notes(rows)), {**stages, "with bias": total, "activation": y}, codes)


def compute_xnnpack(plan: Plan, x: Array, w: Array, b: Array | None) -> Staged:
    rows = quantize_rows_even(x.reshape(-1, w.shape[1]))
    codes, zero = rows.codes.astype(np.int32) + FIRST_UNSIGNED, rows.zero_point[:, None] + FIRST_UNSIGNED
    weights, size, scales = w.astype(np.int32), plan.blocks.size, round_to_bfloat16(plan.blocks.scales)
    of_weights = np.zeros(len(w), np.float32)
    for first in range(0, w.shape[1], PACKED):
        packed = weights[:, first : first + PACKED].sum(axis=1).astype(np.float32)
        of_weights -= packed * scales[:, first // size]
    sums = start = of_weights * zero.astype(np.float32)
    of_blocks = []
    for block, scale in enumerate(scales.T):
        part = slice(block * size, (block + 1) * size)
        of_blocks.append(exact_product(codes[:, part], weights[:, part].T))
        sums = fused_multiply_add(of_blocks[-1].astype(np.float32), scale, sums)
    reals = sums * rows.scale[:, None]
    stages = {
        **by_blocks(of_blocks, scales),
        "zero point of x": zero,
        "less the zero point * w * scale": start,
        "plus the products, fused": sums,
        "x_scale": rows.scale[:, None],
        "times x_scale": reals,
    }
    return finished(plan, rows, reals, b, stages, codes_read(centred(rows, codes), x, w))


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
    gates={"xnnpack": all_of(fused_activation, constant("w", "b"), long_blocks)},
)
BLOCKWISE = Variant("blockwise", TYPES, plan, compute, when=in_blocks)

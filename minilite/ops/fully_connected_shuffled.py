"""FULLY_CONNECTED with the option weights_format SHUFFLED4x16INT8: uint8 to int16, in the layout of old 8-bit kernels.

    acc[n,u] = b[u] + sum over d of (x[n,d] - 128) * w[u,d]    exact integer; w are the bytes read as int8
    y = clamp(rescale(acc))                                    m = x_scale * w_scale / y_scale
    workspace = x ^ 128, sixteen columns of all rows, then the next sixteen

In the file the weights come in blocks of 4 units by 16 columns. There are 1 or 4 rows. Zero points are not looked
at, but for y's in the range of a fused activation.

Follows ShuffledFullyConnected in tflite/kernels/internal/reference/fully_connected.h.
The optimized kernel leaves a fused activation out.
Rescale rule: reference and optimized double. The multiplier is float64, of the float32 product of the input scales.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from minilite.format.enums import FullyConnectedOptionsWeightsFormat
from minilite.format.options.dense import FullyConnectedOptions
from minilite.graph import Node
from minilite.numerics.activation import activation_codes
from minilite.numerics.affine import Range, code_range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.products import exact_product
from minilite.numerics.rescale import Rescale, make_rescale

from .call import Array, Call
from .op import Codes, Op, Reads, Staged, Variant, follows
from .reads import Index, bias, numbered, places
from .signature import Shape

UNITS, COLUMNS = 4, 16  # of a block of weights
ROWS = (1, 4)
SIGN = np.uint8(128)


def is_shuffled(node: Node) -> bool:
    """Whether a FULLY_CONNECTED node has shuffled weights."""
    shuffled = FullyConnectedOptionsWeightsFormat.SHUFFLED4x16INT8
    return isinstance(node.options, FullyConnectedOptions) and node.options.weights_format == shuffled


class Plan(NamedTuple):
    """The constants of a node."""

    rescale: Rescale
    codes: Range
    shape: Shape
    workspace: Shape


def plan(call: Call[FullyConnectedOptions]) -> Plan:
    x, w, y, workspace = call["x"], call["w"], call["y"], call["workspace"]
    (units, depth), rows = w.shape, math.prod(y.shape[:-1])
    fits = units % UNITS == 0 and depth % COLUMNS == 0
    call.require(fits, f"shuffled weights are [{units}, {depth}], expected multiples of {UNITS} and {COLUMNS}")
    call.require(rows in ROWS, f"{rows} rows, shuffled weights take 1 or 4")
    size = math.prod(workspace.shape)
    call.require(size == rows * depth, f"the workspace has {size} elements, expected {rows * depth}")
    real = np.float64(x.scale * w.scale) / np.float64(y.scale)
    codes = activation_codes(call.options.fused_activation_function, y.scale, y.zero_point, y.dtype)
    return Plan(make_rescale(call.rule, real), codes, y.shape, workspace.shape)


def plan_unfused(call: Call[FullyConnectedOptions]) -> Plan:
    """The plan of the optimized kernel, which passes over a fused activation."""
    return plan(call)._replace(codes=code_range(call["y"].dtype))


def in_order(w: Array) -> Array:
    """The weights [units,depth] that the file has in blocks."""
    units, depth = w.shape
    return w.reshape(units // UNITS, depth // COLUMNS, UNITS, COLUMNS).swapaxes(1, 2).reshape(units, depth)


def compute(plan: Plan, x: Array, w: Array, b: Array) -> Staged:
    """y and the workspace."""
    depth = w.shape[1]
    rows = x.reshape(-1, depth) ^ SIGN
    weights = in_order(w.view(np.int8)).astype(np.int64)
    sums = wrap_int32(exact_product(rows.view(np.int8).astype(np.int64), weights.T) + b)
    steps = plan.rescale(sums)
    kept = plan.codes.clamp(steps)
    y = kept.astype(np.int16).reshape(plan.shape)
    workspace = rows.reshape(len(rows), depth // COLUMNS, COLUMNS).swapaxes(0, 1)
    codes = {"x": Codes(x, np.array(int(SIGN))), "w": Codes(w.view(np.int8), np.array(0))}
    stages = {"accumulator": sums, "in steps of y": steps, "clamp": kept}
    return Staged((y, workspace.reshape(plan.workspace)), stages, codes)


def reads(call: Call[FullyConnectedOptions], at: Index) -> Reads:
    (units, depth), unit = call["w"].shape, at[-1]
    x, row = call["x"].shape, int(np.ravel_multi_index(at[:-1], call["y"].shape[:-1]))
    pixels = places(x, numbered(x).reshape(-1, depth)[row])
    weights = places((units, depth), in_order(numbered((units, depth)))[unit])
    return Reads({"x": pixels, "w": weights}, bias(call, unit))


def make_op(shapes: Callable[[Call[FullyConnectedOptions]], Sequence[Shape]]) -> Op:
    """The op, whose y has the shape that `shapes` gives."""
    types = ("uint8 uint8 int32 -> int16 uint8",)
    variants = (
        Variant("shuffled", types, plan, compute, rules=follows(reference="double")),
        Variant("shuffled, unfused", types, plan_unfused, compute, rules=follows(optimized="double")),
    )
    return Op(
        "FULLY_CONNECTED",
        "x[~d] w[u,d] b[u] -> y[...] workspace[...]",
        FullyConnectedOptions,
        variants,
        lambda call: [*shapes(call), call["workspace"].shape],
        macs=lambda call: math.prod(call["x"].shape) * call["w"].shape[0],
        reads=reads,
    )

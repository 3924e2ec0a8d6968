"""SVDF: a fully connected layer with memory, its weights factored into features and time.

    newest[n,f] = sum over d of x[n,d] * w_feature[f,d], appended to the last m of each filter, the oldest dropped
    y[n,u]      = activation(b[u] + sum over rank and m of state[n,f,m] * w_time[f,m])      f = u * rank + r

float32: sums in four lanes, see numerics/lanes.py. hybrid: x is quantized when it runs (ops/hybrid.py), w_time becomes
float32.
int8: newest = clamp(rescale(sum of (x - x_zero) * w_feature))     m = x_scale * w_feature_scale / state_scale, 16 bits
      y      = clamp(y_zero + rescale(b + sums))                   m = state_scale * w_time_scale / y_scale

Microcontrollers: float32 sums from first to last. int8: any fused activation, none is applied; weights and state of 8
or 16 bits, the state with a zero point: newest + state_zero is stored, state - state_zero summed. CMSIS-NN knows no
zero point of the state.

Follows tflite/kernels/svdf.cc and internal/reference/svdf.h; tensorflow/lite/micro/kernels/svdf_common.cc and CMSIS-NN
Source/SVDFunctions. Rescale rule: reference double, microcontrollers double or single; multipliers in float32.
"""

from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.recurrent import SVDFOptions
from minilite.numerics import libm
from minilite.numerics.activation import RELU, TANH
from minilite.numerics.affine import code_range
from minilite.numerics.dynamic import quantize_rows
from minilite.numerics.eigen import activate
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.lanes import add_vector_product, vector_dot
from minilite.numerics.products import exact_product, ordered_product
from minilite.numerics.reduction import ordered_sum, ordered_total
from minilite.numerics.rescale import Rescale, make_rescale

from .call import Array, Call
from .hybrid import as_int8, codes_of_x, notes
from .op import MICROCONTROLLERS, REFERENCE, Noted, Op, Staged, Variant, follows, on_microcontrollers
from .reads import whole_row
from .signature import Shape
from .vectors import Matrix, add_product, make_vector


def shapes(call: Call[SVDFOptions]) -> list[Shape]:
    rank, filters, memory = call.options.rank, call["w_feature"].shape[0], call["w_time"].shape[1]
    call.require(rank > 0 and filters % rank == 0, f"{filters} filters do not fall into groups of rank {rank}")
    call.require(memory > 0, "a memory of length 0")
    rows, bias, state = call["x"].shape[0], call.optional("b"), call["state"]
    call.require(bias is None or bias.shape == (filters // rank,), f"{filters // rank} biases expected")
    message = f"{state.tensor.label}: a variable tensor of shape {[rows, filters * memory]} expected"
    call.require(state.tensor.is_variable and state.shape == (rows, filters * memory), message)
    return [(rows, filters // rank)]


class FloatPlan(NamedTuple):
    """The constants of a float or hybrid node."""

    rank: int
    activation: int
    scale: Array | None  # of w_feature
    time_scale: np.float32
    asymmetric: bool


def plan_float(call: Call[SVDFOptions]) -> FloatPlan:
    options, hybrid = call.options, call["w_feature"].dtype.kind != "f"
    time_scale = call["w_time"].scale if hybrid else np.float32(1)
    scale = call["w_feature"].affine.scale[:1] if hybrid else None
    asymmetric = hybrid and options.asymmetric_quantize_inputs
    return FloatPlan(options.rank, options.fused_activation_function, scale, time_scale, asymmetric)


def compute_float(plan: FloatPlan, x: Array, w_feature: Array, w_time: Array, b: Array | None, state: Array) -> Any:
    hybrid = plan.scale is not None
    vector = make_vector(x, hybrid, plan.asymmetric)
    start = np.zeros((len(x), len(w_feature)), x.dtype)
    newest = add_product(start, vector, Matrix(w_feature, plan.scale), add_vector_product)
    memory = remember(state, newest, w_time.shape)
    filters = vector_dot(memory, as_int8(w_time) * plan.time_scale if hybrid else w_time)
    groups = filters.reshape(len(x), -1, plan.rank)
    y = vector_dot(groups, np.ones(plan.rank, x.dtype))
    total = y if b is None else y + b
    outputs = (activate(plan.activation, total), memory.reshape(state.shape))
    if not hybrid:
        return outputs
    rows = quantize_rows(x, plan.asymmetric)
    stages = {
        "x times the features": newest,
        "memory times the time weights": filters,
        "sum over the rank": y,
        "plus the bias": total,
        "activation": outputs[0],
    }
    return Staged(Noted(outputs, notes(rows)), stages, codes_of_x(rows, x))


def remember(state: Array, newest: Array, shape: Shape) -> Array:
    """The memory [n,f,m] with `newest` [n,f] at its end."""
    memory = state.reshape(-1, *shape)
    return np.concatenate([memory[..., 1:], newest[..., None]], axis=-1)


class MicroPlan(NamedTuple):
    """The constants of a float node of a microcontroller."""

    rank: int
    activation: int


def compute_in_order(plan: MicroPlan, x: Array, w_feature: Array, w_time: Array, b: Array | None, state: Array) -> Any:
    """All sums from first to last, that over a rank from the bias on."""
    memory = remember(state, ordered_product(x, w_feature.T), w_time.shape)
    filters = ordered_sum(np.moveaxis(memory * w_time, -1, 0))
    groups = np.moveaxis(filters.reshape(len(x), -1, plan.rank), -1, 0)
    bias = np.zeros_like(groups[:1]) if b is None else np.broadcast_to(b, groups[:1].shape)
    y = ordered_total(np.concatenate([bias, groups]))
    return libm.tanh(y) if plan.activation == TANH else activate(plan.activation, y), memory.reshape(state.shape)


class IntegerPlan(NamedTuple):
    """The constants of an int8 node."""

    rank: int
    x_zero: int
    state_zero: int
    y_zero: int
    feature: Rescale
    time: Rescale


def plan_integer(call: Call[SVDFOptions]) -> IntegerPlan:
    call.require(call.options.fused_activation_function == RELU, "int8 SVDF takes the fused activation RELU only")
    return plan_any_activation(call)


def plan_any_activation(call: Call[SVDFOptions]) -> IntegerPlan:
    x, state, y = call["x"], call["state"], call["y"]
    feature = x.scale * call["w_feature"].scale / state.scale
    time = state.scale * call["w_time"].scale / y.scale
    rescales = (make_rescale(call.rule, np.float64(real)) for real in (feature, time))
    return IntegerPlan(call.options.rank, x.zero_point, 0, y.zero_point, *rescales)


def plan_state_zero(call: Call[SVDFOptions]) -> IntegerPlan:
    return plan_any_activation(call)._replace(state_zero=call["state"].zero_point)


def compute_integer(
    plan: IntegerPlan, x: Array, w_feature: Array, w_time: Array, b: Array | None, state: Array
) -> Staged:
    """The fused activation is not applied: the official kernels only ask for RELU, or not even that."""
    sums = exact_product(x.astype(np.int64) - plan.x_zero, w_feature.T.astype(np.int64))
    features = plan.feature(sums)
    kept = code_range(state.dtype).clamp(features)
    newest = (kept + plan.state_zero).astype(state.dtype)  # keeps the low bits
    memory = remember(state, newest, w_time.shape)
    filters = ((memory.astype(np.int64) - plan.state_zero) * w_time).sum(axis=-1)
    totals = filters.reshape(len(x), -1, plan.rank).sum(axis=-1)
    accumulators = wrap_int32(totals if b is None else totals + b)
    steps = plan.time(accumulators)
    y = code_range(x.dtype).clamp(steps + plan.y_zero).astype(x.dtype)
    stages = {
        "x times the features": features,
        "newest in the memory": newest,
        "memory times the time weights": filters,
        "sum over the rank": totals,
        "plus the bias": accumulators,
        "in steps of y": steps,
        "plus the zero point, kept within the type": y,
    }
    return Staged((y, memory.reshape(state.shape)), stages)


FLOAT = Variant("float", ("float32",), plan_float, compute_float, rules=REFERENCE)
IN_ORDER = Variant(
    "float",
    ("float32",),
    lambda call: MicroPlan(call.options.rank, call.options.fused_activation_function),
    compute_in_order,
    rules=MICROCONTROLLERS,
)
HYBRID_TYPES = tuple(f"float32 {w} {w} float32 float32 -> float32" for w in ("int8", "uint8"))
HYBRID = Variant("hybrid", HYBRID_TYPES, plan_float, compute_float)
INTEGER = Variant(
    "int8",
    ("int8 int8 int16 int32 int16 -> int8",),
    plan_integer,
    compute_integer,
    rules=follows(reference="double"),
)
MICRO_TYPES = ("int8 int8 int16 int32 int16 -> int8", "int8 int8 int8 int32 int8 -> int8")
CMSIS_NN = Variant(
    "int8",
    MICRO_TYPES,
    plan_any_activation,
    compute_integer,
    rules=follows(cmsis_nn="double", cmsis_nn_single="single"),
)
MICRO = Variant(
    "int8",
    MICRO_TYPES,
    plan_state_zero,
    compute_integer,
    rules=follows(**on_microcontrollers("double", has_cmsis_nn=False)),
)

SVDF = Op(
    "SVDF",
    "x[n,d] w_feature[f,d] w_time[f,m] b[u]? state[n,s]! -> y[n,u]",
    SVDFOptions,
    variants=(FLOAT, IN_ORDER, HYBRID, INTEGER, MICRO, CMSIS_NN),
    shapes=shapes,
    reads=whole_row,
    macs=lambda call: call["x"].shape[0] * (np.prod(call["w_feature"].shape) + np.prod(call["w_time"].shape)).item(),
)
OPS = (SVDF,)

"""LSTM, basic kernel: one step of a cell whose four gates are one fully connected layer over x and h.

    both  = [x, h]                  gates = b + both @ w.T, in the order i, g, f, o along the units
    c     = sigmoid(i) * tanh(g) + sigmoid(f) * c        h = sigmoid(o) * tanh(c)

float32: sums in the order of numerics/eigen_product.py, sigmoid and tanh as numerics/eigen.py computes them.
uint8 x and h, of scale 1/128 and zero point 128 whatever the file says; the scale of c is 2**-11:
    gates = clamp(rescale(b + sum of (both - 128) * (w - w_zero)))       m = 2**12 * b_scale, 16 bits, scale 2**-12
    c     = clamp(round(i * g / 2**19) + round(f * c / 2**15))
    h     = clamp(128 + round(o * tanh(clamp(2 * c)) / 2**23))           tanh's input has the scale 2**-12

The node names all four values as outputs: h, c, both, gates. h and c are also the next values of its states.
Follows the basic kernel in tflite/kernels/lstm.cc and LstmCell in internal/optimized/optimized_ops.h, which the
reference set uses as well. Rescale rule: half-up. The multiplier is formed in float32.
"""

from typing import NamedTuple

import numpy as np

from minilite.format.enums import LSTMKernelType
from minilite.format.options.recurrent import LSTMOptions
from minilite.graph import Node
from minilite.numerics.eigen import logistic, tanh
from minilite.numerics.eigen_product import eigen_product
from minilite.numerics.fixed_point import (
    doubling_high_multiply_int16,
    rounding_right_shift_away,
    saturate_int16,
    wrap_int32,
)
from minilite.numerics.gates import sigmoid_of_fixed, tanh_of_fixed
from minilite.numerics.power_of_two import power_of_two
from minilite.numerics.products import exact_product
from minilite.numerics.rescale import Rescale, make_rescale
from minilite.ops.call import Array, Call
from minilite.ops.op import Codes, Op, Staged, Variant, follows, plan_nothing
from minilite.ops.reads import whole_row
from minilite.ops.signature import Shape

from .gate import INTEGER_BITS

Outputs = tuple[Array, ...]
CELL_EXPONENT = -11  # the scale of c is 2**-11: four integer bits
X_ZERO = 128
ORDER = "igfo"  # of the gates


def is_basic(node: Node) -> bool:
    """Whether an LSTM node asks for the basic kernel."""
    return isinstance(node.options, LSTMOptions) and node.options.kernel_type == LSTMKernelType.BASIC


def shapes(call: Call[LSTMOptions]) -> list[Shape]:
    h, both = call["h"].shape, call["x"].shape[1] + call["h"].shape[1]
    for name, shape in (("w", (4 * h[1], both)), ("b", (4 * h[1],))):
        call.require(call[name].shape == shape, f"{name} has shape {list(call[name].shape)}, expected {list(shape)}")
    for name in ("h", "c"):
        call.require(call[name].tensor.data is None, f"{name} is constant, its next value has no place")
    return [h, h, (h[0], both), (h[0], 4 * h[1])]


def compute_float(plan: None, x: Array, h: Array, w: Array, b: Array, c: Array) -> Outputs:
    both = np.concatenate([x, h], axis=1)
    gates = eigen_product(both, w.T) + b
    i, g, f, o = np.split(gates, 4, axis=1)
    c = _logistic_rows(i) * tanh(g) + _logistic_rows(f) * c
    h = _logistic_rows(o) * tanh(c)
    return h, c, both, gates, h, c


def _logistic_rows(x: Array) -> Array:
    """The sigmoid of each row alone, where it stands in the state."""
    return np.stack([logistic(row, start * len(row)) for start, row in enumerate(x)])


class Plan(NamedTuple):
    """The constants of a quantized node."""

    w_zero: int
    rescale: Rescale


def plan_codes(call: Call[LSTMOptions]) -> Plan:
    scale = call["next_c"].scale
    call.require(power_of_two(scale) == CELL_EXPONENT, f"the scale of the cell state is {scale}, expected 2**-11")
    real = np.float64(np.float32(4096) * call["b"].scale)
    return Plan(call["w"].zero_point, make_rescale(call.rule, real))


def compute_codes(plan: Plan, x: Array, h: Array, w: Array, b: Array, c: Array) -> Staged:
    both = np.concatenate([x, h], axis=1)
    sums = wrap_int32(exact_product(both.astype(np.int64) - X_ZERO, (w.astype(np.int64) - plan.w_zero).T) + b)
    gates = saturate_int16(plan.rescale(sums))
    of_gates = [np.split(step, 4, axis=1) for step in (sums, gates)]
    activated = [
        tanh_of_fixed(total, INTEGER_BITS) if gate == "g" else sigmoid_of_fixed(total)
        for gate, total in zip(ORDER, of_gates[1], strict=True)
    ]
    i, g, f, o = activated
    multiply = doubling_high_multiply_int16
    added = rounding_right_shift_away(multiply(i, g), 15 + CELL_EXPONENT)
    kept = multiply(f, c.astype(np.int64))
    next_c = saturate_int16(added + kept)
    tanh_of_c = tanh_of_fixed(saturate_int16(2 * next_c), INTEGER_BITS)
    hidden = multiply(o, tanh_of_c)
    next_h = (X_ZERO + np.minimum(rounding_right_shift_away(hidden, 8), 127)).astype(np.uint8)
    state = next_c.astype(np.int16)
    stages = {
        f"{gate}: {name}": step
        for gate, *steps in zip(ORDER, *of_gates, activated, strict=True)
        for name, step in zip(("sum", "total", "value"), steps, strict=True)
    }
    stages |= {"cell state before": c, "i * g": added, "f * c": kept, "cell state": next_c}
    stages |= {"tanh of it": tanh_of_c, "o * tanh": hidden, "h": next_h}
    outputs = next_h, state, both, gates.astype(np.int16), next_h, state
    return Staged(outputs, stages, {"x": Codes(x, np.array(X_ZERO))})


FLOAT_TYPES = f"{' '.join(['float32'] * 5)} -> {' '.join(['float32'] * 4)}"
FLOAT = Variant("basic float", (FLOAT_TYPES,), plan_nothing, compute_float)
CODES = Variant(
    "basic uint8",
    ("uint8 uint8 uint8 int32 int16 -> uint8 int16 uint8 int16",),
    plan_codes,
    compute_codes,
    rules=follows(reference="half-up"),
)
BASIC_LSTM = Op(
    "LSTM",
    "x[n,d] h[n,c]! w[k,e] b[k] c[n,c]! -> y[n,c] next_c[n,c] both[n,e] gates[n,k]",
    LSTMOptions,
    (FLOAT, CODES),
    shapes=shapes,
    macs=lambda call: call["x"].shape[0] * call["w"].shape[0] * call["w"].shape[1],
    reads=whole_row,
)

"""int8 LSTM with 12 intermediate tensors: the products with x and h are kept in 8 bits, normalization is in float32.

    of_x   = clamp(zero + rescale(sum of (x - x_zero) * w)), 8 bits           m = w_scale * x_scale / scale
    of_h   = clamp(zero + rescale(sum of (h - h_zero) * r)), 8 bits           m = r_scale * h_scale / scale
    total  = clamp(rescale(of_x - zero) + rescale(of_h - zero)), 16 bits      m = scale / scale of total
    gate   = trunc(2**15 * activation(norm(total))), the activation's input rounded to 2**-12
    c      = clamp(round(f * c / 2**15) + round((1 - f) * g / 2**15))         of scale 2**-15
    h      = clamp(h_zero + rescale(projection_bias + projection @ round(o * tanh(c) / 2**15)))

The intermediate tensors have scale and zero of total, of_x and of_h, for each gate in the order i, f, g, o.
The kernel wants coupled gates, layer normalization and a projection with its bias, and knows no peepholes. For of_h of
the output gate it reads other constants than those meant: the zero point of g's of_x, and in place of the mantissa of m
the exponent of f's, which leaves hardly anything of of_h. That is what every model has run with, so it is followed.

Follows EvalInteger8x8_8 in tflite/kernels/lstm_eval.cc, PopulateQuantizedLstmParams8x8_8 in lstm.cc and
internal/reference/portable_tensor_utils.cc. Rescale rule: reference double, of the projection int16-multiplier.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import UnsupportedError
from minilite.numerics import libm
from minilite.numerics.affine import code_range
from minilite.numerics.fixed_point import rounding_right_shift_away, saturate
from minilite.numerics.products import exact_product
from minilite.numerics.rescale import Multiplier, Rescale, make_rescale
from minilite.numerics.rounding import round_half_away, to_int32
from minilite.ops.call import Array, Call
from minilite.ops.op import Codes, Staged
from minilite.ops.sequence import Inputs, States, run_sequence

from .cell import PROJECTION_STEPS
from .gate import INT16
from .operands import GATES, Cell, batch_of, check_cell, check_state, joined, split

INT8 = code_range(np.dtype(np.int8))
COUNT = 12  # of intermediate tensors
CELL_SCALE, ONE = 2.0**-15, 2**15 - 1  # of c, and 1 as a gate's code
FORGET, CELL, OUTPUT = 1, 2, 3  # places in `GATES`


class Product(NamedTuple):
    """A product's way into a gate: to 8 bits with a zero point, from there to the total."""

    narrowed: Rescale
    zero_point: int
    added: Rescale


class Gate(NamedTuple):
    """The constants of a gate."""

    of_x: Product
    of_h: Product
    norm_scale: np.float32


class Plan(NamedTuple):
    """The constants of a node."""

    gates: tuple[Gate, ...]  # f, g, o
    zeros: tuple[int, int]  # of x and h
    projection: Rescale
    clips: tuple[int, int]  # codes, of c and of h; 0 for none


def is_narrow(call: Call[Any]) -> bool:
    """Whether a call has the intermediate tensors of this kernel."""
    return len(call.intermediates) == COUNT


def plan(call: Call[Any]) -> Plan:
    _check(call)
    gates = [_plan_gate(call, index) for index in (FORGET, CELL, OUTPUT)]
    gates[2] = gates[2]._replace(of_h=_misread(gates))
    real = np.float32(np.float64(call["projection"].scale) * 2.0**-15 / np.float64(call["h"].scale))
    cell_clip, h_clip = np.float32(call.options.cell_clip), np.float32(call.options.proj_clip)
    return Plan(
        gates=tuple(gates),
        zeros=(call["x"].zero_point, call["h"].zero_point),
        projection=make_rescale("int16-multiplier", np.float64(real)),
        clips=(
            int(cell_clip * np.float32(2**15)) if 0 < cell_clip < 1 else 0,
            int(to_int32(min(h_clip / call["y"].scale, np.float32(127)))) if h_clip > 0 else 0,
        ),
    )


def _misread(gates: list[Gate]) -> Product:
    """The product with h of the output gate, with the constants the kernel takes for it."""
    f, g, o = gates
    mantissa, exponent = f.of_h.added.multiplier.exponent, o.of_h.added.multiplier.exponent
    added = o.of_h.added._replace(multiplier=Multiplier(np.zeros(()), mantissa, exponent))
    return Product(o.of_h.narrowed, g.of_x.zero_point, added)


def _check(call: Call[Any]) -> None:
    cells, outputs = check_cell(call)
    check_state(call, call["h"], (batch_of(call), outputs))
    check_state(call, call["cell"], (batch_of(call), cells))
    call.require(len(call["r_o"].shape) == 2, "diagonal recurrent weights need float activations")
    call.require(call["cell"].scale == CELL_SCALE, f"the scale of the cell state is {call['cell'].scale}, not 2**-15")
    needed = ("projection", "projection_bias", *(f"norm_{gate}" for gate in GATES[1:]))
    missing = [name for name in needed if call.optional(name) is None]
    if missing or call.optional("w_i") is not None or call.optional("peephole_o") is not None:
        raise UnsupportedError(
            f"{call.node.label}: with {COUNT} intermediate tensors the official kernel takes coupled input gates only, "
            "no peepholes, layer normalization, a projection and its bias"
        )
    for tensor in call.intermediates:
        affine = tensor.quantization
        fits = affine is not None and INT8.low <= affine.zero_point.flat[0] <= INT8.high
        call.require(fits, f"intermediate {tensor.label} needs a scale and an 8-bit zero point")


def _plan_gate(call: Call[Any], index: int) -> Gate:
    scales, zeros = [], []
    for tensor in call.intermediates[3 * index : 3 * index + 3]:
        assert tensor.quantization is not None
        scales.append(tensor.quantization.scale.flat[0])
        zeros.append(int(tensor.quantization.zero_point.flat[0]))
    rescale, gate = partial(make_rescale, call.rule), GATES[index]
    products = [
        Product(
            narrowed=rescale(np.float64(call[f"{weights}_{gate}"].scale * call[vector].scale / scales[place])),
            zero_point=zeros[place],
            added=rescale(np.float64(scales[place] / scales[0])),
        )
        for place, (weights, vector) in enumerate((("w", "x"), ("r", "h")), start=1)
    ]
    _, mantissa, exponent = rescale(np.float64(call[f"norm_{gate}"].scale)).multiplier
    return Gate(products[0], products[1], np.float32(float(mantissa) * 2.0 ** (int(exponent) - 31)))


def compute(plan: Plan, *arrays: Array | None) -> Staged:
    """y and the next h and c."""
    x, cell, h, c = split(arrays)
    sequence = x if x.ndim == 3 else x[None]
    start = (h.astype(np.int64), c.astype(np.int64))
    steps, states = run_sequence(partial(_step, plan, cell), (sequence,), start, time_major=True)
    stages = {name: steps[..., place] for place, name in enumerate(PROJECTION_STEPS)}
    return Staged(joined(arrays, steps[..., -1], *states), stages, {"x": Codes(x, np.array(plan.zeros[0]))})


def _step(plan: Plan, cell: Cell, inputs: Inputs, states: States, row: int) -> tuple[Array, States]:
    """The steps [n,u,s] of the projection, of which the last is h, and the next (h, c): codes, int64."""
    h, c = states
    assert inputs[0] is not None
    x_part, h_part = inputs[0].astype(np.int64) - plan.zeros[0], h - plan.zeros[1]
    f, g, o = (
        _gate(gate, cell, index, x_part, h_part) for index, gate in zip((FORGET, CELL, OUTPUT), plan.gates, strict=True)
    )
    kept, added = (rounding_right_shift_away(product, 15) for product in (f * c, (ONE - f) * g))
    c = INT16.clamp(kept + added)
    if plan.clips[0] > 0:
        c = saturate(c, -plan.clips[0], plan.clips[0])
    hidden = rounding_right_shift_away(o * _codes(libm.tanh(_real(c, CELL_SCALE))), 15)
    assert cell.projection is not None
    assert cell.projection_bias is not None
    sums = exact_product(hidden, cell.projection.T) + cell.projection_bias
    rescaled = plan.projection(sums)
    h = INT8.clamp(rescaled + plan.zeros[1])
    if plan.clips[1] > 0:
        h = saturate(h, -plan.clips[1], plan.clips[1])
    return np.stack([sums, rescaled, h], axis=-1), (h, c)


def _gate(plan: Gate, cell: Cell, index: int, x: Array, h: Array) -> Array:
    """The codes of a gate in 2**-15, int64, for x and h without their zero points."""
    w, r, bias, norm = cell.w[index], cell.r[index], cell.bias[index], cell.norm[index]
    assert w is not None
    assert r is not None
    assert bias is not None
    assert norm is not None
    total = INT16.clamp(_through(plan.of_x, x, w) + _through(plan.of_h, h, r))
    normalized = _real(_normalized(total.astype(np.float32), norm, bias, plan.norm_scale), 2.0**-12)
    if index == CELL:
        return _codes(libm.tanh(normalized))
    return _codes(np.float32(1) / (np.float32(1) + libm.exp(-normalized)))


def _through(plan: Product, x: Array, w: Array) -> Array:
    narrowed = INT8.clamp(plan.narrowed(exact_product(x, w.T.astype(np.int64))) + plan.zero_point)
    return plan.added(narrowed - plan.zero_point)


def _normalized(x: Array, weights: Array, bias: Array, scale: np.float32) -> Array:
    """Rows of mean 0 and deviation 1, times the weights, plus the bias: codes in 2**-12; sums from first to last."""
    cells = np.float32(x.shape[1])
    mean = np.add.accumulate(x, axis=1)[:, -1:] / cells
    variance = np.add.accumulate(x * x, axis=1)[:, -1:] / cells - mean * mean
    inverse = np.float32(1) / np.sqrt(np.where(variance == 0, np.float32(1e-8), variance))
    weighted = (x - mean) * inverse * weights.astype(np.float32) * scale
    biased = weighted + bias.astype(np.float32) * (np.float32(2.0**-10) * scale)
    return INT16.clamp(to_int32(round_half_away(biased * np.float32(2**12))))


def _real(codes: Array, scale: float) -> Array:
    return codes.astype(np.float32) * np.float32(scale)


def _codes(real: Array) -> Array:
    """16-bit codes of values from -1 to 1, the fraction cut off."""
    return INT16.clamp((real * np.float32(2**15)).astype(np.int64))

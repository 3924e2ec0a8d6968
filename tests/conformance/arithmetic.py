"""ADD, SUB, MUL, MAXIMUM, MINIMUM: operands of the same shape or stretched, fused activations, all kinds of scales."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.arithmetic import AddOptions, MulOptions, SubOptions

from .case import Case, OneOp, Operand, one_op
from .strategies import ACTIVATIONS, arrays, operands, scales, shapes, zero_points

QUANTIZED = ("int8", "uint8", "int16")
BINARY_OPTIONS: dict[str, Any] = {"ADD": AddOptions, "SUB": SubOptions, "MUL": MulOptions}


@st.composite
def stretched(draw: Any, high: int = 5) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shapes of two operands and of their result: equal, with lengths of 1, or with fewer dimensions."""
    shape = draw(shapes(0, high, 4))
    a, b = shape, shape
    if draw(st.booleans()):
        both = [draw(st.sampled_from([(n, n), (n, n), (1, n), (n, 1)])) for n in shape]
        a, b = tuple(pair[0] for pair in both), tuple(pair[1] for pair in both)
        cut = draw(st.integers(0, len(shape)))
        a, b = draw(st.sampled_from([(a, b[cut:]), (a[cut:], b), (a, b)]))
    if draw(st.integers(0, 30)) == 0:
        a = b = (0, 3)
    return a, b, np.broadcast_shapes(a, b)


@st.composite
def close_scales(draw: Any, base: float) -> float:
    """A scale at a simple ratio to `base`, or a neighbour of one: exact ties, and values a hair beside them."""
    scale = np.float32(base * draw(scales(0.1, 8.0)))
    toward = draw(st.sampled_from([None, np.float32(0), np.float32(np.inf)]))
    return float(scale if toward is None else np.nextafter(scale, toward))


@st.composite
def general(draw: Any, op: str, kind: str) -> OneOp:
    """Operands of a quantized type with scales of their own."""
    a_shape, b_shape, y_shape = draw(stretched())
    a = draw(operands(kind, a_shape))
    b = draw(operands(kind, b_shape, scale=draw(close_scales(a.scale))))
    y = Operand(kind, y_shape, None, draw(close_scales(a.scale)), draw(zero_points(kind)))
    if kind != "int16" and draw(st.integers(0, 9)) == 0:  # beyond the delegate, or sums beyond 16 bits
        y = y._replace(scale=np.float32(y.scale * 2.0 ** draw(st.sampled_from([-12, -8, -7, 7, 9, 11]))))
    octaves = np.log2([a.scale, b.scale, y.scale])
    powers = np.abs(octaves - np.round(octaves)).max() < 0.01
    by_shift = False if powers else draw(st.booleans())
    options = BINARY_OPTIONS[op](fused_activation_function=draw(ACTIVATIONS), pot_scale_int16=by_shift)
    return one_op(op, options, [a, b._replace(constant=draw(may_be_constant(a, b)))], [y])


def may_be_constant(a: Operand, b: Operand) -> st.SearchStrategy[bool]:
    """Constants, but not one number of more dimensions than a: XNNPACK's activated sum then has the shape of a."""
    return st.just(False) if math.prod(b.shape) == 1 and len(b.shape) > len(a.shape) else st.booleans()


@st.composite
def powers_of_two(draw: Any, op: str) -> OneOp:
    """int16 with scales close to powers of two: one operand has the scale of the output, the other a smaller one."""
    a_shape, b_shape, y_shape = draw(stretched())
    if op == "ADD":
        a_shape = b_shape = y_shape
    scale = 2.0 ** draw(st.integers(-10, 4))
    finer = scale * 2.0 ** -draw(st.integers(0, 20)) * draw(st.sampled_from([1.0, 1.0005, 0.9995]))
    a_scale, b_scale = draw(st.permutations([scale, finer]))
    options = BINARY_OPTIONS[op](fused_activation_function=draw(ACTIVATIONS))
    a = draw(operands("int16", a_shape, scale=a_scale))
    b = draw(operands("int16", b_shape, scale=b_scale))
    return one_op(op, options, [a, b], [Operand("int16", y_shape, None, scale, 0)])


@st.composite
def plain(draw: Any, op: str, kind: str) -> OneOp:
    """Operands without scales."""
    a_shape, b_shape, y_shape = draw(stretched())
    options = BINARY_OPTIONS[op](fused_activation_function=draw(ACTIVATIONS))
    a, b = (Operand(kind, shape, draw(values(kind, shape, subnormal=True))) for shape in (a_shape, b_shape))
    return one_op(op, options, [a, b], [Operand(kind, y_shape)])


@st.composite
def values(draw: Any, kind: str, shape: tuple[int, ...], subnormal: bool = False) -> Any:
    """Values of a type, sometimes with zeros of both signs, infinities and NaN, or with integers that overflow."""
    array = np.array(draw(arrays(kind, shape)))
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, *([1e-40, -3e-39] if subnormal else [])]
    if not kind.startswith("float"):
        special = [np.iinfo(kind).min, np.iinfo(kind).max, 0, 3]
    generator = np.random.default_rng(draw(st.integers(0, 999)))
    chosen = generator.choice(np.array(special).astype(kind), shape)
    return np.where(generator.random(shape) < draw(st.sampled_from([0.0, 0.5])), chosen, array).astype(kind)


@st.composite
def product(draw: Any, kind: str) -> OneOp:
    """Codes times codes, with an output scale that typical products fit."""
    a_shape, b_shape, y_shape = draw(stretched())
    a, b = draw(operands(kind, a_shape)), draw(operands(kind, b_shape))
    codes = 40.0
    if kind == "int16":
        small = draw(st.booleans())  # exact ties need small products, rails large ones
        codes = 8.0 if small else 4096.0
        a, b = (operand._replace(data=operand.data % 64 - 32) if small else operand for operand in (a, b))
    typical = a.scale * b.scale * codes
    y = Operand(kind, y_shape, None, draw(close_scales(typical)), draw(zero_points(kind)))
    if draw(st.integers(0, 20)) == 0:
        y = y._replace(scale=typical * 2.0 ** draw(st.integers(-60, 60)))
    representable = y.scale > 1e-8  # the limits of activations need codes of 32 bits
    options = MulOptions(fused_activation_function=draw(ACTIVATIONS) if representable else 0)
    return one_op("MUL", options, [a, b._replace(constant=draw(may_be_constant(a, b)))], [y])


@st.composite
def complex_product(draw: Any) -> OneOp:
    a_shape, b_shape, y_shape = draw(stretched())
    a, b = (Operand("complex64", shape, draw(arrays("complex64", shape))) for shape in (a_shape, b_shape))
    return one_op("MUL", MulOptions(), [a, b], [Operand("complex64", y_shape)])


@st.composite
def fractions(draw: Any, kind: str) -> OneOp:
    """int16 times int16 with 8-bit output."""
    shape = draw(shapes(0, 4))
    a, b = draw(operands("int16", shape)), draw(operands("int16", shape))
    y = Operand(kind, shape, None, draw(scales()), draw(zero_points(kind)))
    return one_op("MUL", MulOptions(fused_activation_function=draw(ACTIVATIONS)), [a, b], [y])


@st.composite
def extreme(draw: Any, op: str, kind: str) -> OneOp:
    """Operands of MAXIMUM or MINIMUM, with scales where the type has them."""
    a_shape, b_shape, y_shape = draw(stretched())
    a, b = (Operand(kind, shape, draw(values(kind, shape, subnormal=True))) for shape in (a_shape, b_shape))
    if kind in QUANTIZED:
        fields = {"scale": draw(scales()), "zero_point": draw(zero_points(kind))}
        a, b = a._replace(**fields), b._replace(**fields)
    return one_op(op, None, [a, b], [Operand(kind, y_shape, None, a.scale, a.zero_point)])


def _cases(op: str, plain_types: tuple[str, ...]) -> tuple[Case, ...]:
    int16 = [general(op, "int16"), powers_of_two(op)] + ([plain(op, "int16")] if "int16" in plain_types else [])
    return (
        Case(op, "int8", general(op, "int8")),
        Case(op, "uint8", general(op, "uint8")),
        Case(op, "int16", st.one_of(int16)),
        *(Case(op, kind, plain(op, kind)) for kind in plain_types if kind != "int16"),
    )


EXTREME_TYPES = ("float32", "float16", "int8", "uint8", "int16", "int32", "int64")
CASES = (
    *_cases("ADD", ("float32", "float16", "int16", "int32", "int64")),
    *_cases("SUB", ("float32", "int32", "int64")),
    Case("MUL", "int8", product("int8")),
    Case("MUL", "uint8", product("uint8")),
    Case("MUL", "int16", st.one_of(product("int16"), product("int16"), plain("MUL", "int16"))),
    Case("MUL", "complex64", complex_product()),
    Case("MUL", "int16 int16 -> int8", fractions("int8")),
    Case("MUL", "int16 int16 -> uint8", fractions("uint8")),
    *(Case("MUL", kind, plain("MUL", kind)) for kind in ("float32", "float16", "int32", "uint32", "int64")),
    *(Case(op, kind, extreme(op, kind), share=0.3) for op in ("MAXIMUM", "MINIMUM") for kind in EXTREME_TYPES),
)

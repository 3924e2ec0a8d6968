"""MEAN, SUM, REDUCE_*: every type, any axes (negative, repeated, none, all), constant or not, keep_dims."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.arithmetic import ReducerOptions

from .case import Case, OneOp, Operand, one_op
from .strategies import SIZES, operands, scales, zero_points


@st.composite
def axes(draw: Any, rank: int) -> Operand:
    """Axes of a tensor of `rank` dimensions."""
    values = draw(st.lists(st.integers(-rank, rank - 1), max_size=rank + 1))
    return Operand("int32", (len(values),), np.array(values), constant=draw(st.booleans()))


@st.composite
def mean(draw: Any, kind: str) -> OneOp:
    x, which, options, shape = draw(st.one_of(reduction(kind, empty=False), pooled_image(kind)))
    y = Operand(kind, shape)
    if x.scale is not None:
        ratio = draw(scales(1e-2, 4.0))
        y = y._replace(scale=np.float32(x.scale * ratio), zero_point=draw(zero_points(kind)))
    return one_op("MEAN", options, [x, which], [y], version=3)


@st.composite
def pooled_image(draw: Any, kind: str) -> Any:
    """An image reduced over its rows and columns, with fewer channels than a vector block has, and with more."""
    n, h, w, c = draw(st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(1, 4), st.integers(1, 36)))
    x = draw(operands(kind, (n, h, w, c)))
    axes = np.array(draw(st.sampled_from([[1, 2], [2, 1], [-2, -3]])))
    return x, Operand("int32", (2,), axes, constant=draw(st.booleans())), ReducerOptions(keep_dims=True), (n, 1, 1, c)


@st.composite
def reduction(draw: Any, kind: str, empty: bool = True) -> Any:
    """x, axes, options and the output's shape."""
    small = st.lists(st.sampled_from([1, 2, 3, 4, 2, 3, 0] if empty else [1, 2, 3, 4]), min_size=1, max_size=5)
    shape = tuple(
        draw(
            st.one_of(
                small, small, st.tuples(st.integers(1, 300), st.integers(1, 2)), st.tuples(SIZES, st.integers(1, 80))
            )
        )
    )
    x = draw(operands(kind, shape))
    which = draw(axes(len(shape)))
    keep = draw(st.booleans())
    gone = {axis % len(shape) for axis in which.data.tolist()}
    kept = [1 if axis in gone else length for axis, length in enumerate(shape) if keep or axis not in gone]
    return x, which, ReducerOptions(keep_dims=keep), tuple(kept)


@st.composite
def total(draw: Any, kind: str) -> OneOp:
    x, which, options, shape = draw(reduction(kind, empty=kind not in ("int8", "uint8", "int16")))
    y = Operand(kind, shape)
    if x.scale is not None:
        ratio = draw(scales(1e-2, 4.0)) * draw(st.sampled_from([1, 8, 64]))
        y = y._replace(scale=np.float32(x.scale * ratio), zero_point=draw(zero_points(kind)))
    return one_op("SUM", options, [_special(draw, x), which], [y], version=2)


def _special(draw: Any, x: Operand) -> Operand:
    """Floats here and there replaced by NaN, infinities and -0."""
    if x.type != "float32" or draw(st.booleans()):
        return x
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    special = generator.choice(np.array([np.nan, np.inf, -np.inf, -0.0, 0.0], np.float32), x.shape)
    return x._replace(data=np.where(generator.random(x.shape) < draw(st.sampled_from([0.1, 0.6, 1])), special, x.data))


@st.composite
def extreme(draw: Any, op: str, kind: str, special: bool = True) -> OneOp:
    x, which, options, shape = draw(reduction(kind))
    y = Operand(kind, shape, scale=x.scale, zero_point=x.zero_point)
    x = _special(draw, x) if special else x
    return one_op(op, options, [x, which], [y], version=1 if kind == "bool" else 2)


@st.composite
def product(draw: Any, kind: str) -> OneOp:
    with_scale = kind in ("int8", "int16") and draw(st.integers(0, 3)) > 0
    x, which, options, shape = draw(reduction(kind, empty=not with_scale))
    x = x._replace(scale=None, zero_point=None)
    y = Operand(kind, shape)
    if with_scale:
        count = max(x.data.size // max(int(np.prod(shape)), 1), 1)
        x = x._replace(scale=draw(scales(2.0**-6, 4.0)), zero_point=draw(zero_points(kind)))
        if count > 1:  # products of typical elements come out within the codes of y
            typical = float(np.exp(np.log(np.abs(x.data - x.zero_point * 1.0) + 1).mean()))
            log_scale = count * np.log(x.scale * typical) - np.log(draw(st.sampled_from([10, 100])))
            y_scale = np.exp(np.clip(log_scale, -60, 60)) * draw(scales(0.25, 4.0))
        else:
            y_scale = x.scale * draw(scales(2.0**-6, 4.0))
        y = y._replace(scale=np.float32(y_scale), zero_point=draw(zero_points(kind)))
    return one_op("REDUCE_PROD", options, [_special(draw, x), which], [y], version=2)


KINDS = ("float32", "int32", "int64", "int8", "uint8", "int16")
REINTERPRETED = "the reference kernel takes the bytes for uint8 codes"
REFUSED = "LiteRT refuses bool, but where no axis of more than one element is reduced; there the bits are equal"
NO_BOOL = {"optimized": REFUSED, "xnnpack": REFUSED}
ORDERS = {"optimized": None, "xnnpack": 1e-5}  # sums in the order of the processor's vectors
WHICH_NAN = "whether NaN or a number is kept depends on the processor's vectors; of 35,000 elements, 6 differed"
WITH_NAN = {"optimized": None, "xnnpack": WHICH_NAN}
EXTREMES = ("REDUCE_MAX", "REDUCE_MIN")
CASES = (
    Case("MEAN", "float32", mean("float32"), sets=ORDERS),
    *(Case("MEAN", kind, mean(kind)) for kind in KINDS[1:]),
    Case("SUM", "float32", total("float32"), sets={"optimized": None, "xnnpack": 1e-5}),
    Case("SUM", "bool", total("bool"), sets=NO_BOOL),
    *(Case("SUM", kind, total(kind)) for kind in ("int32", "int64", "uint8")),
    *(Case("SUM", kind, total(kind), resolver="optimized", deviation=REINTERPRETED) for kind in ("int8", "int16")),
    *(Case("REDUCE_PROD", kind, product(kind)) for kind in KINDS),
    Case("REDUCE_PROD", "bool", product("bool"), sets=NO_BOOL),
    *(Case(op, kind, extreme(op, kind)) for op in EXTREMES for kind in KINDS[1:]),
    *(Case(op, "bool", extreme(op, "bool"), sets=NO_BOOL) for op in EXTREMES),
    *(Case(op, "float32", extreme(op, "float32", special=False)) for op in EXTREMES),
    *(Case(op, "float32", extreme(op, "float32"), sets=WITH_NAN, variant="float") for op in EXTREMES),
    *(Case(op, "bool", extreme(op, "bool")) for op in ("REDUCE_ANY", "REDUCE_ALL")),
)

"""DILATE and REDUCE_WINDOW: every type, ranks 1 to 4, windows that do not fit, every function."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.stablehlo import DilateOptions, ReduceWindowOptions
from minilite.ops import dilate

from .case import Case, OneOp, Operand, one_op
from .strategies import arrays, shapes

ADD, MUL, MINIMUM, MAXIMUM, ALL, ANY = range(1, 7)


@st.composite
def dilated(draw: Any, kind: str) -> OneOp:
    shape = draw(shapes(1, 4, 4))
    steps = np.array([draw(st.sampled_from([1, 1, 2, 3])) for _ in shape], np.int32)
    given = [
        Operand(kind, shape, draw(arrays(kind, shape))),
        Operand("int32", steps.shape, steps, constant=draw(st.booleans())),
        Operand(kind, (), draw(arrays(kind, ())), constant=draw(st.booleans())),
    ]
    return one_op("DILATE", DilateOptions(), given, [Operand(kind, tuple((np.array(shape) - 1) * steps + 1))])


@st.composite
def reduced(draw: Any, kind: str) -> OneOp:
    """A truth value stays one, so ADD and MUL of them are left out."""
    shape = draw(shapes(1, 4, 6))
    window, strides, dilations = (
        np.array([draw(st.integers(1, largest)) for _ in shape]) for largest in (draw(st.sampled_from([2, 4])), 3, 2)
    )
    room = np.array(shape) - (window - 1) * dilations - 1
    output = np.where(room < 0, 0, room // strides + 1)
    functions = [MINIMUM, MAXIMUM, ALL, ANY] if kind == "bool" else [ADD, MUL, MINIMUM, MAXIMUM, ALL, ANY]
    x = np.asarray(draw(arrays(kind, shape)))
    if kind.startswith("float") and draw(st.booleans()):
        x = np.where(x > 6, np.array(np.nan, x.dtype), np.where(x < -6, -x * 0, x))
    given = [
        Operand(kind, shape, x),
        Operand(kind, (), draw(arrays(kind, ()))),
        *(Operand("int64", (len(shape),), numbers, constant=True) for numbers in (window, strides, dilations)),
    ]
    options = ReduceWindowOptions(reduce_function=draw(st.sampled_from(functions)))
    return one_op("REDUCE_WINDOW", options, given, [Operand(kind, tuple(int(n) for n in output))])


CASES = (
    *(Case("DILATE", types, dilated(types.split()[0]), share=0.2) for types in dilate.DILATED),
    *(Case("REDUCE_WINDOW", types, reduced(types.split()[0])) for types in dilate.REDUCED),
)

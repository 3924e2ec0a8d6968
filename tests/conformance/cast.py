"""CAST between all types that hold numbers."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.ops.element_types import PACKED

from .case import Case, OneOp, Operand, one_op
from .strategies import arrays, shapes

FLOATS = ("float16", "float32", "float64")
TYPES = (*FLOATS, "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64")
SHARE = 0.1  # 121 pairs of types, each example with many values


@st.composite
def cast(draw: Any, source: str, target: str) -> OneOp:
    shape = draw(st.one_of(shapes(0, 5, 6), st.just((0, 2))))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    data = draw(arrays(source, shape)) if source in PACKED else numbers(generator, np.dtype(source), shape)
    x = Operand(source, shape, data, constant=source == "int2")
    return one_op("CAST", None, [x], [Operand(target, shape)])


def numbers(generator: np.random.Generator, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Any:
    """Random bits, the neighbourhood of every integer type's limits, small fractions; NaN and infinities of floats."""
    size = int(np.prod(shape))
    if dtype.kind == "b":
        return generator.random(shape) < 0.5
    bits = np.frombuffer(generator.bytes(size * dtype.itemsize), dtype)
    powers = 2.0 ** generator.integers(0, 65, size) * generator.choice([-1.0, 1.0], size)
    near = powers + generator.choice([0.0, -1.0, 1.0, 0.5, -0.5, -1.5], size)
    small = generator.uniform(-300.0, 300.0, size)
    special = generator.choice([0.0, -0.0, np.inf, -np.inf, np.nan], size)
    chosen = np.choose(generator.integers(0, 3, size), [near, small, special])
    with np.errstate(all="ignore"):
        if dtype.kind != "f":
            limits = np.iinfo(dtype)
            chosen = np.clip(np.nan_to_num(chosen), float(limits.min), np.nextafter(float(limits.max), 0.0))
        return np.where(generator.random(size) < 0.3, bits, chosen.astype(dtype)).reshape(shape)


PAIRS = (
    *((source, target) for source in TYPES for target in TYPES),
    *(("float32", kind) for kind in PACKED),
    *((kind, "float32") for kind in PACKED),
)
CASES = tuple(Case("CAST", f"{source} -> {target}", cast(source, target), share=SHARE) for source, target in PAIRS)

"""What the cases draw from: shapes, values, scales, zero points."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from .case import Operand

CODES = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "int32": (-(2**31), 2**31 - 1)}
CODES |= {"int4": (-8, 7), "uint4": (0, 15), "int2": (-2, 1)}
IN_MEMORY = {"int4": "int8", "uint4": "uint8", "int2": "int8"}  # NumPy has no smaller types
SIZES = st.integers(1, 6)
ACTIVATIONS = st.sampled_from([0, 1, 2, 3])  # NONE, RELU, RELU_N1_TO_1, RELU6
TIE_RATIOS = [0.5, 1.5, 0.75, 0.25, 1.25, 2.5, 0.375, 0.0625, 3.0, 1.0]


def shapes(low: int = 1, high: int = 4, largest: int = 5) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of `low` to `high` dimensions of 1 to `largest`."""
    return st.lists(st.integers(1, largest), min_size=low, max_size=high).map(tuple)


def scales(low: float = 1e-3, high: float = 2.0) -> st.SearchStrategy[float]:
    """float32 scales from three pools: random, powers of two, and simple ratios, which make exact ties."""
    powers = st.integers(math.ceil(math.log2(low)), math.floor(math.log2(high))).map(lambda power: 2.0**power)
    ratios = [ratio for ratio in TIE_RATIOS if low <= ratio <= high]
    uniform = st.floats(math.log(low), math.log(high)).map(lambda x: float(np.float32(math.exp(x))))
    return st.one_of(uniform, powers, *([st.sampled_from(ratios)] if ratios else []))


def zero_points(kind: str) -> st.SearchStrategy[int]:
    """Zero points of a type, often in the middle or at a rail; 0 for int16, which is symmetric."""
    if kind == "int16":
        return st.just(0)
    low, high = CODES[kind]
    return st.one_of(st.integers(low, high), st.sampled_from([low, high, (low + high + 1) // 2]))


@st.composite
def arrays(draw: Any, kind: str, shape: tuple[int, ...], low: float = -8.0, high: float = 8.0) -> Any:
    """Values of a type: integers over all codes, rails included; floats between `low` and `high`, zeros included.

    The bulk comes from a seeded generator, which shrinks badly but is fast and never lacks variety.
    """
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if kind.startswith("float"):
        values = generator.uniform(low, high, shape).astype(kind)
        return np.where(generator.random(shape) < 0.05, np.float32(0), values).astype(kind)
    if kind == "bool":
        return generator.random(shape) < 0.5
    bounds = CODES.get(kind, (-1000, 1000))
    values = generator.integers(bounds[0], bounds[1] + 1, shape)
    at_rail = generator.random(shape) < 0.05
    return np.where(at_rail, generator.choice(np.array(bounds), shape), values).astype(IN_MEMORY.get(kind, kind))


@st.composite
def operands(draw: Any, kind: str, shape: tuple[int, ...], **fields: Any) -> Operand:
    """An activation of `kind`, with a scale and zero point when its type is quantized (int8, uint8, int16)."""
    data = draw(arrays(kind, shape))
    if kind in ("int8", "uint8", "int16"):
        fields = {"scale": draw(scales()), "zero_point": draw(zero_points(kind)), **fields}
    return Operand(kind, shape, data, **{"constant": kind == "int2", **fields})  # LiteRT takes int2 in files only


@st.composite
def elements(draw: Any, kind: str, shape: tuple[int, ...]) -> Operand:
    """An operand of any type, strings included; strings only as data of the file's inputs."""
    if kind != "string":
        return draw(operands(kind, shape))
    words = np.empty(shape, object)
    words.ravel()[:] = [b"w" * (number % 5) + bytes([65 + number % 26]) for number in range(words.size)]
    return Operand(kind, shape, words)

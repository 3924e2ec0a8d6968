"""RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL, MULTINOMIAL, STABLEHLO_RNG_BIT_GENERATOR, all with a seed or a state.

LiteRT writes normal numbers in pairs, one too many for an odd count, so the counts drawn are even.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from minilite.format.options.arithmetic import RandomOptions
from minilite.format.options.stablehlo import StablehloRngBitGeneratorOptions
from minilite.ops.random_bits import STATES, TYPES

from .case import Case, OneOp, Operand, one_op
from .strategies import arrays, shapes

SEEDS = st.one_of(st.integers(-5, 5), st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1))
FEW = 0.5  # of the examples, where the values drawn matter little


@st.composite
def drawn(draw: Any, op: str) -> OneOp:
    shape = draw(shapes(1, 4, 6))
    shape = shape if op == "RANDOM_UNIFORM" else (*shape, 2)
    if op == "RANDOM_UNIFORM" and draw(st.integers(0, 9)) == 0:
        shape = (*shape, 0)
    value = Operand("int32", (len(shape),), np.array(shape), constant=draw(st.booleans()))
    return one_op(op, options(draw), [value], [Operand("float32", shape)])


def options(draw: Any) -> RandomOptions:
    seed, second = draw(SEEDS), draw(SEEDS)
    return RandomOptions(seed=seed if seed % 2**32 or second % 2**32 else 1, seed2=second)


@st.composite
def multinomial(draw: Any, types: str) -> OneOp:
    batch, classes, samples = draw(st.integers(1, 4)), draw(st.integers(1, 7)), draw(st.integers(0, 9))
    x = draw(arrays("float32", (batch, classes)))
    odd = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = np.where(odd.random(x.shape) < 0.05, odd.choice([np.inf, -np.inf, np.nan], x.shape), x)
    inputs = [
        Operand("float32", x.shape, x, constant=draw(st.booleans())),
        Operand("int32", (), np.array(samples), constant=draw(st.booleans())),
    ]
    return one_op("MULTINOMIAL", options(draw), inputs, [Operand(types.split()[-1], (batch, samples))])


@st.composite
def bits(draw: Any, types: str) -> OneOp:
    algorithm = draw(st.sampled_from(sorted(STATES)))
    words = st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 2**64 - 1, 2**32 - 1]))
    size = draw(st.sampled_from(STATES[algorithm]))
    state = np.array(draw(st.lists(words, min_size=size, max_size=size)), np.uint64)
    outputs = [Operand("uint64", (size,)), Operand(types.split()[-1], draw(shapes(1, 3, 5)))]
    options = StablehloRngBitGeneratorOptions(algorithm=algorithm)
    state_operand = Operand("uint64", (size,), state)
    return one_op("STABLEHLO_RNG_BIT_GENERATOR", options, [state_operand], outputs)


CASES = (
    Case("RANDOM_UNIFORM", "-> float32", drawn("RANDOM_UNIFORM")),
    Case("RANDOM_STANDARD_NORMAL", "-> float32", drawn("RANDOM_STANDARD_NORMAL")),
    *(Case("MULTINOMIAL", f"float32 -> {kind}", multinomial(f"-> {kind}")) for kind in ("int32", "int64")),
    *(Case("STABLEHLO_RNG_BIT_GENERATOR", f"uint64 -> uint64 {kind}", bits(kind), share=FEW) for kind in TYPES),
)

"""STABLEHLO_RNG_BIT_GENERATOR:  y = random bits, key = the state for the next call

The state holds a key of two 32-bit words and a counter. THREEFRY has a counter of two words, PHILOX and DEFAULT have
one of four, whose second half is the key again where the state is too short for it. Of the counter, only the first
two words are counted up.

Follows tflite/kernels/rng_bit_generator.cc and rng_util.cc.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from minilite.format.options.stablehlo import StablehloRngBitGeneratorOptions
from minilite.numerics.random import counters, philox, threefry

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape

DEFAULT, PHILOX, THREEFRY = 0, 1, 2  # RngAlgorithm
STATES = {DEFAULT: (2, 3), PHILOX: (2, 3), THREEFRY: (2,)}
TYPES = ("int32", "int64", "uint32", "uint64")


class Plan(NamedTuple):
    """The constants of a node."""

    algorithm: int
    shape: Shape
    dtype: np.dtype[np.generic]


def plan(call: Call[StablehloRngBitGeneratorOptions]) -> Plan:
    algorithm, state = call.options.algorithm, call["state"].shape
    call.require(algorithm in STATES, f"option algorithm is {algorithm}, expected {min(STATES)} to {max(STATES)}")
    sizes = STATES[algorithm]
    fits = len(state) == 1 and state[0] in sizes
    call.require(fits, f"a state of {' or '.join(map(str, sizes))} numbers expected, its shape is {list(state)}")
    return Plan(algorithm, call["y"].shape, call["y"].dtype)


def generate(plan: Plan, state: Array) -> tuple[Array, Array]:
    words = [int(word) for word in np.ascontiguousarray(state, "<u8").view("<u4")]
    key, start = (words[0], words[1]), words[2] | words[3] << 32
    needed = int(np.prod(plan.shape, dtype=np.int64)) * plan.dtype.itemsize // 4
    size = 2 if plan.algorithm == THREEFRY else 4
    count = -(-needed // size)
    low, high = counters(start, count, 64)
    if plan.algorithm == THREEFRY:
        blocks = threefry(key, [low, high])
    else:
        fixed = words[4:] or words[:2]
        blocks = philox(key, [low, high, *(np.full(count, word, np.uint64) for word in fixed)])
    bits = blocks.ravel()[:needed].astype("<u4").view(plan.dtype.newbyteorder("<")).astype(plan.dtype)
    following = state.copy()
    following[1] = (start + count) % (1 << 64)
    return following, bits.reshape(plan.shape)


def shapes(call: Call[StablehloRngBitGeneratorOptions]) -> Sequence[Shape]:
    return [call["state"].shape, call["y"].tensor.shape]


OPS = (
    Op(
        "STABLEHLO_RNG_BIT_GENERATOR",
        "state[...] -> key[...] y[...]",
        StablehloRngBitGeneratorOptions,
        (Variant("bits", tuple(f"uint64 -> uint64 {kind}" for kind in TYPES), plan, generate),),
        shapes,
    ),
)

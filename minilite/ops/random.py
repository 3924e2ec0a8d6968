"""RANDOM_UNIFORM:          y = random numbers of 0 <= y < 1
RANDOM_STANDARD_NORMAL:  y = random numbers of the standard normal distribution, float32
MULTINOMIAL:             y[n, s] = the class hit at random, when each has a share exp(x[n, class]) of a line

The numbers come from the Philox generator: its key is the option `seed`, its counter begins at 2**64 * `seed2` and
lives in the State, so every run goes on where the last one ended. Of a seed only 32 bits count, with their sign. With
both seeds 0 the generator begins at random, in LiteRT as well: then no two runs are alike. MULTINOMIAL skips 512 blocks
for each sample, rounded up to four.

Follows tflite/kernels/random_ops.cc, and xla/tsl/lib/random for the numbers.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.arithmetic import RandomOptions
from minilite.graph import Node
from minilite.numerics import libm
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.random import Words, counters, normal, philox, uniform, uniform64

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape
from .state import State

BLOCK = 4  # words
COUNTER_BITS = 128
SKIPPED = 512  # blocks for each sample of MULTINOMIAL


@dataclass
class Generator:
    """A Philox generator: its key and where its counter stands, and the node it belongs to."""

    node: Node
    key: tuple[int, int]
    counter: int

    def blocks(self, count: int) -> Words:
        """The next blocks of four words, uint64 [count, 4]."""
        made = philox(self.key, counters(self.counter, count, COUNTER_BITS))
        self.counter += count
        return made


class Plan(NamedTuple):
    """The constants of a node. The node stands for its generator in the State."""

    node: Node
    seeds: tuple[int, int]
    shape: Shape
    dtype: np.dtype[Any]


def plan(call: Call[RandomOptions]) -> Plan:
    seeds = (int(wrap_int32(np.int64(seed))) for seed in (call.options.seed, call.options.seed2))
    return Plan(call.node, (next(seeds), next(seeds)), call["y"].shape, call["y"].dtype)


def generator_of(plan: Plan, state: State) -> Generator:
    """The generator of a node, made when the node first runs with this state."""
    key = id(plan.node)
    if key not in state.generators:
        seed, second = plan.seeds if any(plan.seeds) else (secrets.randbits(64), secrets.randbits(64))
        words = seed % 2**32, seed // 2**32 % 2**32
        state.generators[key] = Generator(plan.node, words, second % (1 << 64) << 64)
    generator: Generator = state.generators[key]
    return generator


def random_uniform(plan: Plan, state: State) -> Array:
    needed = int(np.prod(plan.shape, dtype=np.int64))
    words = generator_of(plan, state).blocks(-(-needed // BLOCK)).ravel()[:needed]
    return uniform(words).reshape(plan.shape)


def random_normal(plan: Plan, state: State) -> Array:
    needed = int(np.prod(plan.shape, dtype=np.int64))
    words = generator_of(plan, state).blocks(-(-needed // BLOCK)).ravel()
    return np.stack(normal(words[::2], words[1::2]), axis=1).ravel()[:needed].reshape(plan.shape)


def multinomial(plan: Plan, state: State, x: Array) -> Array:
    batch, samples = plan.shape
    generator = generator_of(plan, state)
    start = generator.counter
    pairs = generator.blocks(-(-batch * samples * 2 // BLOCK)).reshape(-1, 2)[: batch * samples]
    generator.counter = start + batch * (-(-samples // 4) * 4) * SKIPPED
    hits = uniform64(np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])).reshape(batch, samples)
    y = np.empty(plan.shape, plan.dtype)
    for row, hit, made in zip(x, hits, y, strict=True):
        line = cumulative(row)
        made[:] = np.searchsorted(line, hit * line[-1], side="right")
    return y


def cumulative(row: Array) -> Array:
    """Sums of exp(x - largest) up to each class, float64; a class that is not finite adds nothing."""
    finite = np.isfinite(row)
    largest = row[finite].max(initial=np.finfo(np.float32).min)
    shares = np.where(finite, libm.exp(np.where(finite, row, largest).astype(np.float64) - np.float64(largest)), 0.0)
    return np.add.accumulate(shares)


def drawn_shapes(call: Call[RandomOptions]) -> Sequence[Shape]:
    shape = call.integers("shape", ("int32",))
    call.require_value("shape", all(length >= 0 for length in shape), f"the shape would be {list(shape)}")
    return [shape]


def multinomial_shapes(call: Call[RandomOptions]) -> Sequence[Shape]:
    batch, classes = call["x"].shape
    (samples,) = call.integers("samples", ("int32",)) if call["samples"].shape in ((), (1,)) else (-1,)
    call.require_value("samples", samples >= 0, "one number of samples expected, 0 or more")
    call.require(classes > 0, "there are no classes")
    return [(batch, samples)]


def _drawn(code: str, kernel: Any) -> Op:
    variants = (Variant("random", ("-> float32",), plan, kernel),)
    return Op(code, "shape=int[r] -> y[...]", RandomOptions, variants, drawn_shapes, uses_state=True)


OPS = (
    _drawn("RANDOM_UNIFORM", random_uniform),
    _drawn("RANDOM_STANDARD_NORMAL", random_normal),
    Op(
        "MULTINOMIAL",
        "x[n,c] samples=int[...] -> y[...]",
        RandomOptions,
        (Variant("random", ("float32 -> int32", "float32 -> int64"), plan, multinomial),),
        multinomial_shapes,
        uses_state=True,
    ),
)

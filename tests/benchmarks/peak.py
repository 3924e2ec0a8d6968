"""How near products of codes come to what the CPU's multiplying instruction can do.

    python -m tests.benchmarks.peak

First the peak: sums in as many registers as a block has, nothing loaded. Then, for some shapes of matrix products, int8
with its rescaling to codes, the best of many runs, in multiply-accumulates a second and as a share of the peak.
"""

from time import perf_counter
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from minilite.fast.lowered.llvm import I64, SUMS, WEIGHTS, count_up, splat
from minilite.fast.lowered.ways import way
from minilite.fast.products import POINT, Problem, make_loop
from minilite.fast.twins import bytes_of
from minilite.numerics.affine import Range
from minilite.numerics.jit import compiled
from minilite.numerics.rescale import make_rescale

STEPS, RUNS = 200_000, 30
SHAPES = ((294, 512, 512), (3136, 64, 256), (784, 128, 512), (49, 960, 320), (12544, 32, 16), (1, 640, 128))


@intrinsic
def multiply(typing: Any, steps: Any, seed: Any) -> Any:
    """The sum of all lanes after `steps` times rows * vectors of a way's instruction on registers."""
    signature = types.int64(types.int64, types.int64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        steps, seed = arguments
        best = way()
        one = ir.Constant(WEIGHTS, ir.Undefined)
        number = builder.trunc(seed, WEIGHTS.element)
        for lane in range(WEIGHTS.count):
            one = builder.insert_element(one, number, ir.Constant(ir.IntType(32), lane))
        start = best.begin(builder, builder.bitcast(one, SUMS))

        factors = [builder.xor(one, ir.Constant(WEIGHTS, [v] * WEIGHTS.count)) for v in range(best.vectors)]

        def step(k: Any, sums: list[Any]) -> list[Any]:
            added = []
            for r in range(best.rows):  # no product is the same as another
                number = builder.trunc(builder.add(k, I64(r)), WEIGHTS.element)
                codes = builder.xor(one, splat(builder, number, WEIGHTS.count))
                row = sums[r * best.vectors : (r + 1) * best.vectors]
                added += [best.add(builder, total, codes, w) for total, w in zip(row, factors, strict=True)]
            return added

        sums = [best.end(builder, each) for each in count_up(builder, steps, [start] * best.rows * best.vectors, step)]
        total = I64(0)
        for each in sums:
            total = builder.add(total, builder.sext(builder.extract_element(each, I64(0)), I64))
        return total

    return signature, generate


@numba.njit
def multiply_on_registers(steps: int, seed: int) -> Any:
    """`multiply`, to be called from Python."""
    return multiply(steps, seed)


def best_seconds(call: Any, runs: int = RUNS) -> float:
    """The shortest of some runs, after one that compiles."""
    call()
    seconds = []
    for _ in range(runs):
        begin = perf_counter()
        call()
        seconds.append(perf_counter() - begin)
    return min(seconds)


def peak() -> float:
    """Multiply-accumulates a second, of one core."""
    macs = STEPS * way().rows * way().vectors * WEIGHTS.count
    return macs / best_seconds(lambda: multiply_on_registers(STEPS, 3))


def product_rate(m: int, k: int, n: int) -> float:
    """Multiply-accumulates a second of an int8 product [m,k] by [k,n], codes to codes."""
    random = np.random.default_rng(0)
    x, w = (random.integers(-128, 128, size).astype(np.int8) for size in ((m, k), (n, k)))
    rescale = make_rescale("double", random.uniform(1e-4, 1e-3, n))
    windows = POINT, POINT._replace(output=m)
    problem = Problem((1, 1, m, k), windows, w[:, None], None, (3, 0, -5), rescale, Range(-128, 127))
    loop = make_loop(problem, (0,), (m, n), np.dtype(np.int8))
    function, scratch = compiled(loop.function.__wrapped__), np.empty(loop.scratch, np.uint8)
    x_bytes, y = bytes_of(x), np.empty(m * n, np.uint8)
    repeat = max(1, 10_000_000 // (m * k * n))

    def call() -> None:
        for _ in range(repeat):
            function(x_bytes, x_bytes, y, scratch, loop.constants, loop.numbers)

    return repeat * m * k * n / best_seconds(call)


if __name__ == "__main__":
    limit = peak()
    print(f"{way().name}: {limit / 1e9:.0f} G multiply-accumulates a second on registers")
    for shape in SHAPES:
        rate = product_rate(*shape)
        print(f"{' x '.join(map(str, shape)):>16} {rate / 1e9:6.0f} G/s {rate / limit:5.0%}")

"""Products of 8-bit codes against NumPy, with sizes below, at and beyond a block, on every path of this CPU."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.fast.products import POINT, Problem, make_loop
from minilite.numerics.affine import Range
from minilite.numerics.fixed_point import wrap_int32
from minilite.numerics.rescale import make_rescale
from tests.house.sources import ROOT

pytest.importorskip("numba", reason="numba is not installed")
from minilite.fast.lowered.ways import ways, ways_with

OLDER = "+fma,+bmi,+bmi2,+f16c,+lzcnt,+popcnt,+avx2"
MACHINES = {  # that have a path as their best: without larger registers, more of them, and stores of some bytes
    "avx2": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": OLDER},
    "avx-vnni": {"NUMBA_CPU_NAME": "alderlake", "NUMBA_CPU_FEATURES": f"{OLDER},+avxvnni"},
}


@settings(max_examples=60)
@given(
    st.sampled_from([np.int8, np.uint8]),
    st.tuples(st.integers(1, 14), st.integers(1, 70), st.integers(1, 150)),
    st.sampled_from(["double", "half-up", "single", "float64-away", "float32-even"]),
    st.integers(0, 999),
)
def test_product_equals_numpy(dtype: type, sizes: tuple[int, int, int], rule: str, seed: int) -> None:
    generator, limits = np.random.default_rng(seed), np.iinfo(dtype)
    m, k, n = sizes
    x, w = (generator.integers(limits.min, limits.max + 1, shape).astype(dtype) for shape in ((m, k), (n, k)))
    zeros = tuple(generator.integers(limits.min, limits.max + 1, 3).tolist())
    bias = generator.integers(-(2**31), 2**31, n) >> generator.integers(0, 20)
    rescale = make_rescale(rule, generator.uniform(1e-5, generator.choice([1e-3, 0.9, 5]), n))
    accumulators = wrap_int32((x.astype(np.int64) - zeros[0]) @ (w.astype(np.int64) - zeros[1]).T + bias)
    expected = np.clip(rescale(accumulators) + zeros[2], limits.min, limits.max)
    windows = POINT, POINT._replace(output=m)
    problem = Problem((1, 1, m, k), windows, w[:, None], bias, zeros, rescale, Range(limits.min, limits.max))
    loop = make_loop(problem, (0,), (m, n), np.dtype(dtype))
    assert np.array_equal(loop.run([x])[0], expected)


@pytest.mark.skipif("MINILITE_CPU" in os.environ, reason="another CPU's path")
@pytest.mark.parametrize("setting", [*(f"MINILITE_CPU={name}" for name in list(ways())[1:]), "NUMBA_DISABLE_JIT=1"])
def test_other_paths_give_the_same_bits(setting: str) -> None:
    name, value = setting.split("=")
    folder = Path(__file__).parent
    tests = [f"{folder / 'test_products.py'}::test_product_equals_numpy", str(folder / "test_windows.py")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "MINILITE_CPU": "generic", name: value, **MACHINES.get(value, {})}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("features", "best"),
    [
        ("sse2", "generic"),
        ("avx avx2 fma", "avx2"),
        ("avx2 avx512f avx512bw avx512vl", "avx2"),
        ("avx2 avxvnni", "avx-vnni"),
        ("avx2 avxvnni avx512f avx512bw avx512vl avx512vnni", "avx512-vnni"),
        ("neon dotprod i8mm", "arm-i8mm"),
    ],
)
def test_the_best_path_of_a_cpu(features: str, best: str) -> None:
    assert next(iter(ways_with(features.split()))) == best


def test_an_unknown_path_is_refused() -> None:
    code = "from minilite.fast.lowered.ways import way; way()"
    environment = {**os.environ, "MINILITE_CPU": "abacus"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert "MINILITE_CPU is 'abacus', this CPU can be one of" in done.stderr

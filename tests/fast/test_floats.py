"""Float convolutions: the same bits as the definitions, whatever the sizes and values; no product fused with a sum."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minilite.format.options.convolution import Conv2DOptions, DepthwiseConv2DOptions
from tests.conformance.case import OneOp, Operand, one_op
from tests.house.sources import ROOT

from .test_windows import CHANNELS, SIZES, assert_engines_agree

pytest.importorskip("numba", reason="numba is not installed")
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e38, 1e-45], np.float32)


@st.composite
def convolution(draw: st.DrawFn) -> OneOp:
    is_depthwise, random = draw(st.booleans()), np.random.default_rng(draw(st.integers(0, 999)))
    channels = draw(CHANNELS)
    units = channels if is_depthwise else draw(CHANNELS)
    shape = (draw(st.integers(1, 2)), draw(SIZES), draw(SIZES), channels)
    taps = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    w_shape = (1, *taps, units) if is_depthwise else (units, *taps, channels)
    stride, dilation = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    settings = {"padding": 0, "stride_w": stride, "stride_h": stride}
    settings |= {"dilation_w_factor": dilation, "dilation_h_factor": dilation}
    settings |= {"fused_activation_function": draw(st.sampled_from([0, 1, 3]))}
    options = DepthwiseConv2DOptions(**settings, depth_multiplier=1) if is_depthwise else Conv2DOptions(**settings)
    values, weights = (random.normal(size=size).astype(np.float32) for size in (shape, w_shape))
    for array in (values, weights):
        if draw(st.integers(0, 3)) == 0:
            array.reshape(-1)[random.integers(0, array.size, 3)] = random.choice(SPECIAL, 3)
    x, w = Operand("float32", shape, values), Operand("float32", w_shape, weights, constant=True)
    b = Operand("float32", (units,), random.normal(size=units).astype(np.float32), constant=True)
    output = (shape[0], -(-shape[1] // stride), -(-shape[2] // stride), units)
    y = Operand("float32", output, None)
    return one_op("DEPTHWISE_CONV_2D" if is_depthwise else "CONV_2D", options, [x, w, b], [y])


@settings(max_examples=120)
@given(convolution())
def test_convolutions(example: OneOp) -> None:
    assert_engines_agree(example)


ASSEMBLY = """
import numpy as np
from minilite.fast import float_elements, float_pooling, float_products, float_rows
from minilite.numerics.jit import compiled, machine_code
arrays = (*[np.zeros(0, np.uint8)] * 5, np.zeros(0, np.int64))
loops = float_elements.pairs_loop, float_pooling.floats_loop, float_rows.softmax_loop, float_products.products_loop
for loop in loops:
    machine_code(loop, arrays)
    print(*compiled(loop.__wrapped__).inspect_asm().values())
"""


def test_no_product_is_fused_with_a_sum(tmp_path: Path) -> None:
    """In the assembly, which only code that was just compiled has."""
    environment = {**os.environ, "MINILITE_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", ASSEMBLY]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"\bv?mulps|\bfmul", done.stdout)
    assert not re.search(r"\bvfn?m(add|sub)|\bfn?m(la|ls|add|sub)\b", done.stdout)

"""No compiled loop fuses a product with a sum: that would leave out a rounding which the definitions have."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minilite.fast.calls import run_calls
from minilite.numerics.jit import KERNELS, compiled, machine_code

pytest.importorskip("numba", reason="numba is not installed")
import numba

from minilite.fast.lowered.llvm import features
from minilite.fast.warmup import LOOP

XNNPACK = "XNNPACK fuses each product with its sum, and so does the definition"
FUSED = dict.fromkeys(("batch_matmul.fused_loop", "float_products.fused_products_loop", "fused.fused_loop"), XNNPACK)
FUSED_INSTRUCTION = re.compile(r"\bvfn?m(add|sub)|\bfn?m(la|ls|add|sub)\b")

BYTES, NUMBERS = np.zeros(0, np.uint8), np.zeros(0, np.int64)
WINDOW, THREE, RANGE = (0,) * 5, (0,) * 3, (0,) * 2
SCALING = 0, NUMBERS, NUMBERS, np.zeros(0)
LIMITS = np.float32(0), np.float32(0)


def real(dimensions: int) -> Any:
    return np.zeros((0,) * dimensions, np.float32)


def whole(bits: int, dimensions: int) -> Any:
    return np.zeros((0,) * dimensions, f"int{bits}")


BIAS = whole(32, 1)
OTHERS = {  # kernels that do not take the six arrays, and what they take
    "add_sub.quantized_loop": (*[whole(16, 1)] * 3, THREE, 0, 0, RANGE, *SCALING),
    f"calls.{run_calls.__name__}": (whole(64, 3), 0, NUMBERS, 0),
    "conv_2d.floating_loop": (real(4), real(4), real(1), real(4), WINDOW, WINDOW, *LIMITS),
    "conv_2d.quantized_loop": (
        *(whole(16, 4), whole(16, 2), BIAS, whole(8, 4), whole(16, 3), WINDOW, WINDOW, False, THREE, *SCALING),
    ),
    "depthwise_conv_2d.quantized_loop": (
        *(whole(32, 4), whole(32, 3), BIAS, whole(8, 4), BIAS, WINDOW, WINDOW, THREE, *SCALING),
    ),
    "dequantize.channels_loop": (whole(8, 3), real(3), np.zeros(0), NUMBERS),
    "detection.detect_loop": (*[real(2)] * 3, np.zeros(0), real(1), real(2), NUMBERS, real(2), real(1), real(1)),
    "fully_connected.floating_loop": (real(2), real(2), real(1), real(2), *LIMITS),
    "fully_connected.quantized_loop": (whole(8, 2), whole(8, 2), BIAS, whole(8, 2), THREE, RANGE, False, *SCALING),
    "fused.fused_loop": (real(4), real(4), real(4), WINDOW, WINDOW, False, *LIMITS),
    "quantize.quantize_loop": (real(3), whole(8, 3), real(1), NUMBERS, RANGE),
}


def name_of(function: Callable[..., Any]) -> str:
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


OURS = {name_of(one): one for one in KERNELS if one.__module__.startswith("minilite.")}


def assembly_of(name: str) -> str:
    """What the CPU does, of a loop that adds floats and multiplies them; its code may have been compiled before."""
    function: Any = OURS[name]
    code = function.__wrapped__.__code__
    takes_arrays = code.co_varnames[: code.co_argcount][-len(LOOP) :] == LOOP
    assert takes_arrays or name in OTHERS, f"OTHERS does not say which arguments {name} takes"
    arguments = (*[BYTES] * 5, NUMBERS) if takes_arrays else OTHERS[name]
    machine_code(function, arguments)
    library = compiled(function.__wrapped__).overloads[tuple(map(numba.typeof, arguments))].library  # type: ignore[attr-defined]
    module = library._get_module_for_linking()
    words = set(re.findall(r"\b(fmul|fadd|fsub|fma|fmuladd)\b", str(module)))
    return "" if words <= {"fmul"} or words <= {"fadd", "fsub"} else str(library.codegen._tm.emit_assembly(module))


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="another CPU's path")
@pytest.mark.parametrize("name", sorted(OURS.keys() - FUSED))
def test_no_product_is_fused_with_a_sum(name: str) -> None:
    assert not FUSED_INSTRUCTION.search(assembly_of(name))


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="another CPU's path")
def test_fused_products_would_be_found() -> None:
    can_fuse = not features().isdisjoint({"fma", "neon"})
    assert [bool(FUSED_INSTRUCTION.search(assembly_of(name))) for name in FUSED] == [can_fuse] * len(FUSED)

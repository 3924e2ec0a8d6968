"""QUANTIZE and DEQUANTIZE: real values to codes, codes to codes, codes to real values; per tensor and per channel."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .arithmetic import close_scales, values
from .case import Case, OneOp, Operand, one_op
from .strategies import CODES, IN_MEMORY, arrays, scales, shapes, zero_points

REQUANTIZED = (
    *((x, y) for x in ("int8", "uint8") for y in ("int8", "uint8", "int16")),
    *(("int16", y) for y in ("int8", "int16", "int32")),
    *(("int32", y) for y in ("int8", "int16")),
)


@st.composite
def quantization(draw: Any, kind: str, shape: tuple[int, ...], per_channel: bool = True) -> dict[str, Any]:
    """Scale, zero point and axis of a tensor: one for all of it, or one per channel."""
    axes = [axis for axis, length in enumerate(shape) if length > 1]
    per_channel = per_channel and bool(axes) and 0 not in shape  # on empty tensors LiteRT reads what is not there
    if not per_channel or draw(st.booleans()):
        return {"scale": draw(scales()), "zero_point": draw(zero_points(kind))}
    axis = draw(st.sampled_from(axes))
    channels = range(shape[axis])
    scale = np.array([draw(scales()) for _ in channels], np.float32)
    zero_point = [draw(zero_points(kind)) for _ in channels]
    return {"scale": scale, "zero_point": np.array(zero_point), "axis": axis}


@st.composite
def real_values(draw: Any, shape: tuple[int, ...], y: Operand) -> Any:
    """Values all over the range of y and beyond, ties and their neighbours, numbers too large for 32 bits, NaN."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = np.float32(np.ravel(y.scale)[0])
    low, high = CODES[y.type]
    spread = (high - low) * 0.7
    ties = np.float32(generator.integers(-300, 300, shape) + 0.5) * scale
    beside = np.nextafter(ties, generator.choice(np.array([-np.inf, np.inf], np.float32), shape))
    anywhere = generator.uniform(-spread, spread, shape) * scale
    beyond = draw(values("float32", shape)) * np.float32(draw(st.sampled_from([1, 1e9, 1e30])))
    choice = generator.integers(0, 4 if draw(st.booleans()) else 3, shape)
    return np.choose(choice, [ties, beside, anywhere, beyond]).astype(np.float32)


@st.composite
def quantize(draw: Any, kind: str) -> OneOp:
    shape = draw(st.one_of(shapes(0, 5), st.just((0, 2))))
    y = Operand(kind, shape, None, **draw(quantization(kind, shape, per_channel=kind not in IN_MEMORY)))
    if kind == "int16" and draw(st.booleans()):
        y = y._replace(zero_point=np.full_like(np.atleast_1d(y.scale), draw(st.integers(-32768, 32767)), np.int64))
    return one_op("QUANTIZE", None, [Operand("float32", shape, draw(real_values(shape, y)))], [y])


@st.composite
def requantize(draw: Any, source: str, target: str) -> OneOp:
    shape = draw(shapes(0, 4))
    ends = {"int8": 0, "uint8": 128, "int16": 0, "int32": 0}
    x_zero, y_zero = (0 if kind == "int32" else draw(zero_points(kind)) for kind in (source, target))
    if "int32" in (source, target) or (source, target) in (("int16", "int8"), ("int8", "int16"), ("uint8", "int16")):
        x_zero, y_zero = draw(any_zero(source)), draw(any_zero(target))
    if draw(st.integers(0, 5)) == 0:
        x_zero, y_zero = ends[source], ends[target]
    x_scale = draw(scales())
    ratio = {"int32": 1e-5, "int16": 0.01}.get(source, 1.0) / {"int32": 1e-5, "int16": 0.01}.get(target, 1.0)
    y_scale = draw(close_scales(x_scale / ratio)) if draw(st.booleans()) else draw(close_scales(x_scale))
    if draw(st.integers(0, 9)) == 0 and "int32" not in (source, target):  # around the ratios the delegate takes
        y_scale = np.float32(x_scale * 2.0 ** draw(st.sampled_from([-8, -7, 8, 9])))
    x = Operand(source, shape, draw(near_codes(source, shape)), x_scale, x_zero)
    return one_op("QUANTIZE", None, [x], [Operand(target, shape, None, y_scale, y_zero)])


def any_zero(kind: str) -> st.SearchStrategy[int]:
    """Zero points of all integer types, also those that are usually symmetric."""
    low, high = CODES[kind]
    return st.one_of(st.just(0), st.integers(low, high), st.sampled_from([low, high]))


@st.composite
def near_codes(draw: Any, kind: str, shape: tuple[int, ...]) -> Any:
    """Codes of a type, all of them or small ones only."""
    array = draw(arrays(kind, shape))
    if kind == "int32" and draw(st.booleans()):
        array = np.asarray(array) % 4000 - 2000
    return np.asarray(array).astype(kind)


@st.composite
def dequantize(draw: Any, kind: str) -> OneOp:
    shape = draw(st.one_of(shapes(0, 5), st.just((0, 2)))) if kind not in IN_MEMORY else draw(shapes(0, 5))
    fields = {} if kind == "float16" else draw(quantization(kind, shape, per_channel=kind != "int16"))
    data = draw(values(kind, shape)) if kind == "float16" else draw(arrays(kind, shape))
    x = Operand(kind, shape, data, **fields)
    if kind in IN_MEMORY:  # constants that the delegate unpacks need a node that takes them, else LiteRT fails
        x = x._replace(constant=kind == "int2" or draw(st.booleans()))  # int2 LiteRT takes in files only
    return one_op("DEQUANTIZE", None, [x], [Operand("float32", shape)])


CASES = (
    *(Case("QUANTIZE", f"float32 -> {kind}", quantize(kind)) for kind in ("int8", "uint8", "int16", "int4", "uint4")),
    *(Case("QUANTIZE", f"{source} -> {target}", requantize(source, target)) for source, target in REQUANTIZED),
    *(Case("DEQUANTIZE", f"{kind} -> float32", dequantize(kind)) for kind in ("int8", "uint8", "int16", "float16")),
    *(Case("DEQUANTIZE", f"{kind} -> float32", dequantize(kind)) for kind in IN_MEMORY),
)

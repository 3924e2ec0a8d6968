"""The custom ops AudioSpectrogram, Mfcc, NumericVerify."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from .case import EXACT, Case, OneOp, Operand
from .custom import custom_op
from .strategies import arrays, operands, shapes


@st.composite
def spectrogram(draw: Any) -> OneOp:
    size, stride = draw(st.integers(2, 40)), draw(st.integers(1, 20))
    samples, channels = draw(st.integers(1, 100)), draw(st.integers(1, 3))
    options = {"window_size": size, "stride": stride}
    if draw(st.booleans()):
        options["magnitude_squared"] = draw(st.booleans())
    frequencies = (1 << (size - 1).bit_length()) // 2 + 1
    steps = (samples - size) // stride + 1 if samples >= size else 0
    x = Operand("float32", (samples, channels), draw(arrays("float32", (samples, channels))))
    return custom_op("AudioSpectrogram", options, [x], [Operand("float32", (channels, steps, frequencies))])


@st.composite
def mfcc(draw: Any) -> OneOp:
    bands = draw(st.integers(1, 40))
    count, lower = draw(st.integers(1, bands)), draw(st.integers(0, 400))
    shape = (draw(st.integers(1, 2)), draw(st.integers(1, 4)), draw(st.integers(2, 129)))
    options = {
        "upper_frequency_limit": lower + draw(st.integers(1, 4000)),
        "lower_frequency_limit": lower,
        "filterbank_channel_count": bands,
        "dct_coefficient_count": count,
    }
    rate = draw(st.sampled_from([8000, 16000, 44100, 1]))
    x = Operand("float32", shape, np.abs(draw(arrays("float32", shape, 0.0, draw(st.sampled_from([1e-9, 1.0, 1e3]))))))
    inputs = [x, Operand("int32", (1,), np.array([rate]), constant=draw(st.booleans()))]
    return custom_op("Mfcc", options, inputs, [Operand("float32", (*shape[:2], count))])


@st.composite
def verify(draw: Any, kind: str) -> OneOp:
    x = draw(operands(kind, draw(shapes(1, 4))))
    reference = Operand("float32", x.shape, draw(arrays("float32", x.shape)))
    strict = draw(st.booleans())
    tolerance = draw(st.sampled_from([0.0, 0.05])) if strict else draw(st.sampled_from([0.0, 0.5, 5.0]))
    options = {"tolerance": tolerance, "log_if_failed": strict}
    return custom_op("NumericVerify", options, [x, reference], [Operand("float32", x.shape)])


CASES = (
    Case("AudioSpectrogram", "float32", spectrogram(), tolerance=1e-6, sets=dict.fromkeys(EXACT, 1e-6)),
    Case("Mfcc", "float32 int32 -> float32", mfcc()),
    *(
        Case("NumericVerify", f"{kind} float32 -> float32", verify(kind))
        for kind in ("int8", "uint8", "int16", "float16")
    ),
)

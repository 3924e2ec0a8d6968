"""What AudioSpectrogram, Mfcc and NumericVerify refuse."""

from typing import Any

import numpy as np
import pytest

from minilite.errors import InputError, MiniliteError, ModelError, UnsupportedError
from minilite.interpreter import evaluate
from minilite.program import bind
from tests.conformance.case import OneOp, Operand
from tests.conformance.custom import custom_op

from .refusals import assert_refused


def spectrogram(kind: str = "float32", **changes: Any) -> OneOp:
    x = Operand(kind, (10, 1), np.ones((10, 1)))
    options = {"window_size": 4, "stride": 2, "magnitude_squared": True, **changes}
    return custom_op("AudioSpectrogram", options, [x], [Operand("float32", (1, 4, 3))])


def mfcc(rate: Any = (8000,), frequencies: int = 33, **changes: Any) -> OneOp:
    shape = (1, 1, frequencies)
    given = {"upper_frequency_limit": 3000, "lower_frequency_limit": 20}
    options = {**given, "filterbank_channel_count": 8, "dct_coefficient_count": 4, **changes}
    inputs = [Operand("float32", shape, np.ones(shape)), Operand("int32", (len(rate),), np.array(rate))]
    return custom_op("Mfcc", options, inputs, [Operand("float32", (1, 1, 4))])


def verify(reference: float = 1.0, shape: Any = (1,), **changes: Any) -> OneOp:
    inputs = [
        Operand("int8", (1,), np.array([2]), 0.5, 0),
        Operand("float32", shape, np.full(shape, reference)),
    ]
    options = {"tolerance": 0.5, "log_if_failed": True, **changes}
    return custom_op("NumericVerify", options, inputs, [Operand("float32", (1,))])


@pytest.mark.parametrize(
    ("example", "error", "message"),
    [
        (spectrogram(window_size=1), ModelError, "window_size is 1, expected at least 2"),
        (spectrogram(stride=0), ModelError, "stride is 0, expected at least 1"),
        (spectrogram(stride=None), ModelError, "'stride' is missing"),
        (spectrogram(kind="int16"), UnsupportedError, "no kernel for x int16"),
        (mfcc(rate=[1, 2]), ModelError, "one sample rate expected"),
        (mfcc(rate=[0]), InputError, "the sample rate is 0, expected over 0"),
        (mfcc(frequencies=1), ModelError, "a spectrum of 2 frequencies at least expected"),
        (mfcc(dct_coefficient_count=9), ModelError, "9 coefficients of 8 bands cannot be made"),
        (mfcc(dct_coefficient_count=0), ModelError, "0 coefficients of 8 bands cannot be made"),
        (mfcc(upper_frequency_limit=20), ModelError, r"limits of 20.0 and 20.0 Hz, expected 0 <= lower < upper"),
        (mfcc(lower_frequency_limit=-1), ModelError, r"limits of -1.0 and 3000.0 Hz"),
        (verify(reference=1.5), InputError, r"1.0 at \[0\] differs from the reference 1.5 by more than 0.25"),
        (verify(shape=(2,)), ModelError, "x and the reference must have the same shape"),
        (verify(tolerance="much"), ModelError, "'tolerance' is no number"),
    ],
)
def test_refused(example: OneOp, error: type[MiniliteError], message: str) -> None:
    assert_refused(example, error, message)


@pytest.mark.parametrize("example", [verify(1.25), verify(9.0, log_if_failed=False), verify(9.0, tolerance=0.01)])
def test_differences_that_do_not_end_the_run(example: OneOp) -> None:
    values = evaluate(bind(example.graph), example.inputs)
    assert values[2].tolist() == [1.0 - values[1][0]]


def test_one_frequency_stands_out() -> None:
    """A wave of four samples, in windows of 16: the transform has its peak at 16 / 4."""
    wave = np.sin(np.arange(64) * np.pi / 2)[:, None]
    example = custom_op(
        "AudioSpectrogram",
        {"window_size": 16, "stride": 16, "magnitude_squared": True},
        [Operand("float32", wave.shape, wave)],
        [Operand("float32", (1, 4, 9))],
    )
    made = evaluate(bind(example.graph), example.inputs)[1]
    assert made.argmax(axis=2).tolist() == [[4, 4, 4, 4]]
    assert np.allclose(made[0, :, 4], 16)  # (sum of the window * 1/2)**2: half of the energy is at the mirrored place

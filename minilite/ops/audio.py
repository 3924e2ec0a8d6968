"""AudioSpectrogram, Mfcc: custom ops that turn sound into features

AudioSpectrogram:  y[channel, t, f] = |Fourier transform of hann * x[t * stride : t * stride + window_size, channel]|
    squared where magnitude_squared is set. The window is filled with zeros to a power of two; in float64.
Mfcc:  y[channel, t, k] = sum over bands b of sqrt(2 / B) * cos(pi / B * k * (b + 1/2)) * log(max(band b, 1e-12))
    A band is a triangle over the square roots of the spectrum x[channel, t, :], between two neighbours of B + 2 places
    that lie evenly on the mel scale, 1127 * log(1 + frequency / 700). Summed from first to last, in float64. A spectrum
    that ends below the upper limit gives zeros, as upstream does.

Follows tflite/kernels/audio_spectrogram.cc and mfcc.cc, internal/spectrogram.cc, mfcc_mel_filterbank.cc, mfcc_dct.cc.
The official Fourier transform sums in another order, so float32 values may differ in the last bit: `python -m
tests.conformance.rate AudioSpectrogram 3000` finds none in about 400,000 that do.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.errors import InputError
from minilite.format.flexbuffer import read_map
from minilite.numerics import libm

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape

FLOOR = 1e-12
UNUSED = -2  # the band of a frequency outside of the limits


class Spectrogram(NamedTuple):
    """The constants of a node."""

    window: Array  # float64
    stride: int
    length: int  # of the transform
    squared: bool
    shape: Shape


def plan_spectrogram(call: Call[Any]) -> Spectrogram:
    size, stride = _steps(call)
    angles = 2.0 * np.pi * np.arange(size) / size
    squared = read_map(call.node.custom_options, call.node.label).flag("magnitude_squared", False)
    return Spectrogram((1.0 - libm.cos(angles)) / 2, stride, _power_of_two(size), squared, call["y"].shape)


def _steps(call: Call[Any]) -> tuple[int, int]:
    options = read_map(call.node.custom_options, call.node.label)
    size, stride = options.integer("window_size"), options.integer("stride")
    call.require(size >= 2, f"option window_size is {size}, expected at least 2")
    call.require(stride >= 1, f"option stride is {stride}, expected at least 1")
    return size, stride


def _power_of_two(size: int) -> int:
    return 1 << (size - 1).bit_length()


def spectrogram_shapes(call: Call[Any]) -> Sequence[Shape]:
    (samples, channels), (size, stride) = call["x"].shape, _steps(call)
    steps = 1 + (samples - size) // stride if samples >= size else 0
    return [(channels, steps, _power_of_two(size) // 2 + 1)]


def spectrogram(plan: Spectrogram, x: Array) -> Array:
    y = np.empty(plan.shape, np.float32)
    for step in range(plan.shape[1]):
        part = x[step * plan.stride :][: len(plan.window)].T.astype(np.float64) * plan.window
        waves = np.fft.rfft(part, plan.length)
        y[:, step] = waves.real * waves.real + waves.imag * waves.imag
    return y if plan.squared else np.sqrt(y)


class Mel(NamedTuple):
    """The constants of a node."""

    label: str
    lower: float
    upper: float
    bands: int
    cosines: Array  # float64 [bands, coefficients]


def plan_mfcc(call: Call[Any]) -> Mel:
    options = read_map(call.node.custom_options, call.node.label)
    lower, upper = (float(np.float32(options.integer(f"{side}_frequency_limit"))) for side in ("lower", "upper"))
    bands, count = options.integer("filterbank_channel_count"), _coefficients(call)
    call.require(1 <= count <= bands, f"options: {count} coefficients of {bands} bands cannot be made")
    call.require(0 <= lower < upper, f"options: limits of {lower} and {upper} Hz, expected 0 <= lower < upper")
    call.require(call["x"].shape[2] >= 2, "a spectrum of 2 frequencies at least expected")
    angles = np.arange(count) * (np.pi / bands) * ((2 * np.arange(bands)[:, None] + 1) / 2)
    return Mel(call.node.label, lower, upper, bands, np.sqrt(2.0 / bands) * libm.cos(angles))


def _coefficients(call: Call[Any]) -> int:
    return read_map(call.node.custom_options, call.node.label).integer("dct_coefficient_count")


def mfcc_shapes(call: Call[Any]) -> Sequence[Shape]:
    call.require(call["rate"].shape in ((), (1,)), "one sample rate expected")
    return [(*call["x"].shape[:2], _coefficients(call))]


class Filters(NamedTuple):
    """Where each frequency of a spectrum goes: with its weight into `bands`, with the rest of 1 into the next one."""

    bands: Array
    weights: Array


def mel(frequency: Array) -> Array:
    """The mel scale."""
    return 1127.0 * libm.log1p(np.asarray(frequency, np.float64) / 700.0)


def filters(plan: Mel, length: int, rate: int) -> Filters | None:
    """The filters for a spectrum of this length; None when it ends below the upper limit."""
    step = 0.5 * rate / (length - 1)
    first, last = int(1.5 + plan.lower / step), int(plan.upper / step)
    if length <= last:
        return None
    low, high = mel(np.array([plan.lower, plan.upper]))
    centers = low + (high - low) / (plan.bands + 1) * (np.arange(plan.bands + 1) + 1)
    places = mel(np.arange(length) * step)
    bands = np.minimum(np.searchsorted(centers, places), plan.bands) - 1
    edges = np.concatenate([[low], centers])  # the band of a frequency is between two of them
    weights = (edges[bands + 2] - places) / (edges[bands + 2] - np.where(bands < 0, low, edges[bands + 1]))
    used = (np.arange(length) >= first) & (np.arange(length) <= last)
    return Filters(np.where(used, bands, UNUSED), weights)


def mfcc(plan: Mel, x: Array, rate: Array) -> Array:
    hertz = int(rate.reshape(-1)[0])
    if hertz <= 0:
        raise InputError(f"{plan.label}: the sample rate is {hertz}, expected over 0")
    found = filters(plan, x.shape[2], hertz)
    sums = np.zeros((*x.shape[:2], plan.cosines.shape[1]))
    if found is None:
        return sums.astype(np.float32)
    energies = np.zeros((*x.shape[:2], plan.bands))
    for place in np.flatnonzero(found.bands > UNUSED):
        band, size = int(found.bands[place]), np.sqrt(x[..., place].astype(np.float64))
        weighted = size * found.weights[place]
        if band >= 0:
            energies[..., band] += weighted
        if band + 1 < plan.bands:
            energies[..., band + 1] += size - weighted
    logs = libm.log(np.where(energies < FLOOR, FLOOR, energies))
    for band in range(plan.bands):
        sums += plan.cosines[band] * logs[..., band, None]
    return sums.astype(np.float32)


OPS = (
    Op(
        "AudioSpectrogram",
        "x[t,c] -> y[...]",
        None,
        (Variant("float64", ("float32",), plan_spectrogram, spectrogram),),
        spectrogram_shapes,
    ),
    Op(
        "Mfcc",
        "x[c,t,f] rate[...] -> y[...]",
        None,
        (Variant("float64", ("float32 int32 -> float32",), plan_mfcc, mfcc),),
        mfcc_shapes,
    ),
)

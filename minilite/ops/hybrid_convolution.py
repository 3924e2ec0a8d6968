"""Hybrid convolutions: float images, int8 weights, an integer sum for each window, float results.

    q, x_scale, x_zero = codes of each image of x, found when it runs                  (numerics/dynamic.py)
    acc = sum over the taps inside the image of (q - x_zero) * w        exact integer
    y   = activation(b + acc * x_scale * w_scale)       every step rounded to float32, in the order the op states

Follows tflite/kernels/conv.cc, depthwise_conv.cc, transpose_conv.cc, the functions EvalHybrid and
EvalHybridPerChannel. Per-channel weights that store one scale for several channels make upstream read past its end;
here the one scale counts for all.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from minilite.numerics.activation import activation_reals
from minilite.numerics.affine import Range
from minilite.numerics.dynamic import DynamicRows, quantize_rows
from minilite.numerics.geometry import Window

from .call import Array, Call
from .convolution import Slide, windows


class HybridPlan(NamedTuple):
    """The constants of a node with float images and int8 weights."""

    rows: Window
    columns: Window
    w_scale: Array  # one, or one per output channel
    reals: Range


def plan_hybrid(call: Call[Any], slide_over: Slide = windows) -> HybridPlan:
    """float32 activations, int8 weights, one scale or one per output channel."""
    scale, channels = call["w"].affine.scale, call["y"].shape[-1]
    call.require(scale.size in (1, channels), f"{scale.size} scales of w for {channels} output channels")
    return HybridPlan(*slide_over(call), scale, activation_reals(call.options.fused_activation_function))


def quantize_images(x: Array, asymmetric: bool) -> DynamicRows:
    """The codes of x [n,h,w,c], one row, scale and zero point for each image."""
    return quantize_rows(x.reshape(len(x), math.prod(x.shape[1:])), asymmetric)


def centred(rows: DynamicRows, shape: tuple[int, ...]) -> Array:
    """The codes less their zero point, int32, in the shape of the images: what stands for 0 is 0."""
    codes = rows.codes.astype(np.int32) - rows.zero_point[:, None].astype(np.int32)
    return codes.reshape(shape)


def per_image(values: Array) -> Array:
    """One value per image, shaped to line up with [n,h,w,c]."""
    return values[:, None, None, None]


def add_bias(reals: Range, sums: Array, b: Array | None) -> Array:
    """The activation of sums [n,h,w,u] plus the bias."""
    return reals.clamp(sums if b is None else sums + b)

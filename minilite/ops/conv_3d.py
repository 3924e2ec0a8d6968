"""CONV_3D:            y[n,p,q,r,u] = activation(b[u] + sum over k, i, j, c of
                                               x[n, plane(p,k), row(q,i), column(r,j), c] * w[k,i,j,c,u])
CONV_3D_TRANSPOSE:  y[n,p,q,r,u] = activation(b[u] + sum over d, h, v, c of x[n,d,h,v,c] * w[k,i,j,u,c])

plane(p,k) = p * stride - before + k * dilation, likewise for rows and columns (eq. 9); taps outside are left out. In
CONV_3D_TRANSPOSE (p, q, r) is tap (k, i, j) of the window at (d, h, v), as in TRANSPOSE_CONV; the shape of y is an
operand. float32 only: the sums run in the order written, then the bias, then the activation. Optimized: CONV_3D starts
from the bias and fuses each product with its sum; CONV_3D_TRANSPOSE, when it is not dilated, sums over c as Eigen does,
see numerics/eigen_product.py.

Follows tflite/kernels/conv3d.cc, conv3d_transpose.cc, internal/reference/conv3d.h and conv3d_transpose.h.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minilite.format.options.convolution import Conv3DOptions
from minilite.numerics.activation import activation_reals
from minilite.numerics.affine import Range
from minilite.numerics.eigen_product import eigen_product
from minilite.numerics.fused import fused_multiply_add
from minilite.numerics.geometry import Window, slide
from minilite.numerics.windows import inside

from .call import Array, Call
from .hybrid_convolution import add_bias
from .op import Op, Variant, follows
from .signature import Shape

AXES = ("planes", "rows", "columns")


class Plan(NamedTuple):
    """The constants of a node. The windows slide over x, in CONV_3D_TRANSPOSE over y."""

    windows: tuple[Window, ...]
    shape: Shape  # of y
    reals: Range


def windows(call: Call[Conv3DOptions], lengths: Shape) -> tuple[Window, ...]:
    """The windows of w [k,i,j,...] over planes, rows and columns of these lengths."""
    options = call.options
    steps = (
        (options.stride_d, options.dilation_d_factor),
        (options.stride_h, options.dilation_h_factor),
        (options.stride_w, options.dilation_w_factor),
    )
    found = []
    for what, length, size, (stride, dilation) in zip(AXES, lengths, call["w"].shape[:3], steps, strict=True):
        call.require(stride > 0, f"the stride over {what} is {stride}, expected 1 or more")
        call.require(dilation > 0, f"the dilation over {what} is {dilation}, expected 1 or more")
        call.require(size > 0, f"the window has {size} {what}, expected 1 or more")
        window = slide(length, size, stride, dilation, options.padding)
        call.require(window.output >= 0, f"the window reaches over {(size - 1) * dilation + 1} {what}, not {length}")
        found.append(window)
    return tuple(found)


def shapes(call: Call[Conv3DOptions]) -> Sequence[Shape]:
    x, units = call["x"].shape, call["w"].shape[4]
    call.require(min(x[1:]) > 0 and units > 0, "x and w need one element or more along every axis")
    return [(x[0], *(window.output for window in windows(call, x[1:4])), units)]


def plan(call: Call[Conv3DOptions]) -> Plan:
    reals = activation_reals(call.options.fused_activation_function)
    return Plan(windows(call, call["x"].shape[1:4]), call["y"].shape, reals)


def compute(plan: Plan, x: Array, w: Array, b: Array | None = None) -> Array:
    sums = np.zeros(plan.shape, x.dtype)
    for tap in np.ndindex(w.shape[:3]):
        to, reads = places(plan.windows, tap, x.shape[1:4])
        for c in range(x.shape[4]):
            sums[to] += x[reads][..., c, None] * w[tap][c]
    return add_bias(plan.reals, sums, b)


def compute_optimized(plan: Plan, x: Array, w: Array, b: Array | None = None) -> Array:
    sides = [(each.before, each.reach(length)) for each, length in zip(plan.windows, x.shape[1:4], strict=True)]
    volume, windows = np.pad(x, [(0, 0), *sides, (0, 0)]), tuple(each._replace(before=0) for each in plan.windows)
    sums = np.zeros(plan.shape, x.dtype)
    if b is not None:
        sums += b
    for tap in np.ndindex(w.shape[:3]):
        to, reads = places(windows, tap, volume.shape[1:4])
        for c in range(x.shape[4]):
            sums[to] = fused_multiply_add(volume[reads][..., c, None], w[tap][c], sums[to])
    return plan.reals.clamp(np.where(np.isnan(sums), plan.reals.high, sums))  # as the vector instructions have it


def places(windows: tuple[Window, ...], tap: tuple[int, ...], lengths: Shape) -> tuple[Any, Any]:
    """Indices of the positions whose `tap` is inside axes of these lengths, and of what they read there."""
    pairs = [inside(*each) for each in zip(windows, tap, lengths, strict=True)]
    positions, reads = zip(*pairs, strict=True)
    return (slice(None), *positions), (slice(None), *reads)


def transposed_shapes(call: Call[Conv3DOptions]) -> Sequence[Shape]:
    shape, images, units = call.integers("shape", ("int32",)), call["x"].shape[0], call["w"].shape[3]
    call.require_value("shape", len(shape) == 5, f"an output shape of 5 numbers expected, got {list(shape)}")
    call.require_value("shape", min(shape) >= 0, f"the output shape {list(shape)} has a negative number")
    call.require_value("shape", shape[0] == images, f"the output shape has {shape[0]} images, x has {images}")
    call.require_value("shape", shape[4] == units, f"the output shape has {shape[4]} channels, w makes {units}")
    return [shape]


def plan_transposed(call: Call[Conv3DOptions]) -> Plan:
    shape = call["y"].shape
    found = windows(call, shape[1:4])
    for what, window, made, pixels in zip(AXES, found, shape[1:4], call["x"].shape[1:4], strict=True):
        message = f"an output of {made} {what} needs {window.output} {what} of x, there are {pixels}"
        call.require_value("shape", window.output == pixels, message)
    return Plan(found, shape, activation_reals(call.options.fused_activation_function))


def not_dilated(call: Call[Conv3DOptions]) -> str:
    """The optimized kernel takes no dilation."""
    options = call.options
    steps = options.dilation_d_factor, options.dilation_h_factor, options.dilation_w_factor
    return "" if steps == (1, 1, 1) else f"it has dilations {steps}"


def compute_transposed_optimized(plan: Plan, w: Array, x: Array, b: Array | None = None) -> Array:
    depth = x.shape[4]
    taps = w.reshape(-1, depth).T
    products = np.stack([eigen_product(volume.reshape(-1, depth), taps) for volume in x])
    products = products.reshape(*x.shape[:4], *w.shape[:4])
    sums = np.zeros(plan.shape, np.float32)
    for tap in reversed(list(np.ndindex(w.shape[:3]))):
        reads, to = places(plan.windows, tap, plan.shape[1:4])
        sums[to] += products[(*reads, *tap)]
    return add_bias(plan.reals, sums, b)


def compute_transposed(plan: Plan, w: Array, x: Array, b: Array | None = None) -> Array:
    sums = np.zeros(plan.shape, x.dtype)
    # Taps from last to first: so an output meets the pixels that reach it in the order of the image.
    for tap in reversed(list(np.ndindex(w.shape[:3]))):
        reads, to = places(plan.windows, tap, plan.shape[1:4])
        for c in range(x.shape[4]):
            sums[to] += x[reads][..., c, None] * w[tap][:, c]
    return add_bias(plan.reals, sums, b)


OPS = (
    Op(
        "CONV_3D",
        "x[n,d,h,v,c] w[k,i,j,c,u] b[u]? -> y[n,p,q,r,u]",
        Conv3DOptions,
        (
            Variant("float, fused", ("float32",), plan, compute_optimized, rules=follows(optimized="")),
            Variant("float", ("float32",), plan, compute),
        ),
        shapes,
        macs=lambda call: math.prod(call["y"].shape) * math.prod(call["w"].shape[:4]),
    ),
    Op(
        "CONV_3D_TRANSPOSE",
        "shape=int[m] w[k,i,j,u,c] x[n,d,h,v,c] b[u]? -> y[n,p,q,r,u]",
        Conv3DOptions,
        (
            Variant(
                "float in blocks",
                ("float32",),
                plan_transposed,
                compute_transposed_optimized,
                rules=follows(optimized=""),
                gates={"optimized": not_dilated},
            ),
            Variant("float", ("float32",), plan_transposed, compute_transposed),
        ),
        transposed_shapes,
        macs=lambda call: math.prod(call["x"].shape) * math.prod(call["w"].shape[:4]),
    ),
)

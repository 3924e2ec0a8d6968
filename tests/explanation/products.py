"""What the steps of hybrid kernels should be."""

import math
import struct
from fractions import Fraction
from typing import Any

from .arithmetic import clamp, single, wrap
from .found import Found, Steps, near

TANH, SIGN = 4, 5  # fused activations


def hybrid(f: Found) -> Steps:
    """Sums are exact but for weights of -128, whose vector code is not; scales are what the notes say."""
    total = sum(term["value"] for term in f.document["terms"])
    exact = all(element["code"] != -128 for element in f.elements if element["operand"] == "w")
    given: Steps = {name: lambda result: True for name in ("x_scale * w_scale", "w_scale * x_scale", "bias")}
    known = {**given, "accumulator": total if exact else lambda result: True}
    accumulator = f.results.get("accumulator", 0)
    scale = f.results.get("x_scale * w_scale", f.results.get("w_scale * x_scale"))
    if "times that" in f.results:
        known["times that"] = single(single(accumulator) * scale)
    if "bias + accumulator * scales" in f.results:
        start = f.results.get("bias", f["bias + accumulator * scales"])
        total = single(start + (single(single(accumulator) * scale) if scale else 0.0))
        known |= {"bias + accumulator * scales": total, "activation": activated(f, total)}
    if "times w_scale" in f.results:
        known["times w_scale"] = near(single(accumulator) * w_scale_of(f), abs(accumulator * w_scale_of(f)) / 1e6)
        known["times x_scale"] = lambda result: True
    return known


def hybrid_fused(f: Found) -> Steps:
    """One rounding for the product with w_scale and the sum with the bias; the scale of x is found by the kernel."""
    total, start = sum(term["value"] for term in f.document["terms"]), sum(b["real"] for b in f.document["start"])
    product = f["times x_scale"] * w_scale_of(f)
    return {
        "accumulator": total,
        "times x_scale": near(0, 0 if not total else math.inf),
        "times w_scale + bias, fused": near(product + start, (abs(product) + abs(start)) / 1e6),
        "activated": lambda result: True,
    }


def hybrid_scales_last(f: Found) -> Steps:
    """One product after the other; which scale comes first depends on the channel."""
    known = {name: lambda result: True for name in ("times one scale", "times both", "with bias, activated")}
    return {**known, "accumulator": sum(term["value"] for term in f.document["terms"])}


def hybrid_int4(f: Found) -> Steps:
    """Weights are made positive by 7 more, which the offset takes back."""
    codes, weights = ([e["code"] for e in f.elements if e["operand"] == name] for name in "xw")
    known = {name: lambda result: True for name in ("offset + bias", "sum", "activation")}
    return {**known, "accumulator": sum(q * (w + 7) for q, w in zip(codes, weights, strict=True))}


def w_scale_of(f: Found) -> float:
    """The scale of w, as its elements' real values show it."""
    w = next((e for e in f.elements if e["operand"] == "w" and e["code"] != 0), None)
    return 0.0 if w is None else w["real"] / w["code"]


def hybrid_matrices(f: Found) -> Steps:
    total = sum(term["value"] for term in f.document["terms"])
    wanted = single(f["x_scale * w_scale"] * f["accumulator"])
    return {
        "accumulator": near(total, 1e-5 * max(1, abs(total), 127 * 127 * len(f.row))),
        "x_scale * w_scale": lambda result: True,
        "their product": wanted,
    }


def sparse(f: Found) -> Steps:
    """Of a sparse matrix the zero point of x is taken off the bias."""
    names = "bias", "x_scale * x_zero * w_scale", "start", "x_scale * w_scale"
    known: Steps = {name: lambda result: True for name in names}
    if "bias" in f.results:
        known["sum of w"] = sum(element["code"] for element in f.elements if element["operand"] == "w")
        known["start"] = single(f["bias"] - single(f["x_scale * x_zero * w_scale"] * f["sum of w"]))
    if "accumulator" in f.results:
        exact = all(element["code"] != -128 for element in f.elements if element["operand"] == "w")
        known["accumulator"] = sum(term["value"] for term in f.document["terms"]) if exact else f["accumulator"]
        with_it = single(f["start"] + single(single(f["accumulator"]) * f["x_scale * w_scale"]))
        known["start + accumulator * scales"] = with_it
    else:
        known["start + accumulator * scales"] = lambda result: True
    return {**known, "activation": activated(f, f["start + accumulator * scales"])}


def several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def blockwise(f: Found) -> Steps:
    sums, scales = several(f["sums of q * w in the blocks"]), several(f["scales of the blocks"])
    size = len(f.document["terms"]) // len(sums)
    values = [term["value"] for term in f.document["terms"]]
    exact = tuple(sum(values[start : start + size]) for start in range(0, len(values), size))
    total, of_weights = 0.0, 0.0
    weights = [term["elements"][1]["code"] for term in f.document["terms"]]
    for block, (part, scale) in enumerate(zip(sums, scales, strict=True)):
        total = single(total + single(single(part) * scale))
        of_weights = single(of_weights + single(scale * sum(weights[block * size : (block + 1) * size])))
    centred = single(total - single(f["zero point of x"] * of_weights))
    real = single(centred * f["x_scale"])
    bias = f.document["start"][0]["code"] if f.document["start"] else None
    names = "scales of the blocks", "zero point of x", "x_scale"
    return {
        **{name: lambda result: True for name in names},
        "sums of q * w in the blocks": exact if len(exact) > 1 else exact[0],
        "sum of those products": total,
        "sum of w * scale": of_weights,
        "(sum - zero point * sum of w) * x_scale": real,
        "with bias": real if bias is None else single(real + bias),
        "activation": activated(f, f["with bias"]),
    }


def blockwise_fused(f: Found) -> Steps:
    """XNNPACK's: the term of the zero point first, every product fused with its addition."""
    sums, scales = several(f["sums of q * w in the blocks"]), several(f["scales of the blocks"])
    values = [term["value"] for term in f.document["terms"]]
    size = len(values) // len(sums)
    exact = tuple(sum(values[start : start + size]) for start in range(0, len(values), size))
    total = f["less the zero point * w * scale"]
    for part, scale in zip(sums, scales, strict=True):
        total = single(float(Fraction(part) * Fraction(scale) + Fraction(total)))
    bias = f.document["start"][0]["code"] if f.document["start"] else 0.0
    names = "scales of the blocks", "zero point of x", "x_scale", "less the zero point * w * scale"
    return {
        **{name: lambda result: True for name in names},
        "sums of q * w in the blocks": exact if len(exact) > 1 else exact[0],
        "plus the products, fused": near(total, abs(total) * 1e-7),
        "times x_scale": single(f["plus the products, fused"] * f["x_scale"]),
        "with bias": single(f["times x_scale"] + bias),
        "activation": activated(f, f["with bias"]),
    }


def shuffled(f: Found) -> Steps:
    total = sum(term["value"] for term in f.document["terms"]) + sum(e["code"] for e in f.document["start"])
    return {"accumulator": wrap(total)}


def transposed(f: Found) -> Steps:
    """The products are rounded and added one by one, in an order that the terms do not have."""
    values, scale = [term["value"] for term in f.document["terms"]], w_scale_of(f) * f["x_scale"]
    name = "sum of (code - zero) * w * w_scale * x_scale"
    return {"x_scale": lambda result: True, name: near(sum(values) * scale, sum(map(abs, values)) * scale / 1e5)}


def table_row(f: Found) -> Steps:
    """A row of an embedding table; a float16 y is rounded once more."""
    product = single(f["code"] * f["its scale"])
    half = struct.unpack("e", struct.pack("e", product))[0] if f.document["type"] == "float16" else product
    known: Steps = {name: lambda result: True for name in ("code", "its scale")}
    return {**known, "their product": product, "y": half}


def activated(f: Found, total: float) -> Any:
    """What a fused activation makes of a real value; the functions by their last float32 bits."""
    activation = f.constant("activation")
    if activation == TANH:
        return near(math.tanh(total), 1e-6)
    if activation == SIGN:
        return float(math.copysign(1, total) < 0)
    low, high = {0: (-math.inf, math.inf), 1: (0, math.inf), 2: (-1, 1), 3: (0, 6)}[activation]
    return clamp(total, low, high)

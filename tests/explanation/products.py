"""What the steps of hybrid and recurrent kernels should be."""

import math

from .arithmetic import clamp, double, half_away, over, saturate, sigmoid, single, tanh
from .found import Found, Steps, near

GIVEN = ("x_scale * w_scale", "w_scale * x_scale", "bias", "activation")


def hybrid(f: Found) -> Steps:
    """Sums are exact but for weights of -128, whose vector code is not; scales are what the notes say."""
    total = sum(term["value"] for term in f.document["terms"])
    exact = all(element["code"] != -128 for element in f.elements if element["operand"] == "w")
    given: Steps = {
        name: lambda result: True for name in ("x_scale * w_scale", "w_scale * x_scale", "bias", "activation")
    }
    known = {**given, "accumulator": total if exact else lambda result: True}
    accumulator = f.results.get("accumulator", 0)
    scale = f.results.get("x_scale * w_scale", f.results.get("w_scale * x_scale"))
    if "times that" in f.results:
        known["times that"] = single(single(accumulator) * scale)
    if "bias + accumulator * scales" in f.results:
        start = f.results.get("bias", f["bias + accumulator * scales"])
        known["bias + accumulator * scales"] = single(start + (single(single(accumulator) * scale) if scale else 0.0))
    if "times w_scale" in f.results:
        known["times w_scale"] = near(single(accumulator) * w_scale(f), abs(accumulator * w_scale(f)) / 1e6)
        known["times x_scale"] = lambda result: True
    return known


def hybrid_fused(f: Found) -> Steps:
    """One rounding for the product with w_scale and the sum with the bias; the scale of x is found by the kernel."""
    total, start = sum(term["value"] for term in f.document["terms"]), sum(b["real"] for b in f.document["start"])
    product = f["times x_scale"] * w_scale(f)
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


def w_scale(f: Found) -> float:
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


def svdf(f: Found) -> Steps:
    features = f["x times the features"]
    every = features if isinstance(features, (list, tuple)) else (features,)
    newest = tuple(saturate(value, 16) for value in every)
    filters = f["memory times the time weights"]
    total = sum(filters) if isinstance(filters, (list, tuple)) else filters
    return {
        "newest in the memory": newest if len(newest) > 1 else newest[0],
        "memory times the time weights": filters,
        "sum over the rank": total,
        "plus the bias": lambda result: f.first["in steps of y"] == result,
        "plus the zero point, kept within the type": f.kept(f["in steps of y"] + f.constant("y_zero")),
    }


def lstm(f: Found) -> Steps:
    constants = f.document["constants"]
    known: Steps = {"cell state before": lambda result: True, "h": lambda result: True}
    if "o: value" not in f.results:
        return known
    for place, gate in enumerate("ifgo"):
        if f"{gate}: value" not in f.results:
            continue
        plan = f"cell.gates[{place}]"
        parts = []
        for what, rescale in (("x", "w"), ("h", "r")):
            total = f[f"{gate}: sum of {what}"]
            numbers = constants[f"{plan}.{rescale}.mantissa"], constants[f"{plan}.{rescale}.exponent"]
            parts.append(double(total, *numbers))
            known |= {f"{gate}: sum of {what}": total, f"{gate}: from {what}": parts[-1]}
        plain = not any(f"{plan}.{part}.mantissa" in constants for part in ("peephole", "norm"))
        known[f"{gate}: total"] = saturate(saturate(parts[0], 16) + parts[1], 16) if plain else f[f"{gate}: total"]
        known[f"{gate}: value"] = (tanh if gate == "g" else sigmoid)(f[f"{gate}: total"], 3)
    forget, before = f["f: value"], f["cell state before"]
    keep = f["i: value"] if "i: value" in f.results else 2**15 - 1 - forget
    exponent = f.constant("cell_exponent")
    state = half_away(over(forget * before, 15)) + half_away(over(keep * f["g: value"], 30 + exponent))
    clip = constants["cell.clips[0]"] or 2**15
    state = clamp(saturate(state, 16), -clip, clip)
    hidden = f["o: value"] * f["tanh of it"]
    h = double(hidden, constants["cell.hidden.mantissa"], constants["cell.hidden.exponent"])
    return {
        **known,
        "cell state": state,
        "tanh of it": tanh(state, 15 + exponent),
        "o * tanh": hidden,
        "h": saturate(h + constants["cell.zeros[2]"], 8),
    }

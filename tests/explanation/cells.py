"""What the steps of recurrent kernels should be. Sums over x are checked where the weights are at hand (test_steps)."""

import math
from typing import Any

from .arithmetic import (
    RULES,
    clamp,
    double,
    half_away,
    half_up,
    over,
    product,
    saturate,
    sigmoid,
    single,
    tanh,
    wrap,
)
from .found import Found, Steps, near
from .products import activated

RULES_OF_16_BITS = "times the mantissa's upper 16 bits, 64 bits", "shift right by 15 - exponent, ties up"


def any_number(result: Any) -> bool:
    return isinstance(result, (int, float)) and math.isfinite(result)


def svdf(f: Found) -> Steps:
    features = f["x times the features"]
    every = features if isinstance(features, (list, tuple)) else (features,)
    state_zero = f.constant("state_zero")
    newest = tuple(wrap(saturate(value, 16) + state_zero, 16) for value in every)
    filters = f["memory times the time weights"]
    total = sum(filters) if isinstance(filters, (list, tuple)) else filters
    bias = f.results["plus the bias"] - total
    return {
        "newest in the memory": newest if len(newest) > 1 else newest[0],
        "memory times the time weights": filters,
        "sum over the rank": total,
        "plus the bias": lambda result: f.first["in steps of y"] == result == total + bias,
        "plus the zero point, kept within the type": f.kept(f["in steps of y"] + f.constant("y_zero")),
    }


def hybrid_svdf(f: Found) -> Steps:
    filters = f["memory times the time weights"]
    every = filters if isinstance(filters, (list, tuple)) else (filters,)
    names = "x times the features", "memory times the time weights", "plus the bias"
    return {
        **{name: lambda result: True for name in names},
        "sum over the rank": near(sum(every), sum(map(abs, every)) / 1e6),
        "activation": activated(f, f["plus the bias"]),
    }


def with_product(f: Found, names: tuple[str, str, str], total: float) -> tuple[Steps, float]:
    """A sum, the scale of its steps, and the total with it."""
    scale = f[names[1]]
    total = single(total + single(single(f[names[0]]) * scale)) if scale else total
    return {names[0]: any_number, names[1]: any_number, names[2]: total}, total


def rnn(f: Found) -> Steps:
    total, known = f["bias"], {"bias": any_number}
    for name in ("x", "aux", "h"):
        if f"{name}: sum" in f.results:
            steps, total = with_product(f, (f"{name}: sum", f"{name}: scale", f"{name}: total with it"), total)
            known |= steps
    return {**known, "activation": activated(f, total)}


def hybrid_lstm(f: Found) -> Steps:
    if "projection, sum" in f.results:
        names = "projection, sum", "projection, scale", "with the projection"
        known, total = with_product(f, names, f["before"])
        limit = f.constant("clips[1]")
        bounds = (-single(limit), single(limit)) if limit > 0 else (-math.inf, math.inf)
        return {**known, "before": any_number, "h": clamp(total, *bounds)}
    if "f: value" not in f.results:  # merged outputs of two cells that differ in their gates
        return {"h": any_number}
    known: Steps = {"cell state before": any_number}
    for gate in "ifgo":
        if f"{gate}: value" not in f.results:
            continue
        total = f[f"{gate}: before"]
        known[f"{gate}: before"] = any_number
        for name in ("x", "aux", "h"):
            if f"{gate}: sum of {name}" in f.results:
                names = f"{gate}: sum of {name}", f"{gate}: scale of {name}", f"{gate}: with {name}"
                steps, total = with_product(f, names, total)
                known |= steps
            elif f"{gate}: with {name}" in f.results:  # float32 weights, a diagonal
                known[f"{gate}: with {name}"] = any_number
                total = f[f"{gate}: with {name}"]
        known[f"{gate}: total"] = any_number  # with a peephole or normalization, whose numbers are not in the JSON
        total = f[f"{gate}: total"]
        value = math.tanh(total) if gate == "g" else 1 / (1 + math.exp(-total))
        known[f"{gate}: value"] = near(value, 1e-6) if gate != "g" else gate_value(f, total)
    keep = f["i: value"] if "i: value" in f.results else single(1 - f["f: value"])
    state = single(single(f["f: value"] * f["cell state before"]) + single(f["g: value"] * keep))
    limit = f.constant("clips[0]")
    state = clamp(state, -single(limit), single(limit)) if limit > 0 else state
    activation = f["its activation"]
    return {
        **known,
        "cell state": state,
        "its activation": activated(f, f["cell state"]),
        "h": single(f["o: value"] * activation),
    }


def gate_value(f: Found, total: float) -> Any:
    """The cell gate has the fused activation."""
    wanted = activated(f, total)
    return wanted if callable(wanted) else near(wanted, 1e-6)


def basic_lstm(f: Found) -> Steps:
    known: Steps = {"cell state before": any_number}
    for gate in "igfo":
        total = half_up_twice(f[f"{gate}: sum"], f.constant("rescale.mantissa"), f.constant("rescale.exponent"))
        known |= {f"{gate}: sum": any_number, f"{gate}: total": saturate(total, 16)}
        known[f"{gate}: value"] = (tanh if gate == "g" else sigmoid)(f[f"{gate}: total"], 3)
    added = half_away(over(product(f["i: value"], f["g: value"], 16), 4))
    kept = product(f["f: value"], f["cell state before"], 16)
    state = saturate(added + kept, 16)
    tanh_of_it = tanh(saturate(2 * state, 16), 3)
    hidden = product(f["o: value"], tanh_of_it, 16)
    return {
        **known,
        "i * g": added,
        "f * c": kept,
        "cell state": state,
        "tanh of it": tanh_of_it,
        "o * tanh": hidden,
        "h": 128 + min(half_away(over(hidden, 8)), 127),
    }


def half_up_twice(value: int, mantissa: int, exponent: int) -> int:
    return half_up(over(product(value << max(exponent, 0), mantissa), max(-exponent, 0)))


def lstm(f: Found) -> Steps:
    return lstm_on_microcontrollers(f) if "kept.mantissa" in f.document["constants"] else lstm_of_litert(f)


def lstm_of_litert(f: Found) -> Steps:
    constants = f.document["constants"]
    if "projection, sum" in f.results:
        scaled = double(
            f["projection, sum"], constants["cell.projection.mantissa"], constants["cell.projection.exponent"]
        )
        h = saturate(scaled + constants["cell.zeros[1]"], 8)
        clip = constants["cell.clips[1]"] or 2**15
        return {"projection, sum": any_number, "projection, in steps of h": scaled, "h": clamp(h, -clip, clip)}
    known: Steps = {"cell state before": any_number}
    for place, gate in enumerate("ifgo"):
        if f"{gate}: value" not in f.results:
            continue
        plan = f"cell.gates[{place}]"
        parts = []
        for what, rescale in (("x", "w"), ("h", "r")):
            total = f[f"{gate}: sum of {what}"]
            numbers = constants[f"{plan}.{rescale}.mantissa"], constants[f"{plan}.{rescale}.exponent"]
            parts.append(double(total, *numbers))
            known |= {f"{gate}: sum of {what}": any_number, f"{gate}: from {what}": parts[-1]}
        plain = not any(f"{plan}.{part}.mantissa" in constants for part in ("peephole", "norm"))
        known[f"{gate}: total"] = saturate(saturate(parts[0], 16) + parts[1], 16) if plain else any_number
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


def narrow_lstm(f: Found) -> Steps:
    scaled = f["projection, sum"]
    for name in RULES_OF_16_BITS:
        scaled = RULES[name](scaled, f.constant("projection.mantissa"), f.constant("projection.exponent"), 0.0)
    clip = f.constant("clips[1]") or 2**15
    h = clamp(saturate(scaled + f.constant("zeros[1]"), 8), -clip, clip)
    return {"projection, sum": any_number, "projection, in steps of h": scaled, "h": h}


def lstm_on_microcontrollers(f: Found) -> Steps:
    """Products are rescaled by multipliers, not shifted; sigmoid and tanh come from a table, to within four steps."""
    constants, is_single = f.document["constants"], f.document["rule"] == "single"

    def scaled(value: int, path: str) -> int:
        mantissa, exponent = constants[f"{path}.mantissa"], constants[f"{path}.exponent"]
        return half_up(over(value * mantissa, 31 - exponent)) if is_single else double(value, mantissa, exponent)

    def second(value: int) -> int:
        return value if constants["is_cmsis_nn"] else saturate(value, 16)

    known: Steps = {"cell state before": any_number}
    for place, gate in enumerate("ifgo"):
        parts = [scaled(f[f"{gate}: sum of {what}"], f"gates[{place}][{k}]") for k, what in enumerate("xh")]
        for what, part in zip("xh", parts, strict=True):
            known |= {f"{gate}: sum of {what}": any_number, f"{gate}: from {what}": part}
        known[f"{gate}: total"] = total = saturate(saturate(parts[0], 16) + second(parts[1]), 16)
        real = math.tanh(total / 4096) if gate == "g" else 1 / (1 + math.exp(-total / 4096))
        known[f"{gate}: value"] = near(32768 * real, 4)
    kept = saturate(scaled(f["f: value"] * f["cell state before"], "kept"), 16)
    state = saturate(kept + second(scaled(f["i: value"] * f["g: value"], "added")), 16)
    clip = constants["clip"] or 2**15
    state = clamp(state, -clip, clip)
    hidden = f["o: value"] * f["tanh of it"]
    return {
        **known,
        "cell state": state,
        "tanh of it": near(32768 * math.tanh(state * 2.0 ** (constants["cell_bits"] - 15)), 4),
        "o * tanh": hidden,
        "h": saturate(scaled(hidden, "hidden") + constants["zeros[1]"], 8),
    }

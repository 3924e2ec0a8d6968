"""What the steps of kernels on single elements and small windows should be."""

import math
from collections.abc import Callable
from fractions import Fraction

from .arithmetic import (
    clamp,
    double,
    half_away,
    half_even,
    half_up,
    inverse_root,
    line,
    over,
    product,
    reciprocal,
    shifted,
    single,
    wrap,
)
from .found import Found, Steps, near


def hard_swish(f: Found) -> Steps:
    v = f.code("x") * 128
    exponent = f.constant("to_thirds.exponent")
    p = product(v, f.constant("to_output.mantissa"), 16)
    left = shifted(v, exponent - 1, 16) if exponent > 0 else v
    third = product(left, f.constant("to_thirds.mantissa"), 16)
    third = shifted(third, 1, 16) if exponent > 0 else right_int16(third, -exponent)
    r = (third + 2**15) // 2
    scaled = abs(r * p) // 2**15 * (1 if r * p >= 0 else -1)
    return {
        "v = (x - x_zero) * 2**7": v,
        "p = v * m_y": p,
        "r = (v * m_r + 1) / 2, in 2**-15": r,
        "r * p": scaled,
        "in steps of y": right_int16(scaled, -f.constant("to_output.exponent")),
    }


def right_int16(value: int, bits: int) -> int:
    """A right shift to nearest, ties away; from 16 bits on, 1 for what is not negative and else -1."""
    return half_away(over(value, bits)) if bits <= 15 else 1 if value >= 0 else -1


def divide(f: Found) -> Steps:
    above, below = f.code("a"), f.code("b")
    above = -above if below < 0 else above
    inverse, bits = reciprocal(abs(below), 31)
    headroom = 31 - (~above if above < 0 else above).bit_length()
    quotient = product(wrap(above << headroom % 32), inverse)
    scaled = product(quotient, f.constant("multiplier.mantissa"))
    right = bits + headroom - f.constant("multiplier.exponent")
    return {
        "a - a_zero, with the sign of the quotient": above,
        "b - b_zero": below,
        "1 / |b - b_zero|, mantissa": inverse,
        "1 / |b - b_zero|, exponent": -bits,
        "bits a was shifted left by": headroom,
        "a / b, mantissa": quotient,
        "times the multiplier's mantissa": scaled,
        "in steps of y": half_away(over(scaled, right)) if 0 <= right <= 31 else lambda result: True,
    }


def square_root(f: Found) -> Steps:
    real = single(f.constant("x_scale") * f.code("x"))
    root = single(math.sqrt(real))
    steps = int(single(root / f.constant("y_scale")))
    return {
        "x_scale * (x - x_zero)": real,
        "its root": root,
        "in steps of y, cut off": steps if steps < 2**31 else -(2**31),
    }


def inverse_square_root(f: Found) -> Steps:
    x = f.code("x")
    mantissa, shift = inverse_root(x)
    return {
        "x - x_zero": x,
        "1 / root of that, mantissa": mantissa,
        "1 / root of that, exponent": -shift,
        "2**20 / root": product(wrap(1 << 20 - shift), mantissa),
        "the largest code where x is 0": 127 if x == 0 else f["clamp"],
    }


FUNCTIONS: dict[str, Callable[[float], float]] = {
    "EXP": math.exp,
    "LOG": lambda x: math.log(x) if x > 0 else -math.inf,
    "ELU": lambda x: math.expm1(x) if x < 0 else x,
    "TANH": math.tanh,
    "LOGISTIC": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else 0.0,
    "RSQRT": lambda x: 1 / math.sqrt(x) if x > 0 else math.inf,
}


def table(f: Found) -> Steps:
    """An entry is the nearest code, but for the last bits of the float32 function, which can decide near a tie."""
    x, d = f.elements[0]["real"], f.document
    if d["op"] == "GELU":
        wanted, slack = d["exact"] / d["scale"] + d["zero_point"], 0.51 + abs(d["real"]) / d["scale"] / 1e3
        return {"entry of the table": near(clamp(wanted, f.low, f.high), slack)}
    wanted = FUNCTIONS[d["op"]](x) / d["scale"] + d["zero_point"]
    return {"entry of the table": near(clamp(wanted, f.low, f.high), 0.51)}


def interpolated(f: Found) -> Steps:
    x = f.elements[0]["code"]
    entry, following = f["that entry"], f["the entry after x"]
    return {
        "number of the entry before x": 256 + x // 128,
        "that entry": lambda result: -32768 <= result <= 32767,
        "the entry after x": lambda result: -32768 <= result <= 32767,
        "x past the entry, in 128ths of the way": x % 128,
        "on the line between them": line(entry, following, x % 128),
    }


def sigmoid_table(f: Found) -> Steps:
    product_ = wrap(f.elements[0]["code"] * f.constant("multiplier"))
    steps = half_up(over(product_, f.constant("shift")))
    is_tanh = f.document["op"] == "TANH"
    name = "tanh, in steps of 2**-15" if is_tanh else "sigmoid, in steps of 2**-15"
    function = math.tanh if is_tanh else FUNCTIONS["LOGISTIC"]
    return {"x in steps of 1 / (3 * 4096)": steps, name: near(function(steps / 12288) * 32768, 4 if is_tanh else 2)}


def sigmoid_of_16_bits(f: Found) -> Steps:
    x = clamp(f.elements[0]["code"] << f.constant("shift"), -(2**15), 2**15 - 1)
    function = math.tanh if f.document["op"] == "TANH" else FUNCTIONS["LOGISTIC"]
    return {"x with 12 fractional bits": x, "function, with 15": near(function(x / 2**12) * 2**15, 16)}


def sigmoid_on_microcontrollers(f: Found) -> Steps:
    """The function of fixed-point numbers with four integer bits; far from 0 it is at a rail."""
    bits, zero, function = (7, 0, math.tanh) if f.document["op"] == "TANH" else (8, -128, FUNCTIONS["LOGISTIC"])
    x, result = f.code("x"), f["function, in fixed point"]
    steps = half_away(over(result, 31 - bits))
    rail = -128 if x < 0 else 127
    return {
        "function, in fixed point": near(function(f["x in fixed point"] / 2**27) * 2**31, 2**31 * 1e-6),
        "in steps of y": steps,
        "y": f.kept(steps + zero) if abs(x) < f.constant("radius") else rail,
    }


def fractions_product(f: Found) -> Steps:
    high = product(f.row[0], f.row[1], 16)
    return {"a * b / 2**15, ties up": high, "divided by 2**8, ties away from zero": half_away(over(high, 8))}


def shifted_sum(f: Found) -> Steps:
    a, b = right_int16(f.row[0], f.constant("a_shift")), right_int16(f.row[1], f.constant("b_shift"))
    return {"a in steps of y": a, "b in steps of y": b, "together": a + f.constant("sign") * b}


def two_slopes(f: Found) -> Steps:
    """PRELU and LEAKY_RELU: both slopes are tried, the sign of x chooses."""
    x = f.code("x")
    sign = f.document["constants"].get("sign", 1)
    assert f.first["for x of 0 and more"] == x
    known = {"in steps of y": f["for x of 0 and more"] if x >= 0 else sign * f["for x below 0"]}
    if f.document["op"] == "PRELU":
        known |= {"x - x_zero": x, "times (alpha - alpha_zero)": x * f.code("alpha")}
        assert f.first["for x below 0"] == x * f.code("alpha")
    return known


def quantize(f: Found) -> Steps:
    x, d = f.elements[0]["code"], f.document
    names = "x / y_scale, nearest, ties away", "plus the zero point", "kept within the type"
    if d["scale"] is None or not isinstance(x, float) or not math.isfinite(x):  # a scale per channel is not in the JSON
        return {names[0]: f[names[0]], names[1]: f[names[1]], names[2]: f.kept(f[names[1]])}
    quotient = single(single(x) / d["scale"])
    steps = half_away(Fraction(quotient)) if abs(quotient) < 2**31 else -(2**31)
    moved = wrap(steps + d["zero_point"])
    return {names[0]: steps, names[1]: moved, names[2]: f.kept(moved)}


def quantize_in_blocks(f: Found) -> Steps:
    """The one of its place is taken, times the reciprocal in float32 or divided in float64."""
    x, zero = f.elements[0]["code"], f.constant("zero_point")
    if not isinstance(x, float) or not math.isfinite(x):
        return {name: f[name] for name in f.results}
    times, divided = single(x * f.constant("reciprocal")), x / f.constant("scale")
    vector, rest = (
        rounded(Fraction(value)) if abs(value) < 2**31 else -(2**31)
        for rounded, value in ((half_even, times), (half_away, divided))
    )
    steps = f["in steps of y"]
    assert steps in (vector, rest)
    moved = wrap(steps + zero)
    known: Steps = {"in a whole block": vector, "left over": rest, "in steps of y": steps}
    return {**known, "plus the zero point": moved, "kept within the type": f.kept(moved)}


def quantize_saturating(f: Found) -> Steps:
    x, zero = f.elements[0]["code"], f.constant("zero_point")
    names = "x times 1 / y_scale", "kept between the steps that have a code"
    low, high = (single(limit - zero) for limit in (f.low, f.high))
    if isinstance(x, float) and math.isfinite(x):
        scaled = single(x * f.constant("reciprocal"))
        within = clamp(scaled, low, high)
    else:
        scaled, within = f[names[0]], low if x in ("-Infinity", -math.inf) else high
    steps = half_even(Fraction(within))
    return {names[0]: scaled, names[1]: within, "nearest, ties to even": steps, "plus the zero point": steps + zero}


def dequantize_in_blocks(f: Found) -> Steps:
    code, scale, zero = f.elements[0]["code"], f.constant("scale"), f.constant("zero_point")
    vector = single(single(code * scale) + single(-zero * scale))
    once = single((code - zero) * scale)
    assert f["the one of its place"] in (vector, once)
    return {"in a whole block": vector, "left over": once, "the one of its place": f["the one of its place"]}


def dequantize(f: Found) -> Steps:
    real = f.elements[0]["real"]
    return {"x_scale * (x - x_zero), exact": real, "nearest float32": single(real)}


RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "EQUAL": lambda a, b: a == b,
    "NOT_EQUAL": lambda a, b: a != b,
    "LESS": lambda a, b: a < b,
    "LESS_EQUAL": lambda a, b: a <= b,
    "GREATER": lambda a, b: a > b,
    "GREATER_EQUAL": lambda a, b: a >= b,
}


def rescaled(f: Found, value: int, path: str) -> int:
    """By the multiplier of a plan, with two roundings or one."""
    mantissa, exponent = f.constant(f"{path}.mantissa"), f.constant(f"{path}.exponent")
    once = half_up(over(value * mantissa, 31 - exponent))
    return once if f.document["rule"] == "single" else double(value, mantissa, exponent)


def compared(f: Found) -> Steps:
    a, b = (rescaled(f, wrap(f.code(name) << 8), f"{name}.rescale") for name in "ab")
    names = "a in steps of 2**-8", "b in steps of 2**-8"
    return {names[0]: a, names[1]: b, "compared": RELATIONS[f.document["op"]](a, b)}


def weights(f: Found) -> list[tuple[float, float]]:
    """The weights of above left, below left, above right, below right: of the row and of the column."""
    return [(row, column) for column in f["of the columns"] for row in f["weights of the rows"]]


def weighted(f: Found) -> Steps:
    total = sum(x * row * column for x, (row, column) in zip(f.row, weights(f), strict=True))
    given: Steps = {name: lambda result: len(result) == 2 for name in ("weights of the rows", "of the columns")}
    assert sum(f["weights of the rows"]) == sum(f["of the columns"]) == 1024
    return {**given, "weighted sum, in 2**-20": total, "nearest code": half_away(over(total, 20))}


def weighted_11_bits(f: Found) -> Steps:
    total = sum(x * row * column for x, (row, column) in zip(f.row, weights(f), strict=True))
    given: Steps = {name: lambda result: len(result) == 2 for name in ("weights of the rows", "of the columns")}
    assert sum(f["weights of the rows"]) == sum(f["of the columns"]) == 2048
    return {**given, "weighted sum, in 2**-22": total, "nearest code": half_up(over(total, 22))}


def weighted_by_products(f: Found) -> Steps:
    """The products of weights first, pixels row by row."""
    total = 0.0
    order = (0, 2, 1, 3)
    for x, (row, column) in ((f.row[i], weights(f)[i]) for i in order):
        total = single(total + single(x * single(row * column)))
    given: Steps = {name: lambda result: len(result) == 2 for name in ("weights of the rows", "of the columns")}
    return {**given, "weighted sum": total, "plus 0.5, cut off": int(single(total + 0.5))}


def weighted_float(f: Found) -> Steps:
    total = 0.0
    for x, (row, column) in zip(f.row, weights(f), strict=True):
        total = single(total + single(single(x * row) * column))
    given: Steps = {name: lambda result: len(result) == 2 for name in ("weights of the rows", "of the columns")}
    return {**given, "weighted sum": total, "plus 0.5, cut off": int(single(total + 0.5))}


def average(f: Found) -> Steps:
    total, count = sum(f.row), len(f.row)
    return {"sum": total, "taps inside the image": count, "quotient": half_away(over(total, 0) / count)}


def float_sum(f: Found) -> Steps:
    return {"sum of the codes": wrap(sum(f.row))}

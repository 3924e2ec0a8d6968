"""What the steps of kernels on whole rows should be: SOFTMAX and its kin."""

import math
from collections.abc import Callable
from fractions import Fraction

from .arithmetic import (
    clamp,
    double,
    exponential,
    half_away,
    half_even,
    half_up,
    inverse_root,
    line,
    over,
    product,
    reciprocal,
    single,
    wrap,
)
from .found import Found, Steps, near


def softmax(f: Found) -> Steps:
    top, mantissa, exponent = max(f.row), f.constant("multiplier.mantissa"), f.constant("multiplier.exponent")
    lowest = f.constant("lowest_difference")
    assert lowest == -(31 * 2**26 // 2**exponent)

    def e(difference: int) -> int:
        return exponential(product(wrap(difference << exponent), mantissa), 5)

    total = sum(half_away(over(e(x - top), 12)) for x in f.row if x - top >= lowest)
    inverse, bits = reciprocal(total, 12)
    counts = f.own - top >= lowest
    own = f.own - top if counts else 0
    share = half_away(over(product(inverse, e(own)), bits + 31 - f.constant("bits")))
    return {
        "x - largest of the row": f.own - top,
        "near enough to count": counts,
        "times beta * x_scale, in 2**-26": product(wrap(own << exponent), mantissa),
        "e to that, in 2**-31": e(own),
        "sum of the row, in 2**-19": total,
        "1 / sum, mantissa": inverse,
        "1 / sum, exponent": bits,
        "share, in steps of y": share,
        "code": f.kept(share + f.low) if counts else f.low,
    }


def samples(function: Callable[[float], float], x_scale: float, x_zero: int, y_scale: float) -> list[int]:
    """The 513 entries of a table over all 16-bit codes, each moved by half of the error in the middle of its piece."""
    first, last = x_scale * (-32768 - x_zero), x_scale * (32767 - x_zero)
    step, units = (last - first) / 512, 65536 / (y_scale * 65535)

    def code(x: float) -> int:
        return half_away(Fraction(function(x) * units))

    entries = []
    for index in range(512):
        x = first + index * step
        between = half_away(over(Fraction(function(first + (index + 1) * step) * units + code(x)), 1))
        entries.append(code(x) - half_away(over(between - code(x + step / 2), 1)))
    return [clamp(entry, -32768, 32767) for entry in [*entries, code(last)]]


def softmax_int16(f: Found) -> Steps:
    top = max(f.row)
    numbers = f.constant("rescale.mantissa"), f.constant("rescale.exponent")
    exp = samples(math.exp, 10.0 / 65535, 32767, 2.0 / 65535)
    inverses = samples(lambda x: 1 / (1 + x), 1.0 / 65535, -32768, 2.0 / 65535)

    def read(table: list[int], code: int) -> int:
        code = clamp(code, -32768, 32767)
        return line(table[256 + code // 128], table[257 + code // 128], code % 128)

    def e(x: int) -> int:
        return read(exp, double(x - top, *numbers) + 32767)

    total = sum(map(e, f.row))
    headroom = 31 - total.bit_length()
    inverse = read(inverses, half_up(over(total << headroom, 14)) - 2**16 - 2**15)
    share = half_up(over(e(f.own) * inverse, 30 - headroom))
    return {
        "x - largest of the row": f.own - top,
        "e to that, in 2**-15": e(f.own),
        "sum of the row, in 2**-30 times": total << headroom,
        "bits it was shifted by": headroom,
        "1 / sum, in 2**-15": inverse,
        "share, in steps of y": share,
        "code": clamp(share, 0, 32767),
    }


def log_softmax(f: Found) -> Steps:
    top, lowest = max(f.row), f.constant("lowest_difference")
    is_single = f.document["rule"] == "single"

    def scaled(value: int, path: str) -> int:
        mantissa, exponent = f.constant(f"{path}.mantissa"), f.constant(f"{path}.exponent")
        once = half_up(over(value * mantissa, 31 - exponent))
        return once if is_single else double(value, mantissa, exponent)

    counted = [x - top for x in f.row if x - top >= lowest]
    total = sum(half_away(over(exponential(scaled(x, "rescale"), 5), 12)) for x in counted)
    counts = f.own - top >= lowest
    own = scaled(f.own - top if counts else 0, "rescale")
    logarithm = f["its logarithm, in 2**-26"]
    reach = max(lowest - 1, scaled(wrap(logarithm - 2**31), "back"))
    steps = half_away(over(wrap(own - logarithm), 22))
    assert f["times x_scale, in 2**-26"] == own
    return {
        "x - largest of the row": f.own - top,
        "near enough to count": counts,
        "e to that, in 2**-31": exponential(own, 5),
        "sum of the row, in 2**-19": total,
        "its logarithm, in 2**-26": near(math.log(total / 2**19) * 2**26, 16),
        "difference, in steps of y": steps,
        "lowest difference with a code": reach,
        "code": f.kept(steps + f.high) if f.own - top > reach else f.low,
    }


def by_floats(f: Found) -> Steps:
    """Exponentials and their sum may be off by the last bits of float32; what follows from them may not."""
    top, step = max(f.row), f.constant("step")
    powers = [math.exp(step * (x - top)) for x in f.row]
    return {
        "x - largest of the row": f.own - top,
        "e to that, times beta * x_scale": near(math.exp(step * (f.own - top)), 1e-6),
        "sum of the row": near(sum(powers), 1e-6 * sum(powers)),
        "code": f.kept(f["nearest"]),
    }


def softmax_by_floats(f: Found) -> Steps:
    inverse = single(1 / single(f["sum of the row"] * f.constant("y_scale")))
    share = single(f["e to that, times beta * x_scale"] * inverse)
    zero = 0 if f.low == 0 else f.constant("y_zero")
    nearest = int(single(share + 0.5)) if f.low == 0 else half_away(Fraction(share)) + zero
    return {**by_floats(f), "1 / (sum * y_scale)": inverse, "share, in steps of y": share, "nearest": nearest}


def log_softmax_by_floats(f: Found) -> Steps:
    x_scale, y_scale = f.constant("step"), f.constant("y_scale")
    logarithm = f["its logarithm"]
    taken = single(single(single(x_scale * max(f.row)) + logarithm) / y_scale)
    difference = single(single(single(x_scale / y_scale) * f.own) - taken)
    return {
        **by_floats(f),
        "its logarithm": near(math.log(f["sum of the row"]), 1e-6),
        "in steps of y": difference,
        "nearest": half_even(Fraction(difference)) + f.constant("y_zero"),
    }


def l2_normalization(f: Found) -> Steps:
    zero = f.constant("x_zero")
    total = wrap(sum((x - zero) ** 2 for x in f.row))
    mantissa, shift = inverse_root(total)
    is_unsigned = f.low == 0
    value = (f.own - zero) << 7 if is_unsigned else f.own - zero
    return {
        "sum of the squares of x - x_zero": total,
        "1 / root of that, mantissa": mantissa,
        "1 / root of that, exponent": -shift,
        "x - x_zero, shifted left for uint8": value,
        "128 * x / root, in steps of y": double(value, mantissa, -shift if is_unsigned else 7 - shift),
    }

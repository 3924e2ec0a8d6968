"""What kernels give that do one plain thing to the elements shown, without a step between."""

import math
import struct
from collections.abc import Callable
from typing import Any

from .arithmetic import single
from .elements import RELATIONS
from .found import Found, Steps


def cast(f: Found) -> Any:
    """A float becomes an integer without its fraction, as near as the type has one; an integer its low bits."""
    value, kind = f.row[0], f.document["type"]
    value = float(value) if isinstance(value, str) else value  # NaN and infinities, as JSON has them
    if kind == "bool":
        return value != 0
    if kind.startswith("float"):
        return single(value) if kind == "float32" else float(value) if kind == "float64" else as_half(value)
    if isinstance(value, float):
        return f.high if math.isnan(value) else f.low if value < f.low else f.high if value > f.high else int(value)
    return f.stored(int(value))


def cut(f: Found) -> Steps:
    """Types of fewer bits than a byte are cut off in the byte first."""
    kind = f.document["type"]
    whole = Found({**f.document, "type": {"int4": "int8", "int2": "int8", "uint4": "uint8"}.get(kind, kind)})
    return {"before the limits": cast(whole)}


def as_half(value: Any) -> float:
    """The nearest float16, by way of float32."""
    try:
        return float(struct.unpack("e", struct.pack("e", single(float(value))))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def shifted_right(f: Found) -> int:
    return int(f.row[0] >> min(max(f.row[1], 0), f.bits - 1))


def divided(f: Found) -> Any:
    return f.stored(f.row[0] // f.row[1]) if isinstance(f.row[0], int) else math.floor(f.row[0] / f.row[1])


def ranked(f: Found) -> Any:
    """The so-and-so-manieth from above; among NaN there is no order."""
    row = [float(value) for value in f.row]
    return f.document["code"] if any(map(math.isnan, row)) else sorted(row, reverse=True)[f.document["at"][-1]]


PLAIN: dict[tuple[str, str], Callable[[Found], Any]] = {
    **{(op, "plain"): lambda f, op=op: RELATIONS[op](*f.row) for op in RELATIONS},
    ("NEG", "plain"): lambda f: f.stored(-f.row[0]),
    ("BITWISE_XOR", "plain"): lambda f: f.row[0] ^ f.row[1],
    ("STABLEHLO_AND", "plain"): lambda f: f.row[0] & f.row[1],
    ("RIGHT_SHIFT", "plain"): shifted_right,
    ("STABLEHLO_SHIFT_LEFT", "plain"): lambda f: f.stored(f.row[0] << f.row[1]) if 0 <= f.row[1] < 32 else 0,
    ("FLOOR_DIV", "plain"): divided,
    ("FLOOR_MOD", "plain"): lambda f: f.row[0] % f.row[1],
    ("STABLEHLO_ADD", "plain"): lambda f: f.stored(sum(f.row)),
    ("STABLEHLO_MULTIPLY", "plain"): lambda f: f.stored(math.prod(f.row)),
    ("STABLEHLO_MAXIMUM", "plain"): lambda f: max(f.row),
    ("STABLEHLO_MINIMUM", "plain"): lambda f: min(f.row),
    ("CAST", "cast"): cast,
    ("ARG_MAX", "codes"): lambda f: f.row.index(max(f.row)),
    ("ARG_MIN", "codes"): lambda f: f.row.index(min(f.row)),
    ("TOPK_V2", "top k"): ranked,
    ("NumericVerify", "verify"): lambda f: single(single(f.elements[0]["real"]) - f.row[1]),
}

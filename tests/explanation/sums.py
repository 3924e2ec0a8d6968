"""The sums over x of recurrent cells, from the printed codes of x and the weights that the node reads."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .arithmetic import double, half_up, over, wrap
from .found import Found

CELL, BIAS, PROJECTION, NORM = 17, 12, 16, 21  # operands of an LSTM cell, and where some of them stand


def check_sums(document: dict[str, Any], inputs: tuple[Any, ...]) -> None:
    """Raise AssertionError unless the sums of a recurrent cell's explanation are those of its operands."""
    check = CHECKS.get((document["op"], document["variant"]))
    if check is not None and document["steps"]:
        check(Found(document), inputs)


def times(f: Found, weights: Any) -> int:
    """Exact products of the row of x, without its zero point, with a row of weights, whose bytes are signed."""
    signed = [int(w) for w in np.asarray(weights).view(np.int8)]
    return sum((e["code"] - e["zero_point"]) * w for e, w in zip(f.elements, signed, strict=True))


def unit_of(f: Found, forward: Any, backward: Any) -> tuple[int, Any]:
    """The row, and of which of two matrices: merged outputs of two cells stand one after the other."""
    unit = f.document["at"][-1]
    return (unit, forward) if unit < len(forward) else (unit - len(forward), backward)


def assert_near(found: float, weights: Any, f: Found) -> None:
    """Vector code gets a weight of -128 wrong; a row of zeros is left out."""
    exact = times(f, weights)
    if not (np.asarray(weights).view(np.int8) == -128).any():
        assert found == (exact if any(e["real"] for e in f.elements) else 0)


def rnn(f: Found, inputs: tuple[Any, ...]) -> None:
    unit, matrix = unit_of(f, inputs[1], inputs[5] if len(inputs) > 5 else None)
    if len(inputs) <= 9 or inputs[9] is None or matrix is inputs[1]:  # else the backward cell may read aux
        assert_near(f["x: sum"], matrix[unit], f)


def hybrid_lstm(f: Found, inputs: tuple[Any, ...]) -> None:
    if "f: value" not in f.results:
        return
    unit, last = unit_of(f, inputs[4], inputs[4 + CELL] if len(inputs) > 2 * CELL else None)
    start = 1 if last is inputs[4] else 1 + CELL
    for place, gate in enumerate("ifgo"):
        if f"{gate}: value" in f.results and (start == 1 or len(inputs) < 40 or inputs[39] is None):
            assert_near(f[f"{gate}: sum of x"], inputs[start + place][unit], f)


def lstm(f: Found, inputs: tuple[Any, ...]) -> None:
    if inputs[PROJECTION] is not None:
        return
    unit, has_norm = f.document["at"][-1], len(inputs) > NORM and inputs[NORM] is not None
    for place, gate in enumerate("ifgo"):
        if inputs[1 + place] is not None:
            bias = 0 if has_norm else int(inputs[BIAS + place][unit])
            assert f[f"{gate}: sum of x"] == times(f, inputs[1 + place][unit]) + bias


def basic_lstm(f: Found, inputs: tuple[Any, ...]) -> None:
    _, h, w, b, _ = inputs
    (row, unit), cells = f.document["at"], h.shape[1]
    both = [e["code"] - e["zero_point"] for e in f.elements] + [int(value) - 128 for value in h[row]]
    for place, gate in enumerate("igfo"):
        line = w[place * cells + unit].astype(int) - f.constant("w_zero")
        assert f[f"{gate}: sum"] == wrap(
            sum(a * int(c) for a, c in zip(both, line, strict=True)) + int(b[place * cells + unit])
        )


def svdf(f: Found, inputs: tuple[Any, ...]) -> None:
    features, rank, unit = f["x times the features"], f.constant("rank"), f.document["at"][-1]
    mantissa, exponent = f.constant("feature.mantissa"), f.constant("feature.exponent")
    for place, found in enumerate(features if isinstance(features, (list, tuple)) else (features,)):
        total = times(f, inputs[1][unit * rank + place])
        is_single = f.document["rule"] == "single"
        once = half_up(over(total * mantissa, 31 - exponent))
        assert found == (once if is_single else double(total, mantissa, exponent))


CHECKS: dict[tuple[str, str], Callable[[Found, tuple[Any, ...]], None]] = {
    **{(op, "hybrid"): rnn for op in ("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN")},
    **{(op, "int8"): lstm for op in ("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM")},
    **{(op, "hybrid"): hybrid_lstm for op in ("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM")},
    ("UNIDIRECTIONAL_SEQUENCE_LSTM", "hybrid-diagonal"): hybrid_lstm,
    ("LSTM", "basic uint8"): basic_lstm,
    ("SVDF", "int8"): svdf,
}

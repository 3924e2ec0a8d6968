"""Codes of any type as int64 numbers, a chunk at a time: so one compiled loop serves all types.

A chunk stays in the first-level cache on its way from codes to codes.
"""

from typing import Any

import numpy as np

from minilite.numerics.fixed_point import wrap_int32

from .blocks import viewed

CHUNK = 256  # elements
CHUNK_BYTES = 8 * CHUNK
KINDS = {np.dtype(kind): number for number, kind in enumerate((np.uint8, np.int8, np.int16, np.int32))}


def load(x: Any, kind: Any, start: Any, total: Any) -> None:
    """total[k] = x[start + k], codes of one of KINDS as bytes."""
    end = start + total.shape[0]
    if kind == 0:
        widen(x[start:end], total)
    elif kind == 1:
        widen(viewed(x[start:end], np.int8), total)
    elif kind == 2:
        widen(viewed(x[2 * start : 2 * end], np.int16), total)
    else:
        widen(viewed(x[4 * start : 4 * end], np.int32), total)


def store(total: Any, kind: Any, y: Any, start: Any) -> None:
    """y[start + k] = total[k], codes of one of KINDS as bytes."""
    end = start + total.shape[0]
    if kind == 0:
        narrow(total, y[start:end], np.uint8)
    elif kind == 1:
        narrow(total, viewed(y[start:end], np.int8), np.int8)
    elif kind == 2:
        narrow(total, viewed(y[2 * start : 2 * end], np.int16), np.int16)
    else:
        narrow(total, viewed(y[4 * start : 4 * end], np.int32), np.int32)


def widen(x: Any, total: Any) -> None:
    """total[k] = x[k]."""
    for k in range(total.shape[0]):
        total[k] = np.int64(x[k])


def narrow(total: Any, y: Any, dtype: Any) -> None:
    """y[k] = total[k], which fits."""
    for k in range(total.shape[0]):
        y[k] = dtype(total[k])


def end_of_chunk(start: Any, whole: Any, count: Any) -> Any:
    """Where the chunk from `start` ends: the first `whole` of `count` elements are apart from the others."""
    return min(start + CHUNK, whole if start < whole else count)


def add(a: Any, b: Any, sign: Any) -> None:
    """a[k] += b[k], or less b[k]."""
    for k in range(a.shape[0]):
        a[k] += sign * b[k]


def add_zero(total: Any, zero: Any, wraps: Any, low: Any, high: Any) -> None:
    """Codes, in place, from steps: a sum with the zero point that `wraps` keeps its low 32 bits."""
    if wraps != 0:
        for k in range(total.shape[0]):
            total[k] = min(max(wrap_int32(total[k] + zero), low), high)
    else:
        for k in range(total.shape[0]):
            total[k] = min(max(total[k] + zero, low), high)

"""Element types smaller than a byte: several elements share one, the first in its lowest bits, without padding of rows.

In memory each element is an int8 (uint8 for UINT4) of its own; only the bytes of the file are packed.
Follows tflite/kernels/internal/portable_tensor_utils.cc (UnpackPackedIntToInt8).
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minilite.format.enums import TensorType

PACKED_BITS: Mapping[TensorType, int] = MappingProxyType({TensorType.INT4: 4, TensorType.UINT4: 4, TensorType.INT2: 2})


def packed_size(kind: TensorType, count: int) -> int:
    """Bytes that `count` elements take."""
    return -(-count * PACKED_BITS[kind] // 8)


def unpack(data: NDArray[np.uint8], kind: TensorType, shape: tuple[int, ...]) -> NDArray[Any]:
    """The elements of packed `data`, int8 or uint8, a new read-only array of `shape`."""
    bits = PACKED_BITS[kind]
    codes = (data[:, None] >> np.arange(0, 8, bits, dtype=np.uint8)) & np.uint8(2**bits - 1)
    values: NDArray[Any] = codes.reshape(-1)[: math.prod(shape)]
    if kind != TensorType.UINT4:
        sign = np.uint8(2 ** (bits - 1))
        values = ((values ^ sign) - sign).view(np.int8)  # fills the upper bits with the sign
    values = values.reshape(shape)
    values.flags.writeable = False
    return values


def pack(values: NDArray[Any], kind: TensorType) -> NDArray[np.uint8]:
    """The bytes that hold the low bits of `values`; the rest of the last byte is 0."""
    bits = PACKED_BITS[kind]
    codes = np.zeros((packed_size(kind, values.size), 8 // bits), np.uint8)
    codes.reshape(-1)[: values.size] = values.reshape(-1).astype(np.uint8) & np.uint8(2**bits - 1)
    packed: NDArray[np.uint8] = (codes << np.arange(0, 8, bits, dtype=np.uint8)).sum(axis=1, dtype=np.uint8)
    return packed

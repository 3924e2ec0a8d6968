"""Element types as variants declare them, for ops that move values without looking at them."""

from typing import Any

from minilite.errors import UnsupportedError

from .call import Call

SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
PACKED = ("int4", "uint4", "int2")  # several to a byte in files
EVERY = ("float32", "float16", "float64", "bool", *SIGNED, *UNSIGNED, "complex64", "complex128")
UP_TO_64_BITS = EVERY[:-1]  # kernels that choose by the size of an element have no 128 bits
UP_TO_32_BITS = ("float32", "float16", "bool", *SIGNED[:3], *UNSIGNED[:3])


def require_unpacked(call: Call[Any], fault: str) -> None:
    """Raise UnsupportedError when elements of x share bytes; `fault` says what the official kernel does with them."""
    x = call["x"].tensor
    if x.type.name.lower() in PACKED:
        raise UnsupportedError(
            f"{call.node.label}: {x.label} is {x.type.name.lower()}, several elements to a byte: the official kernel "
            f"{fault}, so there is nothing to follow; DEQUANTIZE or CAST it before"
        )

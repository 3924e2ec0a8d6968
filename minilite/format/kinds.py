"""What a field of a table can hold, and how it lies in the file.

A table annotates each field with one of the names at the end: a type checker sees a plain `int`, `str` or array, the
decoder and the encoder see the kind. All numbers are little-endian.
"""

from dataclasses import dataclass
from typing import Annotated, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scalar:
    """A number inside the table. `format` is its `struct` character, `enum` the schema's enum naming its values."""

    format: str
    enum: str | None = None
    deprecated: bool = False


@dataclass(frozen=True)
class String:
    """Text behind an offset; bytes that are not UTF-8 survive as surrogate escapes."""

    deprecated: bool = False


@dataclass(frozen=True)
class Vector:
    """Numbers behind an offset: a read-only one-dimensional array of `dtype`, its data aligned to `alignment` bytes."""

    dtype: str
    alignment: int = 1
    enum: str | None = None


@dataclass(frozen=True)
class SubTable:
    """Another table behind an offset."""


@dataclass(frozen=True)
class TableVector:
    """Tables behind a vector of offsets."""


@dataclass(frozen=True)
class Union:
    """A table of one of several classes: in the file two fields, the member's number (from 1) and an offset."""

    name: str
    members: tuple[type, ...]


Kind: TypeAlias = Scalar | String | Vector | SubTable | TableVector | Union

T = TypeVar("T")

boolean = Annotated[bool, Scalar("?")]
i8 = Annotated[int, Scalar("b")]
i32 = Annotated[int, Scalar("i")]
i64 = Annotated[int, Scalar("q")]
u32 = Annotated[int, Scalar("I")]
u64 = Annotated[int, Scalar("Q")]
f32 = Annotated[float, Scalar("f")]

ActivationCode = Annotated[int, Scalar("b", enum="ActivationFunctionType")]
PaddingCode = Annotated[int, Scalar("b", enum="Padding")]
TensorTypeCode = Annotated[int, Scalar("b", enum="TensorType")]

text = Annotated[str | None, String()]

booleans = Annotated[NDArray[np.bool_] | None, Vector("?")]
u8s = Annotated[NDArray[np.uint8] | None, Vector("u1")]
i32s = Annotated[NDArray[np.int32] | None, Vector("<i4")]
i64s = Annotated[NDArray[np.int64] | None, Vector("<i8")]
f32s = Annotated[NDArray[np.float32] | None, Vector("<f4")]

OneTable = Annotated[T | None, SubTable()]
Tables = Annotated[tuple[T, ...] | None, TableVector()]

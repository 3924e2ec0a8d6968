"""WHERE:      y = the coordinates [found, axes] of the elements of x that are not 0, in row-major order
UNIQUE:     y = the different elements of x, in the order of their first places; indices says which one each is
BUCKETIZE:  y = how many boundaries are not above x: the number of the bucket x falls into

WHERE and UNIQUE have outputs whose length only running tells. BUCKETIZE compares in float32, with float64 x in float64.
Follows tflite/kernels/where.cc, unique.cc, bucketize.cc. In UNIQUE a NaN is undefined upstream; here it equals itself.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minilite.format.enums import TensorType
from minilite.format.options.arithmetic import BucketizeOptions
from minilite.format.options.empty import WhereOptions
from minilite.format.options.shape import UniqueOptions
from minilite.numerics.frozen import frozen

from .call import Array, Call
from .op import Op, Variant
from .signature import Shape


def plan_where(call: Call[WhereOptions]) -> None:
    call.require(bool(call["x"].shape), "x must have an axis at least")


def where(plan: None, x: Array) -> Array:
    return np.argwhere(x != 0).astype(np.int64)


class UniquePlan(NamedTuple):
    """The type of the indices."""

    dtype: np.dtype[Any]


def plan_unique(call: Call[UniqueOptions]) -> UniquePlan:
    asked, dtype = call.options.idx_out_type, call["indices"].tensor.type
    call.require(asked == dtype, f"option idx_out_type is {TensorType(asked).name}, the tensor is {dtype.name}")
    return UniquePlan(call["indices"].dtype)


def unique(plan: UniquePlan, x: Array) -> tuple[Array, Array]:
    _, first, which = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)
    places = np.empty(len(order), plan.dtype)
    places[order] = np.arange(len(order))
    return x[first[order]], places[which.reshape(-1)]


class BucketizePlan(NamedTuple):
    """The boundaries, from the lowest to the highest."""

    boundaries: NDArray[np.float32]


def plan_bucketize(call: Call[BucketizeOptions]) -> BucketizePlan:
    boundaries = np.asarray(() if call.options.boundaries is None else call.options.boundaries, np.float32)
    call.require(bool((boundaries[1:] >= boundaries[:-1]).all()), "option boundaries must go from low to high")
    return BucketizePlan(frozen(boundaries))


def bucketize(plan: BucketizePlan, x: Array) -> Array:
    wide = np.float64 if x.dtype == np.float64 else np.float32
    return np.asarray(np.searchsorted(plan.boundaries.astype(wide), x.astype(wide), side="right"), np.int32)


def bucketize_shapes(call: Call[BucketizeOptions]) -> Sequence[Shape]:
    return [call["x"].shape]


WHERE_TYPES = tuple(f"{kind} -> int64" for kind in ("float32", "bool", "int8", "uint8", "int32", "uint32", "int64"))
UNIQUE_TYPES = tuple(
    f"{kind} -> {kind} {index}"
    for kind in ("float32", "int8", "uint8", "int16", "int32", "int64")
    for index in ("int32", "int64")
)
BUCKET_TYPES = tuple(f"{kind} -> int32" for kind in ("float32", "float64", "int32", "int64"))
OPS = (
    Op("WHERE", "x[...] -> y[?]", WhereOptions, (Variant("where", WHERE_TYPES, plan_where, where),)),
    Op(
        "UNIQUE",
        "x[n] -> y[?] indices[n]",
        UniqueOptions,
        (Variant("unique", UNIQUE_TYPES, plan_unique, unique),),
    ),
    Op(
        "BUCKETIZE",
        "x[...] -> y[...]",
        BucketizeOptions,
        (Variant("bucketize", BUCKET_TYPES, plan_bucketize, bucketize),),
        bucketize_shapes,
    ),
)

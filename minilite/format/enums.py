"""The schema's enums, and the names of the operators.

Tables hold plain integers, since a file may hold any; compare them with these members, or name them with `enum_names`.
"""

from collections.abc import Mapping
from enum import IntEnum
from functools import cache
from types import MappingProxyType


class TensorType(IntEnum):
    FLOAT32 = 0
    FLOAT16 = 1
    INT32 = 2
    UINT8 = 3
    INT64 = 4
    STRING = 5
    BOOL = 6
    INT16 = 7
    COMPLEX64 = 8
    INT8 = 9
    FLOAT64 = 10
    COMPLEX128 = 11
    UINT64 = 12
    RESOURCE = 13
    VARIANT = 14
    UINT32 = 15
    UINT16 = 16
    INT4 = 17
    BFLOAT16 = 18
    INT2 = 19
    UINT4 = 20
    FLOAT8_E4M3FN = 21
    FLOAT8_E5M2 = 22


class DimensionType(IntEnum):
    DENSE = 0
    SPARSE_CSR = 1


class StablehloPrecisionConfig(IntEnum):
    DEFAULT = 0
    HIGH = 1
    HIGHEST = 2


class StablehloComparisonDirection(IntEnum):
    STABLEHLO_COMPARISON_DIRECTION_EQ = 0
    STABLEHLO_COMPARISON_DIRECTION_NE = 1
    STABLEHLO_COMPARISON_DIRECTION_GE = 2
    STABLEHLO_COMPARISON_DIRECTION_GT = 3
    STABLEHLO_COMPARISON_DIRECTION_LE = 4
    STABLEHLO_COMPARISON_DIRECTION_LT = 5


class StablehloComparisonType(IntEnum):
    STABLEHLO_COMPARISON_TYPE_NOTYPE = 0
    STABLEHLO_COMPARISON_TYPE_FLOAT = 1
    STABLEHLO_COMPARISON_TYPE_FLOAT_TOTAL_ORDER = 2
    STABLEHLO_COMPARISON_TYPE_SIGNED = 3
    STABLEHLO_COMPARISON_TYPE_UNSIGNED = 4


class RngAlgorithm(IntEnum):
    DEFAULT = 0
    PHILOX = 1
    THREEFRY = 2


class Padding(IntEnum):
    SAME = 0
    VALID = 1


class ActivationFunctionType(IntEnum):
    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5


class LSHProjectionType(IntEnum):
    UNKNOWN = 0
    SPARSE = 1
    DENSE = 2


class FullyConnectedOptionsWeightsFormat(IntEnum):
    DEFAULT = 0
    SHUFFLED4x16INT8 = 1


class LSTMKernelType(IntEnum):
    FULL = 0
    BASIC = 1


class CombinerType(IntEnum):
    SUM = 0
    MEAN = 1
    SQRTN = 2


class MirrorPadMode(IntEnum):
    REFLECT = 0
    SYMMETRIC = 1


class ReduceWindowFunction(IntEnum):
    UNSUPPORTED = 0
    ADD = 1
    MUL = 2
    MINIMUM = 3
    MAXIMUM = 4
    ALL = 5
    ANY = 6


class CustomOptionsFormat(IntEnum):
    FLEXBUFFERS = 0


_DECLARED: tuple[type[IntEnum], ...] = (
    TensorType,
    DimensionType,
    StablehloPrecisionConfig,
    StablehloComparisonDirection,
    StablehloComparisonType,
    RngAlgorithm,
    Padding,
    ActivationFunctionType,
    LSHProjectionType,
    FullyConnectedOptionsWeightsFormat,
    LSTMKernelType,
    CombinerType,
    MirrorPadMode,
    ReduceWindowFunction,
    CustomOptionsFormat,
)

_NEWER_OPERATORS = {209: "STABLEHLO_CASE"}
"""Not yet in the `tflite` package."""


@cache
def enum_names(enum: str) -> Mapping[int, str]:
    """The names of the members of a schema enum, such as "BuiltinOperator" or "Padding", by number.

    Operator names come from the `tflite` package, imported at the first such call. Raises KeyError for an unknown enum.
    """
    if enum == "BuiltinOperator":
        from tflite.BuiltinOperator import BuiltinOperator

        names = {number: name for name, number in vars(BuiltinOperator).items() if not name.startswith("_")}
        return MappingProxyType(dict(sorted((names | _NEWER_OPERATORS).items())))
    declared = {each.__name__: each for each in _DECLARED}
    return MappingProxyType({member.value: member.name for member in declared[enum]})

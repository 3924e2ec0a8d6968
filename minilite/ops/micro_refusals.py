"""What TensorFlow Lite Micro's kernels do not take of the ops and element types that they have.

Its graphs have no sparse and no empty tensors; operands that decide about shapes are constants of the file; some
kernels have fewer dimensions. Where a kernel takes a node but computes something that depends on memory nobody wrote,
or reads past the end of a tensor, the node is refused as well: there is nothing to follow.

Follows Prepare of each kernel in tensorflow/lite/micro/kernels and its folder cmsis_nn, and
micro_interpreter_graph.cc.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from minilite.errors import UnsupportedError
from minilite.graph import Node, Tensor

from .call import Call
from .op import Op

CONSTANTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "BROADCAST_TO": ("shape",),
        "EXPAND_DIMS": ("axis",),
        "FILL": ("dims",),
        "PAD": ("paddings",),
        "PADV2": ("paddings",),
        "RESIZE_BILINEAR": ("size",),
        "RESIZE_NEAREST_NEIGHBOR": ("size",),
        "SPLIT": ("axis",),
        "SPLIT_V": ("axis",),
        "STRIDED_SLICE": ("begin", "end", "strides"),
        "TRANSPOSE": ("permutation",),
    }
)
RANKS: Mapping[str, int] = MappingProxyType(  # the most dimensions an array may have
    {
        "BATCH_MATMUL": 5,
        "BATCH_TO_SPACE_ND": 4,
        "BROADCAST_TO": 5,
        "L2_NORMALIZATION": 4,
        "PAD": 5,
        "PADV2": 5,
        "SLICE": 5,
        "SPACE_TO_BATCH_ND": 4,
        "STRIDED_SLICE": 4,
        "TRANSPOSE": 5,
    }
)
CMSIS_NN_RANK = 4
CMSIS_NN_RANKED, CMSIS_NN_RANKED_INT8 = ("BATCH_MATMUL", "MAXIMUM", "MINIMUM"), ("PAD", "PADV2", "TRANSPOSE")


def require_constants(op: Op, node: Node, operands: Mapping[str, Tensor], kernel_set: str) -> None:
    """Raise UnsupportedError, naming the set, for an operand that a kernel needs when the graph is prepared."""
    for name in CONSTANTS.get(op.code, ()):
        if name in operands and operands[name].data is None:
            where = f"{node.label}: not taken by kernel set {kernel_set!r}"
            raise UnsupportedError(f"{where}: {name} ({operands[name].label}) must be a constant of the file")


def why_refused(op: Op, call: Call[Any], kernel_set: str) -> str:
    """Why a microcontroller set does not take a call whose op and element types it has; empty when it does."""
    checks = (_sparse(call), _empty(op, call), _rank(op, call, kernel_set))
    return next((reason for reason in (*checks, SPECIAL.get(op.code, _nothing)(call)) if reason), "")


def _sparse(call: Call[Any]) -> str:
    sparse = (x.tensor for group in call.operands.values() for x in group if x.tensor.sparsity is not None)
    return next((f"{tensor.label} is sparse" for tensor in sparse), "")


def _empty(op: Op, call: Call[Any]) -> str:
    made = (y for form in op.signature.outputs for y in call.every(form.name))
    return next((f"{y.tensor.label} has no elements" for y in made if 0 in y.shape and y.shape != (0,)), "")


def _rank(op: Op, call: Call[Any], kernel_set: str) -> str:
    forms = (*op.signature.inputs, *op.signature.outputs)
    arrays = [x for form in forms if not form.is_value for x in call.every(form.name)]
    most = RANKS.get(op.code)
    ranked = CMSIS_NN_RANKED + (CMSIS_NN_RANKED_INT8 if arrays and arrays[0].dtype == np.int8 else ())
    if kernel_set.startswith("cmsis-nn") and op.code in ranked:
        most = CMSIS_NN_RANK
    too_many = (x for x in arrays if most is not None and len(x.shape) > most)
    return next((f"{x.tensor.label} has {len(x.shape)} dimensions, {most} at most are possible" for x in too_many), "")


def _nothing(call: Call[Any]) -> str:
    return ""


def _int32_only(name: str) -> Callable[[Call[Any]], str]:
    """The kernel reads this operand as int32, whatever it is."""

    def check(call: Call[Any]) -> str:
        kind = call[name].dtype
        return "" if kind == np.int32 else f"{name} is {kind}; store it as int32"

    return check


def _multiplier(call: Call[Any]) -> str:
    given, (channels, units) = call.options.depth_multiplier, (call["x"].shape[3], call["w"].shape[3])
    return "" if given * channels == units else f"option depth_multiplier is {given}, the shapes say otherwise"


def _scalars(call: Call[Any]) -> str:
    return "" if call["x"].shape else "scalars: only the first would be copied"


def _padded_codes(call: Call[Any]) -> str:
    pads = call["x"].dtype == np.int8 and call["y"].whole_quantization[1] != 0 and any(call.integers("paddings"))
    return "int8 would be padded with a value that is never set, not with the zero point" if pads else ""


def _row_scales(call: Call[Any]) -> str:
    affine = call["table"].tensor.quantization
    many = affine is not None and affine.scale.size > 1 and call["y"].dtype == np.float32
    return "a scale for each row: the first would be used for all" if many else ""


def _negative_axis(call: Call[Any]) -> str:
    return "a negative axis in the permutation" if min(call.integers("permutation"), default=0) < 0 else ""


def _no_bias(call: Call[Any]) -> str:
    return "" if call.optional("b") else "no bias: it would read memory that is none of its own"


SPECIAL: Mapping[str, Callable[[Call[Any]], str]] = MappingProxyType(
    {
        "ARG_MAX": _int32_only("axis"),
        "ARG_MIN": _int32_only("axis"),
        "CONCATENATION": _scalars,
        "DEPTHWISE_CONV_2D": _multiplier,
        "EMBEDDING_LOOKUP": _row_scales,
        "PAD": _int32_only("paddings"),
        "PADV2": _int32_only("paddings"),
        "SPACE_TO_BATCH_ND": _padded_codes,
        "SVDF": _no_bias,
        "TRANSPOSE": _negative_axis,
    }
)

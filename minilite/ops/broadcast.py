"""Operands stretched to one shape, as element-wise ops of several arrays take them."""

from collections.abc import Sequence
from typing import Any

from minilite.numerics.geometry import broadcast_shapes

from .call import Call
from .signature import Shape

MAX_RANK = 8  # the reference loop over broadcast operands has no more dimensions


def broadcast(call: Call[Any]) -> Sequence[Shape]:
    """The shape that all operands of an op stretch to, aligned right, as its one output shape.

    Raises ModelError when lengths differ and neither is 1, or when operands of more than 8 dimensions differ.
    Follows CalculateShapeForBroadcast in tflite/kernels/kernel_util.cc and internal/reference/broadcast_loop.h.
    """
    shapes = [call[form.name].shape for form in call.signature.inputs]
    stretched = broadcast_shapes(*shapes)
    if stretched is None:
        call.fail("the shapes do not stretch to a common one: aligned right, lengths must be equal or 1")
    if len(set(shapes)) > 1 and len(stretched) > MAX_RANK:
        call.fail(f"operands of different shapes may have at most {MAX_RANK} dimensions")
    return [stretched]


def stretches(call: Call[Any]) -> str:
    """Why a kernel that does not stretch its operands a and b does not take a call; empty when it does."""
    return "" if call["a"].shape == call["b"].shape else "the operands have two shapes"

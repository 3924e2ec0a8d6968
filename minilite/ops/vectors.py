"""Vectors and matrices of float and hybrid recurrent cells: what a cell multiplies at every step."""

from collections.abc import Callable
from typing import NamedTuple

from minilite.numerics.dynamic import DynamicRows, quantize_rows

from .call import Array
from .hybrid import as_int8, hybrid_product

AddProduct = Callable[[Array, Array, Array], Array]  # total [n,u], x [n,d], w [u,d] to total + x @ w.T, in some order


class Matrix(NamedTuple):
    """Float weights, or int8 weights with their scale."""

    values: Array  # [u,d], or [u] for a diagonal
    scale: Array | None = None


class Vector(NamedTuple):
    """Float rows [n,d], with their codes when the weights are int8. One that is `absent` adds nothing."""

    values: Array
    rows: DynamicRows | None
    absent: bool


def make_vector(values: Array, hybrid: bool, asymmetric: bool, skip_zeros: bool = False) -> Vector:
    """`values` ready to be multiplied. Hybrid kernels leave out what is all zero, float ones where told."""
    absent = not values.any() and (hybrid or skip_zeros)
    return Vector(values, quantize_rows(values, asymmetric) if hybrid and not absent else None, absent)


def add_product(total: Array, vector: Vector, matrix: Matrix, add_floats: AddProduct) -> Array:
    """total + vector @ matrix.T, [n,u]; `add_floats` does it for floats."""
    if vector.absent:
        return total
    if vector.rows is not None and matrix.scale is not None:
        return hybrid_product(total, vector.rows, as_int8(matrix.values), matrix.scale)
    if matrix.values.ndim == 1:
        products: Array = matrix.values * vector.values
        return total + products
    return add_floats(total, vector.values, matrix.values)


def input_notes(x: Array, asymmetric: bool) -> dict[str, Array]:
    """The scale and zero point that each row of x gets."""
    rows = quantize_rows(x.reshape(-1, x.shape[-1]), asymmetric)
    return {"x_scale": rows.scale.reshape(x.shape[:-1]), "x_zero_point": rows.zero_point.reshape(x.shape[:-1])}

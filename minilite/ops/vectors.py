"""Vectors and matrices of float and hybrid recurrent cells: what a cell multiplies at every step."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from minilite.numerics.dynamic import DynamicRows, quantize_rows

from .call import Array
from .hybrid import add_scaled, as_int8, codes_of_x, hybrid_sums, notes, row_scales
from .op import Noted, Staged

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
        return hybrid_steps(total, vector, matrix).total
    if matrix.values.ndim == 1:
        products: Array = matrix.values * vector.values
        return total + products
    return add_floats(total, vector.values, matrix.values)


class Product(NamedTuple):
    """A hybrid product on its way into a total: exact sums, what one of their steps stands for, the new total."""

    sums: Array  # [n,u] each
    scale: Array
    total: Array


def hybrid_steps(total: Array, vector: Vector, matrix: Matrix) -> Product:
    """total + vector @ matrix.T, [n,u], for int8 weights."""
    if vector.rows is None or matrix.scale is None:
        return Product(np.zeros_like(total), np.zeros_like(total), total)
    sums, scale = hybrid_sums(vector.rows, as_int8(matrix.values)), row_scales(vector.rows, matrix.scale)
    return Product(sums, np.broadcast_to(scale, sums.shape), add_scaled(total, sums, scale))


def stack_steps(steps: Sequence[Array]) -> Array:
    """Steps [n,u] of one moment, sums and float32 values, as float64 [n,u,s]; the last is the cell's output."""
    return np.stack([np.asarray(step, np.float64) for step in steps], axis=-1)


def staged(x: Array, asymmetric: bool, outputs: tuple[Array, ...], names: Sequence[str], steps: Array) -> Staged:
    """The outputs of a hybrid cell with their steps [...,s], by name, and the codes that each row of x got."""
    rows = quantize_rows(x.reshape(-1, x.shape[-1]), asymmetric)
    found = {name: array.reshape(x.shape[:-1]) for name, array in notes(rows).items()}
    stages = {name: steps[..., place] for place, name in enumerate(names)}
    return Staged(Noted(outputs, found), stages, codes_of_x(rows, x))

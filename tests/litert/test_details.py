"""Details equal LiteRT's, key by key, for every model at hand and for tensors that no model at hand has."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minilite.format import schema
from minilite.format.enums import TensorType
from minilite.graph import Tensor

from .both import (
    EACH_MODEL,
    REFUSED_BY_LITERT,
    SUM,
    X,
    Z,
    affine,
    assert_same_details,
    codes,
    official,
    ours,
    small_model,
)


@pytest.mark.parametrize("path", EACH_MODEL)
def test_every_model(path: Path) -> None:
    if path.stem == REFUSED_BY_LITERT:
        with pytest.raises(ValueError, match="quantized_dimension"):
            official(str(path))
        assert len(ours(path).get_tensor_details()) == len(ours(path)._graph.main.tensors)
        return
    assert_same_details(ours(path), official(str(path)))
    merged = {"experimental_compress_quantization_zero_points": True}
    assert_same_details(ours(path, **merged), official(str(path), **merged))


@pytest.mark.parametrize("kind", list(TensorType), ids=lambda kind: kind.name)
def test_every_element_type(kind: TensorType) -> None:
    model = small_model(Tensor(6, "spare", (2, 4), kind, shape_signature=(-1, 4)))
    assert_same_details(ours(model_content=model), official(model_content=model))
    count = 6 if kind == TensorType.BFLOAT16 else 7
    assert len(ours(model_content=model).get_tensor_details()) == count


@pytest.mark.parametrize("block_map", [None, [], [0]])
@pytest.mark.parametrize("stored", [False, True])
def test_sparse_tensor(block_map: list[int] | None, stored: bool) -> None:
    segments, columns = (schema.Int32Vector(values=np.array(numbers, np.int32)) for numbers in ([0, 1, 2], [1, 3]))
    levels = [
        schema.DimensionMetadata(format=0, dense_size=2),
        schema.DimensionMetadata(format=1, array_segments=segments, array_indices=columns),
        *[schema.DimensionMetadata(format=0, dense_size=1)] * len(block_map or ()),
    ]
    sparsity = schema.SparsityParameters(
        traversal_order=np.arange(len(levels), dtype=np.int32),
        block_map=None if block_map is None else np.array(block_map, np.int32),
        dim_metadata=tuple(levels),
    )
    data = np.zeros(8, np.uint8) if stored else None
    model = small_model(Tensor(6, "sparse", (2, 4), TensorType.FLOAT32, data=data, sparsity=sparsity))
    assert_same_details(ours(model_content=model), official(model_content=model))
    assert bool(ours(model_content=model).get_tensor_details()[6]["sparsity_parameters"]) is stored


def test_parameters_without_scale() -> None:
    empty = schema.QuantizationParameters(quantized_dimension=1)
    model = small_model(Tensor(6, "spare", (2, 4), TensorType.INT8, empty))
    assert_same_details(ours(model_content=model), official(model_content=model))


def test_zero_points_are_merged_only_when_equal() -> None:
    for zero_points in ([1, 1, 1], [1, 2, 1]):
        spare = Tensor(6, "spare", (3,), TensorType.INT8, affine([0.1, 0.2, 0.3], zero_points))
        for merge in (False, True):
            options = {"model_content": small_model(spare), "experimental_compress_quantization_zero_points": merge}
            assert_same_details(ours(**options), official(**options))
            assert ours(**options).experimental_compress_quantization_zero_points is merge


def test_shapes_follow_resize_allocate_and_invoke() -> None:
    model = small_model()
    pair = ours(model_content=model), official(model_content=model)

    def both(step: Any) -> None:
        for interpreter in pair:
            step(interpreter)
        assert_same_details(*pair)

    both(lambda i: i.resize_tensor_input(X, [4, 3]))
    both(lambda i: i.resize_tensor_input(Z, [4, 3], strict=True))
    both(lambda i: i.resize_tensor_input(SUM, [4, 3]))
    both(lambda i: i.allocate_tensors())
    both(lambda i: (i.set_tensor(X, codes(1, 4)), i.set_tensor(Z, codes(2, 4)), i.invoke()))
    assert pair[0].get_output_details()[0]["shape"].tolist() == [4, 3]
    both(lambda i: (i.resize_tensor_input(X, [2, 3]), i.resize_tensor_input(Z, [1, 3])))
    both(lambda i: i.allocate_tensors())

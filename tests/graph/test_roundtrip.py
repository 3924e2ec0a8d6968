"""What is written reads back equal, and constants are views of the file."""

import io
import mmap
from pathlib import Path

import numpy as np
import pytest

from minilite.errors import InputError
from minilite.graph import load, read, save, write
from tests.conftest import each_shared_model

from .build import small_graph, with_node, with_tensor

DIGITS = sorted((Path(__file__).parents[2] / "examples" / "digits").glob("*.tflite"))


def test_small_graph_reads_back_equal() -> None:
    assert read(write(small_graph())) == small_graph()


@pytest.mark.parametrize("path", [*each_shared_model(), *DIGITS], ids=lambda path: getattr(path, "stem", None))
def test_real_model_reads_back_equal(path: Path) -> None:
    graph = load(path)
    again = read(write(graph))
    assert again == graph
    assert again.warnings == graph.warnings


def test_equality_sees_every_kind_of_change() -> None:
    graph = small_graph()
    assert with_tensor(graph, 0, name="other") != graph
    assert with_tensor(graph, 1, data=np.zeros(8, np.uint8)) != graph
    assert with_tensor(graph, 3, parameters=None) != graph
    assert with_node(graph, 0, options=None) != graph


def test_equal_constants_share_a_buffer() -> None:
    tensors = read(write(small_graph())).main.tensors
    assert tensors[1].buffer == tensors[4].buffer != 0


def test_constants_are_read_only_views_of_the_data() -> None:
    data = write(small_graph())
    value = read(data).main.tensors[1].value
    assert value is not None
    assert np.shares_memory(value, np.frombuffer(data, np.uint8))
    assert not value.flags.writeable


def test_large_files_are_mapped(tmp_path: Path) -> None:
    big = np.zeros(1 << 21, np.uint8)
    graph = with_tensor(small_graph(), 1, shape=(1 << 19, 4), data=big, parameters=None)
    save(graph, tmp_path / "big.tflite")
    value = load(tmp_path / "big.tflite").main.tensors[1].value
    base = value
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    owner = base.obj if isinstance(base, memoryview) else base
    assert isinstance(owner, mmap.mmap)


def test_path_bytes_and_file_object_give_the_same(tmp_path: Path) -> None:
    data = write(small_graph())
    path = tmp_path / "small.tflite"
    path.write_bytes(data)
    assert load(path) == load(str(path)) == load(data) == load(bytearray(data)) == load(io.BytesIO(data))


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing\.tflite: cannot read the model: No such file"):
        load(tmp_path / "missing.tflite")
    with pytest.raises(InputError, match="cannot read the model"):
        load(tmp_path)
    with pytest.raises(InputError, match="a model is a path, bytes or a binary file, not NoneType"):
        load(None)

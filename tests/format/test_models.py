"""Real models: every field equals what the generated readers say, and survives writing."""

from pathlib import Path

import numpy as np
import pytest
import tflite

from minilite.format import decode, encode
from tests.conftest import each_shared_model
from tests.format.generated_readers import differences


@pytest.mark.parametrize("path", each_shared_model())
def test_equals_tflite_package(path: Path) -> None:
    data = path.read_bytes()
    assert differences(decode(data), tflite.Model.GetRootAs(data, 0), tflite) == []


@pytest.mark.parametrize("path", each_shared_model())
def test_equals_litert_schema(path: Path) -> None:
    litert = pytest.importorskip("ai_edge_litert.schema_py_generated")
    data = path.read_bytes()
    assert differences(decode(data), litert.Model.GetRootAs(data, 0), litert) == []


@pytest.mark.parametrize("path", each_shared_model())
def test_survives_writing(path: Path) -> None:
    model = decode(path.read_bytes())
    written = encode(model)
    assert decode(written) == model
    assert differences(model, tflite.Model.GetRootAs(written, 0), tflite) == []


@pytest.mark.parametrize("path", each_shared_model())
def test_buffers_are_views_and_aligned_when_written(path: Path) -> None:
    written = np.frombuffer(encode(decode(path.read_bytes())), np.uint8)
    for buffer in decode(written).buffers or ():
        if buffer.data is not None and buffer.data.size:
            assert np.shares_memory(buffer.data, written)
            assert not buffer.data.flags.writeable
            assert (buffer.data.ctypes.data - written.ctypes.data) % 16 == 0

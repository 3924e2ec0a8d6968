"""Whole models under the four microcontroller sets: every stored tensor of real builds, variables included."""

from pathlib import Path

import pytest

from minilite.errors import UnsupportedError
from minilite.graph import load
from minilite.program import bind

from .vectors import BUILDS, MODELS, ORACLE, differing_tensors, model_runs, stored_under

NAMES = sorted(path.stem for path in (ORACLE / "A").glob("*.npz"))
HYBRID = ("kws_dynamic_range", "ad_toycar_dynamic_range")
NO_MODELS = pytest.mark.skipif(not MODELS.exists(), reason="the real models (../shared/models) are not here")
NO_VECTORS = pytest.mark.skipif(not NAMES, reason="the golden vectors (../shared/golden) are not here")


def path_of(model: str) -> Path:
    return next(MODELS.rglob(f"{model}.tflite"))


@NO_MODELS
@NO_VECTORS
@pytest.mark.parametrize("engine", ["numpy", "jit"])
@pytest.mark.parametrize("kernels", BUILDS)
@pytest.mark.parametrize("model", NAMES or ["none"])
def test_every_stored_tensor_is_the_same(model: str, kernels: str, engine: str) -> None:
    graph, runs = load(path_of(model)), model_runs(stored_under(model, kernels))
    fresh = [text for run in runs.fresh for text in differing_tensors((run,), graph, kernels, engine)]
    stream = list(differing_tensors(runs.stream, graph, kernels, engine))
    assert [*fresh, *stream] == []
    assert runs.fresh


@NO_MODELS
@pytest.mark.parametrize("kernels", BUILDS)
@pytest.mark.parametrize("model", HYBRID)
def test_hybrid_models_are_refused(model: str, kernels: str) -> None:
    with pytest.raises(UnsupportedError, match=f"not taken by kernel set '{kernels}'"):
        bind(load(path_of(model)), kernels=kernels)

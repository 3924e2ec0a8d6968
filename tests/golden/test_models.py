"""Whole models under the four microcontroller sets: every stored tensor of real builds, variables included."""

import pytest

from minilite.errors import UnsupportedError
from minilite.graph import load
from minilite.program import bind

from .vectors import BUILDS, IS_COMPLETE, compare_model, model_names, model_path

HYBRID = ("kws_dynamic_range", "ad_toycar_dynamic_range")


@pytest.mark.parametrize("engine", ["numpy", "jit"])
@pytest.mark.parametrize("kernels", BUILDS)
@pytest.mark.parametrize("model", model_names())
def test_every_stored_tensor_is_the_same(model: str, kernels: str, engine: str) -> None:
    compared = list(compare_model(model, kernels, engine))
    assert [one for one in compared if one.differing] == []
    assert compared


@pytest.mark.skipif(not IS_COMPLETE, reason="the real models (../shared/models) are not here")
@pytest.mark.parametrize("kernels", BUILDS)
@pytest.mark.parametrize("model", HYBRID)
def test_hybrid_models_are_refused(model: str, kernels: str) -> None:
    with pytest.raises(UnsupportedError, match=f"not taken by kernel set '{kernels}'"):
        bind(load(model_path(model)), kernels=kernels)

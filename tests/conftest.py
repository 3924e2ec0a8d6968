"""Shared by all tests: where the real models are."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("minilite", deadline=None, database=None)  # no timing decides a test
settings.load_profile("minilite")

MODELS_FOLDER = Path(__file__).resolve().parents[2] / "shared" / "models"


def shared_models() -> list[Path]:
    """The real models beside the repository, sorted; empty when they are not there."""
    return sorted(MODELS_FOLDER.rglob("*.tflite"))


def each_shared_model() -> list[object]:
    """Parameters for `pytest.mark.parametrize`: one test per real model, or one skipped with the reason."""
    if not shared_models():
        skip = pytest.mark.skip(reason="the real models (../shared/models) are not here")
        return [pytest.param(None, id="none", marks=skip)]
    return [pytest.param(path, id=path.stem) for path in shared_models()]

"""Shared by all tests: where the real models are, and how examples are drawn.

The same examples are drawn every time; MINILITE_RANDOM=1 draws others, to look for what the fixed ones miss.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPEATABLE = not os.environ.get("MINILITE_RANDOM")
settings.register_profile("minilite", deadline=None, database=None, derandomize=REPEATABLE)  # no timing decides a test
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

"""The vectors kept here are small, cover every kind of case, and say what the complete ones say."""

import numpy as np
import pytest

from .selection import MODELS
from .vectors import ALL_VECTORS, BUILDS, IS_COMPLETE, RECORDED, SELECTION, one_op_cases

COMPLETE = pytest.mark.skipif(not IS_COMPLETE, reason="the complete golden vectors (../shared/golden) are not here")
FILES = sorted(path for path in SELECTION.rglob("*") if path.is_file())
VECTORS = [path for path in FILES if path.suffix == ".npz"]


def test_selection_is_small_and_of_every_build() -> None:
    assert sum(path.stat().st_size for path in (*FILES, RECORDED)) < 1_000_000
    assert {path.stem for path in FILES} == {"one_op", *MODELS}
    assert {path.parent.name for path in SELECTION.glob("?/*.npz")} == set(BUILDS.values())


@COMPLETE
def test_every_kind_of_case_is_kept() -> None:
    kept, every = (one_op_cases(folder / "one_op.npz") for folder in (SELECTION, ALL_VECTORS))
    assert sorted(case.label for case in kept.values()) == sorted({case.label for case in every.values()})


@COMPLETE
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_nothing_else_is_said(path) -> None:
    with np.load(path) as kept, np.load(ALL_VECTORS / path.relative_to(SELECTION)) as every:
        assert all(np.array_equal(kept[key], every[key]) for key in kept.files)
        names = {key.rpartition("/")[0] for key in kept.files}
        assert set(kept.files) == {key for key in every.files if key.rpartition("/")[0] in names}

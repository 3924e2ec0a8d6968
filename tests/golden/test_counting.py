"""No recorded array is overlooked: what is read from the files is all there is in them."""

from pathlib import Path

import numpy as np
import pytest

from .vectors import (
    BUILDS,
    CASE_FILES,
    FAULTY,
    VECTORS,
    all_cases,
    case_arrays,
    model_names,
    model_path,
    model_runs,
    one_op_cases,
    stored_under,
)


def test_every_file_is_compared() -> None:
    read = {stored_under(model, kernels) for model in model_names() for kernels in BUILDS}
    assert read == set(VECTORS.glob("?/*.npz"))
    assert {path.parent.name for path in read} == set(BUILDS.values())
    assert all(model_path(model).exists() for model in model_names())


def test_every_array_of_a_model_is_read() -> None:
    for path in VECTORS.glob("?/*.npz"):
        runs = model_runs(path)
        every = (*runs.fresh, *runs.stream)
        with np.load(path) as archive:
            assert sum(len(run.inputs) + len(run.tensors) for run in every) == len(archive.files), path.name
        assert all(run.inputs and run.tensors for run in every), path.name


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_every_array_of_every_case_is_read(path: Path) -> None:
    cases, stored = one_op_cases(path), case_arrays(path)
    keys = set()
    for name, case in cases.items():
        keys |= {f"{name}/model", *(f"{name}/refused_{build}" for build in case.refused)}
        for run, given in enumerate(case.inputs):
            keys |= {f"{name}/in_{run}_{operand}" for operand in range(len(given))}
            keys |= {f"{name}/out_{build}_{run}" for build in case.outputs}
    assert stored.keys() <= keys
    assert {key.partition("/")[0] for key in stored} == set(cases)
    assert [case.name for case in all_cases() if case.name in cases] == list(cases)


def test_what_is_known_to_be_wrong_was_recorded() -> None:
    assert {label for label, _ in FAULTY} <= {case.label for case in all_cases()}

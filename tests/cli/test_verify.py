"""minilite verify: counts what differs from LiteRT, names the first op that differs, survives LiteRT's refusals."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minilite import oracle
from minilite.cli.tolerances import stated_tolerances
from minilite.errors import InputError, UnsupportedError
from minilite.graph import load
from minilite.interpreter import evaluate as interpret
from minilite.program import bind
from tests.conftest import MODELS_FOLDER
from tests.graph.build import quantization, with_tensor

from .models import DIGITS, dense, document, invoke, saved, with_op

MODEL = DIGITS / "digits_int8.tflite"
CONVERTED = DIGITS.parents[1] / "tests" / "converted"


@pytest.fixture
def litert() -> None:
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")


@pytest.fixture
def disturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteRT seems to compute another last element of two tensors of the digits model, in every run."""
    true = oracle.evaluate

    def evaluate(*arguments: Any) -> dict[int, Any]:
        values = true(*arguments)
        for index, step in ((17, 3), (24, 1)):
            if index in values:
                values[index] = values[index].copy()
                values[index].flat[-1] = max(int(values[index].flat[-1]) - step, -128) + (
                    values[index].flat[-1] == -128
                )
        return values

    monkeypatch.setattr(oracle, "evaluate", evaluate)


@pytest.mark.usefixtures("litert")
@pytest.mark.parametrize("engine", ["numpy", "jit"])
def test_equal(engine: str) -> None:
    if engine == "jit":
        pytest.importorskip("numba", reason="numba is not installed")
    report = document("verify", MODEL, "--seeds", 2, "--seed", 3, "--engine", engine)
    (model,) = report["models"]
    assert report["seeds"] == [3, 4]
    assert model["equal"]
    assert model["runs"] == ["random, seed 3", "random, seed 4"]
    assert (model["elements"], model["differing"]) == (2 * 4980, 0)
    assert [tensor["index"] for tensor in model["tensors"]] == list(range(14, 25))


@pytest.mark.usefixtures("litert")
def test_given_input_instead_of_random_ones() -> None:
    report = document("verify", MODEL, DIGITS / "digit.npy")
    assert report["seeds"] is None
    assert report["models"][0]["runs"] == [str(DIGITS / "digit.npy")]


@pytest.mark.usefixtures("litert", "disturbed")
def test_difference_is_counted_named_and_exits_1() -> None:
    (model,) = document("verify", MODEL, "--seeds", 2, code=1)["models"]
    assert not model["equal"]
    assert model["first_differing_tensor"] == 17
    by_index = {tensor["index"]: tensor for tensor in model["tensors"]}
    assert by_index[17]["differing"] == 2
    assert by_index[24]["differing"] == 2
    assert by_index[17]["first"]["run"] == "random, seed 0"
    assert by_index[17]["first"]["at"] == [0, 7, 7, 15]
    assert sum(tensor["differing"] for tensor in model["tensors"]) == model["differing"] == 4
    text = invoke("verify", MODEL)
    assert text.exit_code == 1
    assert "first difference: ADD (node 3), tensor 17 at [0, 7, 7, 15]" in text.stdout
    assert "different: 2 of 4,980 elements differ" in text.stdout


@pytest.mark.usefixtures("litert", "disturbed")
def test_of_several_models_those_that_differ(tmp_path: Path) -> None:
    other = saved(dense(), tmp_path, "other.tflite")
    result = invoke("verify", MODEL, other)
    assert result.exit_code == 1
    assert "1 of 2 models equal" in result.stdout
    assert "FULLY_CONNECTED" not in result.stdout


@pytest.mark.usefixtures("litert")
def test_one_failure_does_not_stop_the_others(tmp_path: Path) -> None:
    unknown, fine = saved(with_op(dense(), "Mystery"), tmp_path, "unknown.tflite"), saved(dense(), tmp_path)
    report = invoke("verify", unknown, fine)
    assert report.exit_code == 2
    assert report.stderr.startswith(f"minilite: error: {unknown}: not implemented: Mystery (first at node 0); ")
    assert report.stderr.count("\n") == 1
    assert "1 of 2 models equal" in report.stdout
    models = document("verify", unknown, fine, code=2)["models"]
    assert [model["error"] is None for model in models] == [False, True]


@pytest.mark.usefixtures("litert")
def test_model_without_the_usual_name(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(saved(dense(), tmp_path).read_bytes())
    assert len(document("verify", path, saved(dense(), tmp_path))["models"]) == 2


@pytest.mark.usefixtures("litert")
def test_bias_dimension_that_litert_refuses(tmp_path: Path) -> None:
    graph = dense()
    wrong = with_tensor(graph, 0, parameters=quantization(0.5, 3, axis=1), shape=(4,))
    path = saved(wrong, tmp_path)
    assert bind(load(path), kernels="xnnpack").steps[0].prepared.kernel_set == "xnnpack"
    for kernels in ("reference", "xnnpack"):
        model = document("verify", path, "--kernels", kernels)["models"][0]
        assert model["equal"]
        assert "quantized_dimension 0 on 1 tensors of rank 1" in model["repair"]


@pytest.mark.usefixtures("litert")
def test_person_detect() -> None:
    path = MODELS_FOLDER / "tflite_micro" / "person_detect.tflite"
    if not path.exists():
        pytest.skip("the real models (../shared/models) are not here")
    model = document("verify", path)["models"][0]
    assert model["differing"] == 0
    assert "LiteRT refuses the file as it is" in model["repair"]


def test_other_refusals_are_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> dict[int, Any]:
        raise InputError("LiteRT refuses the model: it is Monday")

    monkeypatch.setattr(oracle, "version", lambda: oracle.VERIFIED_VERSION)
    monkeypatch.setattr(oracle, "evaluate", refuse)
    result = invoke("verify", MODEL)
    assert result.exit_code == 2
    assert result.stderr == f"minilite: error: {MODEL}: LiteRT refuses the model: it is Monday\n"


def test_another_type_or_shape_is_a_difference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(oracle, "version", lambda: oracle.VERIFIED_VERSION)
    monkeypatch.setattr(oracle, "evaluate", lambda *_: {2: np.zeros((3, 1), np.int8)})
    path = saved(dense(), tmp_path)
    assert document("verify", path, code=1)["models"][0]["tensors"][0]["mismatch"].endswith("int8 [3, 1] there")
    text = invoke("verify", path).stdout
    assert "FULLY_CONNECTED (node 0), tensor 2 is int8 [1, 3] here, int8 [3, 1] there" in text
    assert "different: 3 of 3 elements differ" in text


@pytest.mark.parametrize(
    ("kernels", "factor", "verdict"),
    [
        ("optimized", 1, "equal"),
        ("optimized", 1 + 1e-6, "within tolerance"),
        ("optimized", 1 + 1e-4, "different"),
        ("optimized", np.nan, "different"),
        ("reference", 1 + 1e-6, "different"),  # whose SOFTMAX has no tolerance
    ],
)
def test_floats_may_differ_by_what_the_support_table_states(
    monkeypatch: pytest.MonkeyPatch, kernels: str, factor: float, verdict: str
) -> None:
    def evaluate(graph: Any, inputs: dict[int, Any], kernels: str) -> dict[int, Any]:
        values = dict(interpret(bind(load(path), kernels=kernels, engine="numpy"), inputs))
        values[24] = values[24] * np.float32(factor)
        return values

    path = DIGITS / "digits_float32.tflite"
    monkeypatch.setattr(oracle, "version", lambda: oracle.VERIFIED_VERSION)
    monkeypatch.setattr(oracle, "evaluate", evaluate)
    text = invoke("verify", path, "--kernels", kernels, "--engine", "numpy")
    assert text.stdout.splitlines()[-2].startswith(f"{verdict}: ")
    assert text.exit_code == (verdict == "different")
    (model,) = document("verify", path, "--kernels", kernels, "--engine", "numpy", code=text.exit_code)["models"]
    assert model["within"] is (verdict != "different")
    assert model["equal"] is (verdict == "equal")
    assert (model["tensors"][-1]["tolerance"] is None) is (kernels == "reference")


def test_steps_that_run_subgraphs_have_the_tolerance_of_their_ops() -> None:
    graph = load(CONVERTED / "gru_float32.tflite")
    for kernels, stated in (("xnnpack", 1e-6), ("reference", None)):
        program = bind(graph, kernels=kernels, engine="numpy")
        interpret(program, {0: np.zeros((1, 9, 20), np.float32)})
        assert program.steps[1].node.op == "WHILE"
        assert stated_tolerances(program, kernels).get(1) == stated


def test_another_version_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(oracle, "version", lambda: "9.9")
    monkeypatch.setattr(oracle, "evaluate", lambda *_: {2: np.zeros((1, 3), np.int8)})
    warning = f"minilite: warning: this is LiteRT 9.9; minilite follows {oracle.VERIFIED_VERSION}"
    assert invoke("verify", saved(dense(), tmp_path)).stderr.startswith(warning)


def test_without_litert(monkeypatch: pytest.MonkeyPatch) -> None:
    def version() -> str:
        raise UnsupportedError("LiteRT is not installed; install it with: pip install 'minilite-tflite[litert]'")

    monkeypatch.setattr(oracle, "version", version)
    result = invoke("verify", MODEL)
    assert result.exit_code == 2
    assert result.stderr.startswith("minilite: error: LiteRT is not installed; install it with: pip install")
    assert result.stderr.count("\n") == 1

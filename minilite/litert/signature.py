"""SignatureRunner: inputs and outputs by the names of a signature."""

from typing import Any

import numpy as np

from minilite.errors import InputError
from minilite.graph import Signature

from .details import Details, tensor_details
from .memory import Array, Memory


class SignatureRunner:
    """Calls one signature of a model; made by `Interpreter.get_signature_runner`, never by its constructor."""

    def __init__(self, signature: Signature, memory: Memory, merge_zero_points: bool = False) -> None:
        self._memory = memory
        self._merge_zero_points = merge_zero_points
        self._inputs = dict(sorted(signature.inputs.items()))
        self._outputs = dict(sorted(signature.outputs.items()))

    def __call__(self, **inputs: Any) -> dict[str, Array]:
        """The outputs by name, as copies. The model is resized to the shapes of `inputs`.

        Raises InputError for a wrong count, name or type, RuntimeErrors as `Interpreter.allocate_tensors` does.
        """
        names = ", ".join(self._inputs)
        if len(inputs) != len(self._inputs):
            raise InputError(f"{len(inputs)} inputs given, expected {len(self._inputs)}: {names}")
        for name in inputs:
            if name not in self._inputs:
                raise InputError(f"no input is called {name!r}; the signature has {names}")
        arrays = {self._inputs[name]: np.asarray(value) for name, value in inputs.items()}
        for index, array in arrays.items():
            self._memory.resize(index, array.shape, strict=False)
        self._memory.allocate()
        for index, array in arrays.items():
            self._memory.write(index, array)
        self._memory.run()
        return {name: self._memory.live(index).copy() for name, index in self._outputs.items()}

    def get_input_details(self) -> dict[str, Details]:
        """Details of each input by name, as `Interpreter.get_input_details`."""
        return self._details(self._inputs)

    def get_output_details(self) -> dict[str, Details]:
        """Details of each output by name, as `Interpreter.get_input_details`."""
        return self._details(self._outputs)

    def _details(self, named: dict[str, int]) -> dict[str, Details]:
        memory = self._memory
        return {
            name: tensor_details(memory.tensor(index), memory.shape(index), self._merge_zero_points)
            for name, index in named.items()
        }

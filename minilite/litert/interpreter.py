"""Interpreter: the class of the same name in `ai_edge_litert.interpreter`, on minilite's programs."""

import importlib.util
import os
from collections.abc import Callable, Sequence
from operator import index as as_index
from typing import Any

import numpy as np

from minilite.errors import InputError, StateError, UnsupportedError
from minilite.graph import Graph, Signature, Subgraph, load
from minilite.ops.state import State
from minilite.program import Kernels, bind

from .details import Details, node_details, tensor_details
from .memory import Array, Memory, Settings
from .resolver import OpResolverType, kernel_set
from .signature import SignatureRunner
from .views import Views


class Interpreter:
    """Runs a model with the interface of LiteRT's Interpreter.

    `experimental_op_resolver_type=None`, the default, means the reference kernels (BUILTIN_REF), unlike in LiteRT,
    whose default is what XNNPACK computes. A given type, by value or name, chooses the kernel set it names, no other.

    model_path, model_content: the file or its bytes, exactly one of them.
    kernels: a kernel set, or a mapping from op codes to sets, as in `bind`; instead of a resolver type.
    engine: "jit", "numpy" or "auto"; None means "jit" where numba is installed, else "numpy". No engine changes a bit.
    experimental_preserve_all_tensors: keep intermediates of a run for `get_tensor`; without it they are not readable.
    experimental_compress_quantization_zero_points: details give one zero point where all channels have the same.
    num_threads: how many threads share the work of compiled loops, as many as there are CPUs at most; None means 1.
    The remaining options are accepted and change nothing. Delegates are refused with UnsupportedError.

    Not there: `Delegate`, `load_delegate` and `InterpreterWithCustomOps` of the official module (for an op of one's own
    see `minilite.bind`), the private methods but `_get_ops_details`.

    Everything that is wrong raises a class of `minilite.errors` that is also the class LiteRT raises.
    """

    def __init__(
        self,
        model_path: str | os.PathLike[str] | None = None,
        model_content: bytes | None = None,
        experimental_delegates: Sequence[Any] | None = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: OpResolverType | str | int | None = None,
        experimental_preserve_all_tensors: bool = False,
        experimental_disable_delegate_clustering: bool = False,
        experimental_default_delegate_latest_features: bool = False,
        experimental_compress_quantization_zero_points: bool = False,
        experimental_disable_delegate_node_fusion: bool = False,
        experimental_force_delegate_node_profiling: bool = False,
        *,
        kernels: Kernels | None = None,
        engine: str | None = None,
    ) -> None:
        _check_threads(num_threads)
        if experimental_delegates or experimental_default_delegate_latest_features:
            raise UnsupportedError("delegates cannot be used: minilite runs every node itself")
        if kernels is not None and experimental_op_resolver_type is not None:
            raise InputError("give kernels or experimental_op_resolver_type, not both")
        chosen = kernel_set(experimental_op_resolver_type) if kernels is None else kernels
        engine = engine or ("jit" if importlib.util.find_spec("numba") else "numpy")
        bind(Graph((Subgraph(0, "", (), (), (), ()),)), kernels=chosen, engine=engine)  # refuses wrong settings now
        self._graph = _load(model_path, model_content)
        self._state = State()
        keep_all = experimental_preserve_all_tensors
        settings = Settings(self._graph, chosen, engine, keep_all, self._state, num_threads or 1)
        self._memories = [Memory(settings, i) for i in range(len(self._graph.subgraphs))]
        self._merge_zero_points = experimental_compress_quantization_zero_points
        self._views = Views()

    @property
    def experimental_compress_quantization_zero_points(self) -> bool:
        """The constructor's argument."""
        return self._merge_zero_points

    def allocate_tensors(self) -> None:
        """Prepare the model for the input shapes; needed before `invoke` and after `resize_tensor_input`.

        Raises ModelRunError or InputRunError (both RuntimeErrors) when a node cannot take its shapes, UnsupportedError
        when an operator is not implemented, StateError while a view from `tensor` is held.
        """
        self._require_no_views("allocate_tensors")
        self._memories[0].allocate()

    def invoke(self) -> None:
        """Run the model on its inputs. Raises StateError before `allocate_tensors` or while a view is held."""
        self._require_no_views("invoke")
        self._memories[0].run()

    def resize_tensor_input(self, input_index: int, tensor_size: Sequence[int], strict: bool = False) -> None:
        """Ask for another input shape; call `allocate_tensors` next. With `strict` only dimensions of -1 may change.

        Raises InputRunError (a RuntimeError) for a shape the tensor cannot take, InputError for what is no shape.
        """
        self._require_no_views("resize_tensor_input")
        shape = np.array(tensor_size, np.int32)
        if shape.ndim != 1:
            raise InputError(f"tensor_size is {tensor_size!r}, expected a list of lengths")
        self._memories[0].resize(as_index(input_index), tuple(shape.tolist()), strict)

    def set_tensor(self, tensor_index: int, value: Any) -> None:
        """Copy an array into an input or a variable.

        Raises InputError for another type, shape or tensor, NoValueError (also a ValueError) before `allocate_tensors`.
        """
        self._memories[0].write(as_index(tensor_index), value)

    def get_tensor(self, tensor_index: int, subgraph_index: int = 0) -> Any:
        """A copy of a tensor's value; of a tensor without dimensions, a NumPy scalar.

        Inputs, outputs, variables and constants are readable, intermediates with experimental_preserve_all_tensors; so
        are tensors of a subgraph that nodes call, as its last run had them. (LiteRT has other values in the inputs of a
        WHILE body: it copies the results there when the loop ends.)
        Raises NoValueError (also a ValueError) for any other, never returns a wrong value.
        """
        value = self._memory(subgraph_index).live(as_index(tensor_index)).copy()
        return value if value.ndim else value[()]

    def tensor(self, tensor_index: int) -> Callable[[], Array]:
        """A function that returns a view on a tensor's current value; writing into an input's view sets the input.

        The function may be kept, a view may not: while one exists, `invoke`, `allocate_tensors` and
        `resize_tensor_input` raise StateError, a RuntimeError. Views of constants are read-only.
        """
        return lambda: self._views.view(self._memories[0].live(as_index(tensor_index)))

    def reset_all_variables(self) -> None:
        """Set all variables back to zero."""
        self._state.reset()

    def num_subgraphs(self) -> int:
        """How many subgraphs the model has."""
        return len(self._memories)

    def get_input_details(self) -> list[Details]:
        """Details of each input, in order.

        Keys: name, index, shape (int32 array: as prepared, after a run as computed), shape_signature (-1 for a free
        dimension), dtype (NumPy class), quantization (scale, zero point; (0.0, 0) unless there is one of each),
        quantization_parameters (scales, zero_points, quantized_dimension, block_size), sparsity_parameters.
        """
        return [self._get_tensor_details(index, 0) for index in self._graph.main.inputs]

    def get_output_details(self) -> list[Details]:
        """Details of each output, in order, as `get_input_details`."""
        return [self._get_tensor_details(index, 0) for index in self._graph.main.outputs]

    def get_tensor_details(self, subgraph_index: int = 0) -> list[Details]:
        """Details of each tensor of a subgraph whose elements have a NumPy type, as `get_input_details`."""
        details = []
        for tensor in self._memory(subgraph_index).subgraph.tensors:
            try:
                details.append(self._get_tensor_details(tensor.index, subgraph_index))
            except InputError:
                continue
        return details

    def get_signature_list(self) -> dict[str, dict[str, list[str]]]:
        """Names of inputs and outputs, sorted, of each signature: {"key": {"inputs": [...], "outputs": [...]}}."""
        return {
            signature.key: {"inputs": sorted(signature.inputs), "outputs": sorted(signature.outputs)}
            for signature in self._graph.signatures
        }

    def get_signature_runner(self, signature_key: str | None = None) -> SignatureRunner:
        """A callable for one signature; None where the model has just one. Raises InputError for an unknown key."""
        signature = self._signature(signature_key)
        return SignatureRunner(signature, self._memories[signature.subgraph], self._merge_zero_points)

    def _signature(self, key: str | None) -> Signature:
        signatures = {signature.key: signature for signature in self._graph.signatures}
        names = ", ".join(map(repr, signatures)) or "none"
        if key is None:
            if len(signatures) != 1:
                raise InputError(f"the model has {len(signatures)} signatures, give the key of one: {names}")
            return next(iter(signatures.values()))
        if key not in signatures:
            raise InputError(f"no signature is called {key!r}; the model has {names}")
        return signatures[key]

    def _memory(self, subgraph_index: int) -> Memory:
        if not 0 <= as_index(subgraph_index) < len(self._memories):
            raise InputError(f"subgraph index {subgraph_index} is out of range, the model has {len(self._memories)}")
        return self._memories[subgraph_index]

    def _get_tensor_details(self, tensor_index: int, subgraph_index: int) -> Details:
        memory = self._memory(subgraph_index)
        tensor = memory.tensor(tensor_index)
        return tensor_details(tensor, memory.shape(tensor_index), self._merge_zero_points)

    def _get_ops_details(self) -> list[Details]:
        """Each node: index, op_name, inputs, outputs, operand_types, result_types. Scripts use it despite its name."""
        return [node_details(node, self._graph.main) for node in self._graph.main.nodes]

    def _require_no_views(self, call: str) -> None:
        if self._views.held:
            raise StateError(
                f"{call}() while an array returned by tensor()() is held; keep only the function tensor() returns"
            )


def _check_threads(num_threads: int | None) -> None:
    if num_threads is not None and (not isinstance(num_threads, int) or num_threads < 1):
        raise InputError(f"num_threads is {num_threads!r}, expected an int of at least 1")


def _load(path: str | os.PathLike[str] | None, content: bytes | None) -> Graph:
    if path and content:
        raise InputError("model_path and model_content are both given, expected one of them")
    if path:
        return load(os.fsdecode(path))
    if not content:
        raise InputError("no model: give model_path or model_content")
    return load(memoryview(content))

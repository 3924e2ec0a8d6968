"""minilite: the glass-box twin of the TFLite / LiteRT interpreter.

Reads any `.tflite` file, runs it bit for bit like the official kernels, and shows why every number is what it is.
The names below are loaded when they are first used, so that importing minilite costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .budget import ErrorBudget, error_budget
    from .errors import InputError, MiniliteError, ModelError, StateError, UnsupportedError
    from .explanation import explain
    from .graph import Graph, load
    from .interpreter import execute, run, to_inputs
    from .litert import Interpreter, OpResolverType
    from .ops import OPS
    from .program import Program, bind
    from .tracing import Trace, load_trace, save_trace, trace

__version__ = "0.1.0"
__all__ = [
    "OPS",
    "ErrorBudget",
    "Graph",
    "InputError",
    "Interpreter",
    "MiniliteError",
    "ModelError",
    "OpResolverType",
    "Program",
    "StateError",
    "Trace",
    "UnsupportedError",
    "bind",
    "error_budget",
    "execute",
    "explain",
    "load",
    "load_trace",
    "run",
    "save_trace",
    "to_inputs",
    "trace",
]
_MODULES = {
    "budget": ("ErrorBudget", "error_budget"),
    "errors": ("InputError", "MiniliteError", "ModelError", "StateError", "UnsupportedError"),
    "explanation": ("explain",),
    "graph": ("Graph", "load"),
    "interpreter": ("execute", "run", "to_inputs"),
    "litert": ("Interpreter", "OpResolverType"),
    "ops": ("OPS",),
    "program": ("Program", "bind"),
    "tracing": ("Trace", "load_trace", "save_trace", "trace"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
